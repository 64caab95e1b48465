"""A moderator concludes from what the parties handed in, where no reading says it."""

from collections.abc import Callable

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from accounts.models import AuditEntry, Person
from accounts.refusals import NotAllowed, WrongState
from orders import conversation, weighing
from orders.models import Evidence, EvidenceKind, Order, Verdict, Weighing
from orders.verification import report
from orders.verification.models import Course, Verification
from providers.vocabulary import Rung
from tests.api.calling import Caller
from tests.console.conftest import signed_in as at_desk
from tests.factories import a_person, a_provider
from tests.orders.quarrels import (
    REFUNDED,
    RELEASED,
    a_disputed_order,
    a_sent_order,
    ended,
    make_due,
    now,
)
from tests.orders.test_evidence import hand_in

LADDER = [Rung.IDENTITY_AND_DOCUMENT, Rung.EVIDENCE_UPLOAD, Rung.BUYER_CONFIRMATION]
REASON = "The invoice names the account that the other picture shows."
PAPER = (EvidenceKind.OWNER, EvidenceKind.DOCUMENT)


def a_documented_order(
    buyer: Person, *kinds: str, make: Callable[..., Order] = a_sent_order
) -> Order:
    """An order that was sent, and pictures of whose account it is and of the provider's invoice."""
    order = make(buyer, provider=a_provider("paper", ladder=LADDER))
    for kind in kinds or PAPER:
        hand_in(order, order.seller, kind=kind)
    return now(order)


def conclude(order: Order, moderator: Person, verdict: str) -> Weighing:
    """What a moderator concludes who has read it all."""
    conversation.look(order, actor=moderator, reason="Documents to compare.")
    return weighing.conclude(order, actor=moderator, verdict=verdict, reason=REASON)


def refused(order: Order, moderator: Person, why: type[Exception]) -> None:
    before = (now(order).status, now(order).verdict, now(order).weighed_at)
    with pytest.raises(why):
        conclude(order, moderator, Verdict.VERIFIED)
    order = now(order)
    assert (order.status, order.verdict, order.weighed_at) == before
    assert not Weighing.objects.exists()


def test_it_is_verified_and_released_after_the_cooling_off(
    buyer: Person, moderator: Person
) -> None:
    order = a_documented_order(buyer)
    made = conclude(order, moderator, Verdict.VERIFIED)
    order = now(order)
    assert (order.status, order.verdict, order.rung) == (
        "verified",
        "verified",
        Rung.IDENTITY_AND_DOCUMENT,
    )
    assert order.escrow.status == "held"
    assert set(made.digests) == set(Evidence.objects.values_list("digest", flat=True))
    assert AuditEntry.objects.get(act="documents_verified").actor == moderator
    assert ended(make_due(order)) == RELEASED


def test_a_refutation_opens_a_dispute_that_the_documents_decide(
    buyer: Person, moderator: Person
) -> None:
    order = a_documented_order(buyer)
    conclude(order, moderator, Verdict.REFUTED)
    assert now(order).status == "transferred"
    order = make_due(order)
    assert order.status == "disputed"
    make_due(order)
    assert ended(make_due(order)) == REFUNDED


def test_in_a_dispute_it_goes_on_the_record_and_moves_nothing(
    buyer: Person, moderator: Person
) -> None:
    order = a_documented_order(buyer, make=a_disputed_order)
    conclude(order, moderator, Verdict.VERIFIED)
    assert (now(order).status, now(order).escrow.status) == ("disputed", "held")
    page = Client()
    page.force_login(buyer)
    assert "they show that it arrived" in page.get(f"/orders/{order.pk}/dispute/").content.decode()
    make_due(order)
    assert ended(make_due(order)) == RELEASED


@pytest.mark.parametrize(
    ("kinds", "rung"),
    [
        (PAPER, Rung.IDENTITY_AND_DOCUMENT),
        ((EvidenceKind.DOCUMENT,), Rung.EVIDENCE_UPLOAD),
        ((EvidenceKind.ACCOUNT,), Rung.EVIDENCE_UPLOAD),
    ],
)
def test_the_stronger_rung_wants_the_account_and_a_document(
    buyer: Person, moderator: Person, kinds: tuple[str, ...], rung: Rung
) -> None:
    order = a_documented_order(buyer, *kinds)
    assert conclude(order, moderator, Verdict.INCONCLUSIVE).rung == rung
    assert (now(order).status, now(order).verdict) == ("transferred", "inconclusive")


def test_more_that_is_handed_in_can_be_concluded_on_anew(buyer: Person, moderator: Person) -> None:
    order = a_documented_order(buyer, EvidenceKind.OWNER)
    conclude(order, moderator, Verdict.INCONCLUSIVE)
    hand_in(order, order.seller, kind=EvidenceKind.DOCUMENT)
    with pytest.raises(NotAllowed):
        weighing.conclude(order, actor=moderator, verdict=Verdict.VERIFIED, reason=REASON)
    assert conclude(order, moderator, Verdict.VERIFIED).rung == Rung.IDENTITY_AND_DOCUMENT
    assert now(order).status == "verified"


def test_nobody_concludes_on_their_own_trade_or_unseen(buyer: Person, moderator: Person) -> None:
    order = a_documented_order(buyer)
    order.seller.is_staff = True
    order.seller.save()
    for person in (a_person(), order.seller):
        read = {"act": "messages_read", "subject": f"order:{order.pk}"}
        AuditEntry.objects.create(actor=person, **read)
        with pytest.raises(NotAllowed, match="their own trade"):
            weighing.conclude(order, actor=person, verdict=Verdict.VERIFIED, reason=REASON)
    with pytest.raises(NotAllowed):
        weighing.conclude(order, actor=moderator, verdict=Verdict.VERIFIED, reason=REASON)
    assert not Weighing.objects.exists()


def test_there_must_be_something_to_compare(buyer: Person, moderator: Person) -> None:
    refused(a_sent_order(buyer, provider=a_provider("paper", ladder=LADDER)), moderator, WrongState)
    wordy = a_provider("wordy", ladder=[Rung.BUYER_CONFIRMATION])
    order = a_sent_order(buyer, provider=wordy)
    hand_in(order, buyer)
    refused(order, moderator, WrongState)


@pytest.mark.parametrize(
    ("course", "verdict"), [(Course.MEASURING, ""), (Course.DONE, Verdict.REFUTED)]
)
def test_readings_come_first(buyer: Person, moderator: Person, course: str, verdict: str) -> None:
    order = a_documented_order(buyer)
    Verification.objects.create(order=order, status=course, rung=Rung.API_BALANCE)
    Order.objects.filter(pk=order.pk).update(verdict=verdict, rung=Rung.API_BALANCE)
    refused(now(order), moderator, WrongState)


def test_the_report_says_what_was_compared_and_names_nobody(
    buyer: Person, moderator: Person
) -> None:
    order = a_documented_order(buyer)
    assert "transfer" in (before := Caller(buyer).get(f"orders/{order.pk}/").json())
    assert before["transfer"]["verification"]["report_url"] is None
    conclude(order, moderator, Verdict.VERIFIED)
    document = report.signed(now(order))
    assert report.is_ours(document)
    said = document["report"]
    assert [one["kind"] for one in said["documents"]] == ["owner", "document"]
    (compared,) = said["compared"]
    assert (compared["verdict"], compared["reason"]) == ("verified", REASON)
    assert compared["pixels_sha256"] == [one["pixels_sha256"] for one in said["documents"]]
    for name in (buyer.email, order.seller.email, moderator.email, moderator.public_name):
        assert name not in str(said)
    page = Client()
    page.force_login(buyer)
    shown = page.get(f"/orders/{order.pk}/report/").content.decode()
    assert REASON in shown
    assert "A mail or document of the provider" in shown
    assert REASON in page.get(f"/orders/{order.pk}/").content.decode()
    after = Caller(buyer).get(f"orders/{order.pk}/").json()["transfer"]["verification"]
    assert (after["verdict"], after["state"]) == ("verified", "done")
    assert after["report_url"].endswith(f"/orders/{order.pk}/report/")


def test_what_was_concluded_stays(buyer: Person, moderator: Person) -> None:
    made = conclude(a_documented_order(buyer), moderator, Verdict.VERIFIED)
    with pytest.raises(DatabaseError), transaction.atomic():
        Weighing.objects.filter(pk=made.pk).update(reason="Another.")


def test_the_console_leads_from_the_queue_to_the_conclusion(
    buyer: Person, moderator: Person
) -> None:
    order = a_documented_order(buyer)
    desk = at_desk(moderator)
    page, path = f"/console/orders/order/{order.pk}/change/", f"/console/orders/order/{order.pk}/"
    assert page in desk.get("/console/?kind=documents").content.decode()
    given = {"verdict": "verified", "reason": REASON}
    unread = desk.post(f"{path}weighing/", given, follow=True).content.decode()
    assert "Read what the parties handed in first" in unread
    desk.post(f"{path}private/", {"reason": "Documents to compare."})
    assert "What do the documents show?" in desk.get(page).content.decode()
    done = desk.post(f"{path}weighing/", given, follow=True).content.decode()
    assert "Written into the verification report" in done
    assert now(order).status == "verified"
    assert page not in desk.get("/console/?kind=documents").content.decode()
    assert "What do the documents show?" not in desk.get(page).content.decode()
