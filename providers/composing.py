"""Guides out of the catalogue's facts: nothing is said that the provider's file does not say.

What a person wrote stands first; a topic that they left out is filled from the facts, and one of
which nothing is known is named as such.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from providers.guides import TOPICS, Claim, Guide, Part, Question, Source, Table
from providers.models import Provider
from providers.readings import reader_of
from providers.vocabulary import TransferMethod

METHOD_SENTENCES = {
    TransferMethod.REDEEM_CODE: (
        "By redeem code: the seller deposits unused codes here, encrypted; the buyer reveals one "
        "after paying and enters it in an account of their own."
    ),
    TransferMethod.BALANCE_TRANSFER: (
        "By balance transfer: the seller sends the amount from account to account, by the "
        "provider’s own function."
    ),
    TransferMethod.ORG_TRANSFER: (
        "By handing over an organisation with all that it holds, by the provider’s own procedure."
    ),
    TransferMethod.SEAT_INVITE: (
        "By seat: the buyer is invited into the seller’s organisation under their own name, and "
        "spends its balance up to the amount agreed."
    ),
    TransferMethod.ASSISTED: (
        "By the provider itself, which moves the credit as its written consent says."
    ),
}
MISSING = {
    "sign-up": "the steps of signing up",
    "covers": "which of its services the credit covers and which it does not",
    "limits": "its rate limits",
    "data": "how long it keeps what you send and get",
    "expiry": "when its credit ends",
    "bill": "list prices that we would stand by",
    "key": "a call by which a balance could be read",
}


def guide_to(provider: Provider, written: Guide | None) -> Guide:
    """The guide to a provider, which must come with its programmes and prices at hand."""
    sources = _Sources(written.sources if written else ())
    parts = list(written.parts) if written else []
    there = {part.id for part in parts}
    parts += [part for part in _composed(provider, sources) if part.id not in there]
    if unknown := _unknown(provider, {part.id for part in parts}):
        parts.append(unknown)
    guide = written or Guide(
        slug=provider.slug,
        provider=provider.slug,
        title=f"{provider.name} credit: what there is, when it ends, how it moves",
        summary=f"{provider.summary} Who gives credit for it, what that buys, and what is known.",
        checked_on=provider.checked_on,
        parts=(),
        questions=(),
        sources=(),
        is_written=False,
    )
    return replace(
        guide,
        slug=provider.slug,
        questions=guide.questions or tuple(_questions(provider, sources)),
        parts=tuple(sorted(parts, key=lambda part: TOPICS.index(part.id))),
        sources=sources.all,
    )


class _Sources:
    """The numbered list at a guide's end, which grows with what is cited."""

    def __init__(self, written: Iterable[Source]) -> None:
        self._by_url = {source.url: source for source in written}

    def of_facts(self, provider: Provider) -> tuple[Source, ...]:
        """All that the facts on a provider were read from: they were put together across these."""
        return tuple(self.one(url, provider) for url in provider.sources)

    def one(self, url: str, provider: Provider) -> Source:
        """A source by its address, new ones as of the day on which the facts were checked."""
        is_policy = url == provider.policy_source
        day = provider.policy_checked_on if is_policy else provider.checked_on
        found = Source(number=len(self._by_url) + 1, name="", url=url, checked_on=day)
        return self._by_url.setdefault(url, found)

    @property
    def all(self) -> tuple[Source, ...]:
        return tuple(self._by_url.values())


def _composed(provider: Provider, sources: _Sources) -> Iterator[Part]:
    """Every part for which there are facts."""
    cited = sources.of_facts(provider)
    programs = provider.programs.all()
    if programs:
        rows = tuple(
            (one.name, one.amount, one.who or "not stated", one.expiry or "not stated")
            for one in programs
        )
        columns = ("Programme", "What you get", "Who qualifies", "Until")
        table = Table(f"Where {provider.name} credit comes from", columns, rows, cited)
        yield _part("programs", "What you get, and who qualifies", [], table=table)
    if ends := _ends(provider, cited):
        yield _part("expiry", "When it ends", ends)
    yield from _key(provider, sources)
    yield _part("moves", "How the credit moves", _moves(provider, cited))
    yield _resale(provider, sources)
    yield _part("tips", "Tips", [Claim(text, ()) for text in _tips(provider)])


def _part(
    topic: str, title: str, claims: list[Claim], *, table: Table | None = None, intro: str = ""
) -> Part:
    return Part(topic, title, intro, (), table, tuple(claims), ())


def _ends(provider: Provider, cited: tuple[Source, ...]) -> list[Claim]:
    whole = [provider.credit_expiry] if provider.credit_expiry else []
    each = [f"{one.name}: {one.expiry}." for one in provider.programs.all() if one.expiry]
    claims = [Claim(text, cited) for text in (*whole, *each)]
    if each and not whole:
        claims.append(Claim("When bought credit ends was not found.", ()))
    return claims


def _moves(provider: Provider, cited: tuple[Source, ...]) -> list[Claim]:
    methods = [TransferMethod(method) for method in provider.transfer_methods]
    claims = [Claim(METHOD_SENTENCES[method], ()) for method in methods]
    return [*claims, Claim(provider.transfer_notes, cited), Claim(_arrival(provider), ())]


def _arrival(provider: Provider) -> str:
    reader = reader_of(provider.slug)
    if reader is None or reader.rung not in provider.ladder:
        return (
            f"{provider.name} has no call by which a balance could be read safely: you look into "
            "your account and confirm, or open a dispute in time."
        )
    if not reader.may_verify:
        return (
            "You can lend a key that may only read your balance, and what it says is a hint: a "
            "person confirms, because the figures alone do not settle a trade."
        )
    if reader.may_refute:
        return (
            "The arrival is measured: your balance is read before and after with a key that may "
            "only read, and both an arrival and its absence show."
        )
    return (
        "The arrival is measured: your balance is read before and after with a key that may only "
        "read. A rise proves it; a missing rise proves nothing, since you may have spent meanwhile."
    )


def _key(provider: Provider, sources: _Sources) -> Iterator[Part]:
    """How to make a key that can do no more than read the balance, where one can be made."""
    api, reader = provider.balance_api, reader_of(provider.slug)
    if not api or reader is None or reader.rung not in provider.ladder:
        return
    cited = (sources.one(api["docs"], provider),) if api["docs"] else sources.of_facts(provider)
    claims = [
        Claim(api["key_scope"], cited),
        Claim(f"What is read: {reader.method} {api['url']}, the balance in {api['unit']}.", cited),
    ]
    if reader.lag_seconds:
        minutes = -(-reader.lag_seconds // 60)
        claims.append(Claim(f"Its figures can be {minutes} minutes late.", cited))
    if not reader.confirmed:
        words = (
            "The form of the answer is known from public code. Until it is confirmed on a live "
            "account, what it says is a hint and settles nothing."
        )
        claims.append(Claim(words, ()))
    steps = tuple(Claim(step, cited) for step in reader.key_steps)
    intro = "Lent for one order, encrypted, and deleted as soon as the measuring ends."
    part = _part("key", "A key that can only read", claims, intro=intro)
    yield replace(part, steps=steps)


def _resale(provider: Provider, sources: _Sources) -> Part:
    cited = (sources.one(provider.policy_source, provider),) if provider.policy_source else ()
    claims = [Claim(provider.policy_clause, cited), Claim(provider.policy_sentence, ())]
    if provider.policy_overridden:
        claims.append(Claim("This is a moderator’s decision, made from the source named.", ()))
    return _part("resale", f"May {provider.name} credit be sold?", claims)


def _tips(provider: Provider) -> Iterator[str]:
    """What follows from the facts for whoever buys, sells or spends."""
    reader = reader_of(provider.slug)
    if provider.needs_consent:
        yield (
            f"Selling: ask {provider.name} first, in writing, and name the amount and the account "
            "that it goes to. The answer is what a moderator looks at."
        )
    else:
        yield "Selling: say where the credit comes from and when it ends; no consent is needed."
    if reader and reader.rung in provider.ladder:
        yield "Buying: make the reading key before you pay, so that measuring can start at once."
        yield "While it is measured, spend and top up nothing there, if you can."
    if not provider.credit_expiry:
        yield "Buying: ask for the date on which the credit ends, and for proof of it."
    if provider.token_patterns:
        yield "Never put a key into a listing or a message. We know their form and refuse the text."
    if provider.unit_prices.all():
        yield "Work out what an amount makes before you buy it, at list price and at an offer’s."


def _questions(provider: Provider, sources: _Sources) -> Iterator[Question]:
    """What people ask of every provider, answered from the facts."""
    name, cited = provider.name, sources.of_facts(provider)
    policy = (sources.one(provider.policy_source, provider),) if provider.policy_source else ()
    yield Question(
        f"Can I sell {name} credit that I will not use?", Claim(provider.policy_sentence, policy)
    )
    ends = provider.credit_expiry or "We found no rule. Sellers state the date of theirs."
    yield Question(
        f"When does {name} credit end?", Claim(ends, cited if provider.credit_expiry else ())
    )
    granted = [one for one in provider.programs.all() if one.slug != "prepaid"]
    if granted:
        words = "; ".join(f"{one.name}: {one.amount}" for one in granted)
        yield Question(f"Who gives away credit for {name}?", Claim(f"{words}.", cited))
    yield Question(f"How do I know that {name} credit arrived?", Claim(_arrival(provider), ()))
    yield Question(
        f"Where can I buy {name} credit below list price?",
        Claim(
            "Here, when somebody offers it: 30 to 70 % below face value. Your payment is held "
            "until the credit has arrived, and refunded if it does not.",
            (),
        ),
    )


def _unknown(provider: Provider, known: set[str]) -> Part | None:
    """What we looked for and did not find: silence would read as “there is no limit”."""
    if provider.unit_prices.all():
        known = {*known, "bill"}
    missing = [words for topic, words in MISSING.items() if topic not in known]
    if not missing:
        return None
    claims = [Claim(f"{words[0].upper()}{words[1:]}.", ()) for words in missing]
    return _part(
        "unknown",
        "What we have not found",
        claims,
        intro="Ask the provider before you rely on any of these. If you know a source, tell us.",
    )
