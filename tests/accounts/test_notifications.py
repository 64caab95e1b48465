"""Every notice that is ever sent, with what really comes with it, in the inbox and by mail."""

import ast
import re
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import mail
from django.core.cache import cache
from django.db import transaction
from django.db.models.functions import Now
from django.http import QueryDict
from django.test import Client, override_settings
from django.utils import timezone

from accounts import notifications, restrictions
from accounts import proposals as agreeing
from accounts.models import Notification, Person
from accounts.notifications import notify
from accounts.proposals import Terms
from listings import alerts, consents, expiry, permission, prices, questions, saved, vault
from listings.models import Code, Listing, earliest_expiry
from marketplace.console import alarms
from marketplace.console.figures import Figure
from marketplace.local.environment import ROOT
from orders import (
    baskets,
    cancellation,
    code_opening,
    completion,
    conversation,
    disputes,
    follow,
    handing_in,
    proposals,
    ratings,
    transfer,
)
from orders.models import Verdict
from orders.verification import lending, watching
from orders.verification.models import Watch
from payments import chargebacks, give_backs, payouts, suspicions
from payments.models import Incident, Instruction
from payments.processor.interface import CardDispute, Warned
from providers.policy import change_policy
from tests.architecture.source import modules
from tests.factories import (
    PASSWORD,
    a_document,
    a_listing,
    a_moderator,
    a_person,
    a_provider,
    a_seller,
)
from tests.orders.quarrels import WORDS, a_disputed_order, an_answered_order, decide, now
from tests.orders.stages import CODES, an_order
from tests.orders.test_baskets import DECLINED, a_basket, give_card
from tests.orders.test_evidence import a_picture, hand_in
from tests.orders.test_weighing import a_documented_order, conclude
from tests.sandbox_process import SandboxProcess
from tests.trade import an_offer, settle
from tests.verification.measured import LADDERS, Measured

LAYOUTS = {"notification"}
TEXTS = {path.stem for path in (ROOT / "templates" / "emails").glob("*.txt")} - LAYOUTS
TELLING = {"tell", "notify", "_tell", "_tell_part", "announce", "_notice"}


def kinds_in_the_code() -> set[str]:
    """The kinds that calls of the telling functions name, as plain words."""
    found = set()
    for module in modules():
        if module.name.split(".")[0] in ("tests", "bench"):
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in TELLING:
                given = [*node.args, *(word.value for word in node.keywords if word.arg == "kind")]
                words = {str(arg.value) for arg in given if isinstance(arg, ast.Constant)}
                found |= {word for word in words if re.fullmatch(r"[a-z]+(_[a-z]+)+", word)}
    return found


def everything_happens(buyer: Person, sandbox: SandboxProcess) -> None:
    """One trade of each fate, one listing of each, a payout that arrives and then fails."""
    for stage in (
        "confirmed",
        "declined",
        "not delivered",
        "lapsed",
        "decided for the seller",
        "decided for the buyer",
    ):
        order = an_order(buyer=buyer, listing=an_offer(), stage=stage, recipient="bea@example.com")
    for stage in ("transferred", "not delivered"):
        codes = (f"FIRST-{stage}", f"SECOND-{stage}")
        an_order(buyer=buyer, listing=an_offer(codes=codes), stage=stage)
    basket = a_basket(buyer, [a_listing(seller=a_seller()) for _ in range(2)])
    give_card(basket, DECLINED)
    baskets.returned(basket)
    order = an_order(buyer=buyer, listing=an_offer(), stage="paid")
    transfer.name_recipient(order, actor=buyer, recipient="bea@example.com")
    lost = CardDispute("du_1", order.escrow.charge_id, order.price_cents, outcome="lost")
    chargebacks.record(lost)
    follow.follow(order)
    order = an_order(buyer=buyer, listing=an_offer(), stage="transferred")
    suspicions.record(Warned("issfr_1", "fraud_warning", order.escrow.charge_id, is_open=True))
    cancellation.give_back_suspected(order)
    for status in ("rejected", "removed"):
        a_listing(status=status)
    expiring = a_listing()
    Listing.objects.filter(pk=expiring.pk).update(expires_on=timezone.now() - timedelta(days=1))
    expiry.expire_due()
    Listing.objects.filter(pk=a_listing().pk).update(expires_on=earliest_expiry())
    expiry.remind_due()
    saved.save(buyer, QueryDict("max_price_cents=30000"))
    _forbidden(buyer)
    _stopped(buyer)
    watched = a_listing(seller=a_seller())
    alerts.watch(buyer, watched)
    prices.reprice(watched, actor=watched.seller, discount_bp=5000)
    alerts.tell_due()
    asked = questions.ask(watched, actor=buyer, text="Does it cover H100s?")
    questions.answer(asked, actor=watched.seller, text="Yes, all of them.")
    for _ in range(2):
        Client().post("/accounts/login/", {"login": buyer.email, "password": PASSWORD})
    _measured(sandbox)
    _paid_out(Notification.objects.filter(kind="order_completed_seller")[0].person, sandbox)
    _said(buyer)
    _in_parts(buyer)
    _taken_back(sandbox)


def _stopped(buyer: Person) -> None:
    """A moderator stops each kind of thing, and allows it again."""
    for kind in ("payouts", "selling", "buying"):
        terms: dict[str, Any] = {"actor": a_moderator(), "kind": kind, "reason": "Stolen cards."}
        day = timezone.now().date() if kind == "payouts" else None
        restrictions.restrict(buyer, until=day, **terms)
        restrictions.lift(buyer, **terms)


def _forbidden(buyer: Person) -> None:
    """New terms pause an offer that somebody watches; one consent does not do, another does."""
    paused, moderator = a_listing(provider=a_provider("stricter")), a_moderator()
    alerts.watch(buyer, paused)
    terms = {"policy": "unknown", "clause": "Ask.", "source": "", "reason": "New terms."}
    change_policy(provider=paused.provider, actor=moderator, **terms)
    permission.pause_due()
    paused.refresh_from_db()
    for decide_on in (consents.refuse, consents.accept):
        consents.attach(paused, actor=paused.seller, upload=a_document())
        decide_on(paused, actor=moderator, reason="I read it.")


def _taken_back(sandbox: SandboxProcess) -> None:
    """Credit that had arrived, and is gone after the release."""
    cache.clear()  # the provider rests after its failures
    gone = Measured(sandbox, "openrouter")
    gone.holds(granted=20)
    lending.lend(gone.order, actor=gone.buyer, key=gone.key, watch=True)
    gone.tick(2).holds(granted=70)
    gone.send().tick(2)
    completion.complete_verified(gone.order)
    gone.holds(granted=20)
    for _ in range(2):
        Watch.objects.filter(order=gone.order).update(next_at=Now())
        watching.take_due()
    case, reason = Incident.objects.get(escrow=gone.order.escrow), "It is gone."
    row = give_backs.begin(case, actor=a_moderator(), reason=reason, refund_cents=10_00)
    give_backs.finish(row.pk)


def _in_parts(buyer: Person) -> None:
    order = an_order(buyer=buyer, listing=an_offer(), stage="paid")
    with override_settings(PARTS_FROM_CENTS=order.face_value_cents):
        transfer.send(order, actor=order.seller, note="", part_cents=20_00)
    completion.confirm(order, actor=buyer)


def _said(buyer: Person) -> None:
    """What two say to each other, and of each other; a quarrel, and a quarrel with an appeal."""
    order = a_disputed_order(buyer)
    seller = order.seller
    conversation.write(order, actor=buyer, text="Where is the rest of it?")
    seen = {"picture": a_picture(), "nonce": handing_in.new_nonce(order, buyer)}
    conversation.write(order, actor=buyer, text="This is all I see.", **seen)
    hand_in(order, buyer)
    disputes.answer(order, actor=seller, text=WORDS)
    for refund_cents, step in ((5_00, proposals.refuse), (6_00, proposals.accept)):
        proposed = proposals.propose(order, actor=seller, refund_cents=refund_cents)
        step(order, actor=buyer, proposal_id=proposed.pk)
    a_person(is_staff=True, role="admin")
    alarms.tell([Figure("Disputes of trades paid", "rate", 900, 100)])
    _code_read(vault.of(a_disputed_order(buyer, codes=CODES).pk)[0])
    for person in (buyer, seller):
        ratings.rate(order, actor=person, stars=4, text="")
    compared = a_documented_order(buyer)
    conclude(compared, a_moderator(), Verdict.VERIFIED)
    order = an_answered_order(buyer)
    disputes.escalate(order, actor=buyer)
    decide(order, a_moderator(), disputes.RELEASE)
    disputes.appeal(now(order), actor=buyer, text=WORDS)
    decide(order, a_person(is_staff=True), disputes.RELEASE)


def _code_read(code: Code) -> None:
    """Two of staff agree that one of them reads it."""
    reader, second = a_moderator(), a_person(is_staff=True, role="lead")
    terms = Terms("listings.code.opening", str(code.pk), "", {})
    with transaction.atomic():
        proposed = agreeing.propose(
            terms, actor=reader, subject="code", title="", parties=[], cents=None, reason=WORDS
        )
        agreed = {"agreed": terms.digest, "done": terms.digest}
        agreeing.settle(proposed, actor=second, state="agreed", reason=WORDS, **agreed)
        code_opening.open_code(code, actor=reader, reason=WORDS)
    code_opening.read(code, actor=reader)


def _measured(sandbox: SandboxProcess) -> None:
    """Arrivals of every verdict, one settled for in part, and one whose order ends before."""
    cache.clear()  # or other tests' readings would count
    for slug in LADDERS:
        sandbox.control("DELETE", f"providers/{slug}/faults/")
    part = Measured(sandbox, "openrouter").baseline(granted=20)
    part.holds(granted=45)
    part.send().wait().tick(6)
    for side in (part.buyer, part.order.seller):
        completion.accept_part(part.order, actor=side)
    whole = Measured(sandbox, "openrouter").baseline(granted=20)
    whole.holds(granted=70)
    whole.send().tick(2)
    nothing = Measured(sandbox, "openrouter").baseline(granted=20)
    nothing.fault("status_500", 20)
    nothing.send().tick(10)
    sandbox.control("DELETE", "providers/openrouter/faults/")
    ended = Measured(sandbox)
    ended.lend()
    cancellation.decline(ended.order, actor=ended.order.seller)


def _paid_out(seller: Person, sandbox: SandboxProcess) -> None:
    """Even a payout that was paid may come back."""
    settle()
    payout = payouts.request_payout(seller)
    # Until the processor has the money at hand, it refuses for now and is asked again.
    for _ in range(10):
        Instruction.objects.filter(payout=payout, due_at__isnull=False).update(due_at=Now())
        settle(1)
        payout.refresh_from_db()
        if payout.remote_id:
            break
        sandbox.control("POST", "clock/", {"advance_seconds": 60})
    settle()
    payout.refresh_from_db()
    for outcome in ("paid", "failed"):
        sandbox.control("POST", f"payouts/{payout.remote_id}/", {"outcome": outcome})
        payouts.follow(payout.remote_id)
    payout.refresh_from_db()
    assert payout.failed_at, "it waits for somebody of us"


def html_of(one: mail.EmailMessage) -> str:
    assert isinstance(one, mail.EmailMultiAlternatives)
    return str(one.alternatives[0][0])


def test_every_notice_has_its_words(
    books: None, sandbox: SandboxProcess, buyer: Person, settings: LazySettings
) -> None:
    everything_happens(buyer, sandbox)
    sent = set(Notification.objects.values_list("kind", flat=True))
    assert sent == TEXTS
    # Kinds that are put together of a verdict and a side are seen in what was sent only.
    assert kinds_in_the_code() <= TEXTS
    while notifications.send_due():
        pass
    assert len(mail.outbox) == Notification.objects.count()
    for one in mail.outbox:
        html = html_of(one)
        assert one.subject
        assert "\n" not in one.subject
        assert one.subject[0].isupper() or one.subject[0] == "$"
        assert settings.SITE_ORIGIN in one.body
        assert f'href="{settings.SITE_ORIGIN}/' in html
        for text in (one.subject, one.body, html):
            assert "!" not in text.replace("<!doctype", "").replace("!important", "")
            assert "{{" not in text
            assert "&amp;amp;" not in text
        assert "escrow" not in one.body.lower()
    _nothing_is_missing(settings)


def _nothing_is_missing(settings: LazySettings) -> None:
    templates: Any = deepcopy(settings.TEMPLATES)
    templates[0]["OPTIONS"]["string_if_invalid"] = "MISSING(%s)"
    settings.TEMPLATES = templates
    for notice in Notification.objects.select_related("person"):
        subject, paragraphs = notifications.render(notice)
        text = "\n".join([subject, *paragraphs])
        assert paragraphs, notice.kind
        assert "MISSING" not in text, (notice.kind, text)
        assert not re.search(r"\s[,.]| {2}|by \.|until \.", text), (notice.kind, text)


def a_notice(person: Person, **context: Any) -> Notification:
    said = {"title": "GPU hours", "reason": "In order."} | context
    with transaction.atomic():
        notify(person=person, kind="listing_approved", key=f"k:{context}", url="/", **said)
    return Notification.objects.latest("pk")


@pytest.mark.parametrize(
    "title",
    ["Two\nlines", "Bcc: a@b.c\r\nBcc: victim@example.com", "Tabs\tand\x0bmore", "A & B <b>x</b>"],
)
def test_what_people_wrote_stays_in_its_place(title: str, db: None, buyer: Person) -> None:
    a_notice(buyer, title=title)
    assert notifications.send_due() == 1
    one = mail.outbox[0]
    assert one.subject == "Your listing is live"
    assert one.recipients() == ["buyer@example.com"]
    assert " ".join(title.split()) in " ".join(str(one.body).split())
    assert "<b>x</b>" not in html_of(one)


def test_telling_the_same_twice_is_telling_once(db: None, buyer: Person) -> None:
    a_notice(buyer)
    a_notice(buyer)
    assert Notification.objects.count() == 1
    assert notifications.send_due() == 1
    assert notifications.send_due() == 0
