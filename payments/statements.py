"""A seller's papers: a statement per month, the invoice for its commission, income per year."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet, Sum

from accounts.models import Person
from payments import ledger
from payments.documents import Cents, Paper
from payments.models import Posting
from payments.payouts import CURRENCY

COMMISSION, RELEASE, GIVEN_BACK = ":commission", ":release", ":seller"


class NoSuchPeriod(ValueError):
    """Not a month or year that can be reported on."""


def month_of(text: str) -> tuple[datetime, datetime]:
    """The begin and end of a month written as 2026-11. Raises NoSuchPeriod."""
    try:
        year, month = (int(part) for part in text.split("-"))
        begin = datetime(year, month, 1, tzinfo=UTC)
    except ValueError:
        raise NoSuchPeriod(text) from None
    return begin, datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)


def months(person: Person) -> list[str]:
    """The months in which something moved for a seller, the newest first."""
    found = _own(person).dates("at", "month", order="DESC")
    return [month.strftime("%Y-%m") for month in found]


def _accounts(person: Person) -> list[str]:
    """What is theirs with us: on the way to their account at the processor, and in it."""
    names = (ledger.owed_to_seller, ledger.at_processor)
    return [name(one) for one in person.selves for name in names]


def _own(person: Person) -> QuerySet[Posting]:
    """Postings that changed what a seller has with us; moves between the two accounts do not."""
    theirs = _accounts(person)
    came = Q(destination__in=theirs) & ~Q(source__in=theirs)
    went = Q(source__in=theirs) & ~Q(destination__in=theirs)
    return Posting.objects.filter(came | went, currency=CURRENCY)


def _balance(person: Person, before: datetime) -> int:
    theirs = _accounts(person)
    sums = (
        _own(person)
        .filter(at__lt=before)
        .aggregate(
            came=Sum("amount_cents", filter=Q(destination__in=theirs), default=0),
            went=Sum("amount_cents", filter=Q(source__in=theirs), default=0),
        )
    )
    return int(sums["came"] - sums["went"])


def statement(person: Person, month: str) -> Paper:
    """All that came and went in a month, from balance to balance."""
    begin, end = month_of(month)
    opening = _balance(person, begin)
    rows = list(_lines(person, begin, end, opening))
    closing = rows[-1][-1].cents if rows else opening
    return Paper(
        title=f"Statement for {begin:%B %Y}",
        number=f"statement-{month}-{person.pk}",
        facts=[("Seller", person.public_name), ("E-mail", person.email), *_balances(opening)],
        columns=("Date", "What", "Order", "Price", "Commission", "Amount", "Balance"),
        rows=rows,
        totals=[("Balance at the end", Cents(closing))],
        currency=CURRENCY,
        notes=["Times are UTC. The balance is what was released to you and not paid out."],
    )


def _balances(opening: int) -> list[tuple[str, str]]:
    return [("Balance at the beginning", f"{Cents(opening)} {CURRENCY}")]


def _lines(person: Person, begin: datetime, end: datetime, balance: int) -> Iterator[list[Any]]:
    theirs = _accounts(person)
    found = _own(person).filter(at__gte=begin, at__lt=end).select_related("escrow")
    postings = list(found.order_by("at", "id"))
    commissions = _commissions(postings)
    for posting in postings:
        cents = posting.amount_cents * (1 if posting.destination in theirs else -1)
        balance += cents
        sale = _is_sale(posting)
        commission = commissions.get(posting.key, 0) if sale else 0
        yield [
            posting.at,
            _what(posting, cents),
            posting.escrow.reference if posting.escrow else "",
            Cents(cents + commission) if sale else "",
            Cents(-commission) if sale else "",
            Cents(cents),
            Cents(balance),
        ]


def _is_sale(posting: Posting) -> bool:
    return posting.source.startswith("escrow:") and RELEASE in posting.key


def _commissions(postings: Sequence[Posting]) -> dict[str, int]:
    """What was kept of each release, by its key; one released in parts has several of both."""
    keys = {p.key.replace(RELEASE, COMMISSION): p.key for p in postings if _is_sale(p)}
    rows = Posting.objects.filter(key__in=keys).values_list("key", "amount_cents")
    return {keys[key]: cents for key, cents in rows}


def _what(posting: Posting, cents: int) -> str:
    other = posting.source if cents > 0 else posting.destination
    if other.startswith("bank:"):
        return "Payout that came back" if cents > 0 else "Payout"
    if other.startswith("escrow:"):
        return "Sale released"
    return "Correction in your favour" if cents > 0 else "Taken back for a refund or dispute"


def commission_invoice(person: Person, month: str) -> Paper:
    """What the platform charges a seller for the sales of a month."""
    begin, end = month_of(month)
    rows = _commission_postings(person, begin, end)
    released = _released(rows)
    total = sum(_kept(posting) for posting in rows)
    return Paper(
        title=f"Invoice for commission, {begin:%B %Y}",
        number=f"commission-{month}-{person.pk}",
        facts=[
            ("From", settings.SITE_ORIGIN),
            ("To", person.public_name),
            ("E-mail", person.email),
            ("Paid", "deducted from the sales below"),
        ],
        columns=("Date", "Order", "Price released", "Commission"),
        rows=[
            [p.at, p.escrow.reference, Cents(released[p.key]), Cents(_kept(p))]
            for p in rows
            if p.escrow
        ],
        totals=[("Commission", Cents(total))],
        currency=CURRENCY,
        notes=["Nothing is left to pay. Taxes, if any, are stated by the operator of this site."],
    )


def _kept(posting: Posting) -> int:
    """What a posting leaves us as commission; less than nothing where it goes back to a buyer."""
    return posting.amount_cents * (1 if posting.destination == ledger.COMMISSION else -1)


def _released(commissions: Sequence[Posting]) -> dict[str, int]:
    """The share of the price that each commission was kept of, or given back with: itself, and
    what was released or taken back.
    """
    keys = {
        p.key: p.key.replace(COMMISSION, RELEASE if _kept(p) > 0 else GIVEN_BACK)
        for p in commissions
    }
    rows = dict(Posting.objects.filter(key__in=keys.values()).values_list("key", "amount_cents"))
    others = {key: rows.get(other, 0) for key, other in keys.items()}
    return {p.key: _kept(p) + others[p.key] * (1 if _kept(p) > 0 else -1) for p in commissions}


def _commission_postings(person: Person, begin: datetime, end: datetime) -> list[Posting]:
    rows = Posting.objects.filter(
        Q(destination=ledger.COMMISSION)
        | Q(source=ledger.COMMISSION, destination__startswith="buyer:"),
        escrow__seller__in=person.selves,
        currency=CURRENCY,
        at__gte=begin,
        at__lt=end,
    )
    return list(rows.select_related("escrow").order_by("at", "id"))


def income(person: Person, year: int) -> Paper:
    """What a seller earned in a year, month by month: gross, commission, net, payouts."""
    if not 2000 <= year <= date.max.year - 1:
        raise NoSuchPeriod(str(year))
    rows, sums = [], [0, 0, 0, 0]
    for month in range(1, 13):
        begin, end = month_of(f"{year}-{month}")
        found = _income(person, begin, end)
        if any(found):
            rows.append([f"{begin:%Y-%m}", *(Cents(cents) for cents in found)])
            sums = [total + cents for total, cents in zip(sums, found, strict=True)]
    names = ("Gross income", "Commission", "Net income", "Paid out")
    return Paper(
        title=f"Income from sales in {year}",
        number=f"income-{year}-{person.pk}",
        facts=[("Seller", person.public_name), ("E-mail", person.email)],
        columns=("Month", *names),
        rows=rows,
        totals=[(name, Cents(total)) for name, total in zip(names, sums, strict=True)],
        currency=CURRENCY,
        notes=["By the date of release, in UTC. What was taken back is deducted from the net."],
    )


def _income(person: Person, begin: datetime, end: datetime) -> tuple[int, int, int, int]:
    theirs, banks = _accounts(person), [ledger.bank(one) for one in person.selves]
    postings = _own(person).filter(at__gte=begin, at__lt=end)
    sums = postings.aggregate(
        came=Sum(
            "amount_cents", filter=Q(destination__in=theirs) & ~Q(source__in=banks), default=0
        ),
        went=Sum(
            "amount_cents", filter=Q(source__in=theirs) & ~Q(destination__in=banks), default=0
        ),
        out=Sum("amount_cents", filter=Q(destination__in=banks), default=0),
        back=Sum("amount_cents", filter=Q(source__in=banks), default=0),
    )
    commission = sum(_kept(p) for p in _commission_postings(person, begin, end))
    net = sums["came"] - sums["went"]
    return net + commission, -commission, net, sums["out"] - sums["back"]
