"""A moderator decides on a dispute."""

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.models import AuditEntry, Person, Proposal
from orders import disputes, transfer
from orders.casefile import preview
from orders.models import Dispute, Order, OrderStatus
from payments.ledger import owed_to_buyer, owed_to_seller
from payments.models import EscrowStatus, Instruction, Posting
from tests.console.conftest import signed_in
from tests.factories import a_person, a_second_factor, code_now
from tests.sandbox_process import SandboxProcess
from tests.sessions import shown
from tests.trade import an_offer, paid, placed


@pytest.fixture(autouse=True)
def _audited(books: None) -> None:
    pass


@pytest.fixture
def dispute(sandbox: SandboxProcess, _audited: None, buyer: Person) -> Dispute:
    order = paid(placed(buyer, an_offer(), 50_00))
    order = transfer.send(order, actor=order.seller, note="Sent to your account at noon.")
    disputes.open_dispute(order, actor=buyer, reason="not_received", text="Nothing has come.")
    return Dispute.objects.get(order=order)


def address(dispute: Dispute, act: str = "change") -> str:
    return f"/console/orders/dispute/{dispute.pk}/{act}/"


def decide(
    client: Client, dispute: Dispute, outcome: str, reason: str = "As the log shows."
) -> str:
    form = {"outcome": outcome, "reason": reason}
    return client.post(address(dispute, "decision"), form, follow=True).content.decode()


def unchanged(dispute: Dispute) -> None:
    order = Order.objects.select_related("escrow").get(pk=dispute.order_id)
    assert (order.status, order.escrow.status) == (OrderStatus.DISPUTED, EscrowStatus.HELD)
    dispute.refresh_from_db()
    assert (dispute.outcome, dispute.decided_at) == ("", None)
    assert not AuditEntry.objects.filter(subject=f"order:{order.pk}").exists()
    assert not Instruction.objects.filter(kind__in=["refund", "transfer"]).exists()


def test_the_page_has_what_the_decision_needs(desk: Client, dispute: Dispute) -> None:
    page = desk.get(address(dispute)).content.decode()
    for words in (
        "Nothing has come.",
        "Sent to your account at noon.",
        "buyer@example.com",
        dispute.order.seller.email,
        "outside:cards",
        "Completed trades",
        "In dispute",
        "$30.00",
        "$27.60",
        "$2.40",
        "Release the payment to the seller",
        "Refund the buyer",
        "Decide",
    ):
        assert words in page, words


@pytest.mark.parametrize(
    ("outcome", "status", "settled"),
    [
        ("release", OrderStatus.COMPLETED, EscrowStatus.RELEASED),
        ("refund", OrderStatus.CANCELLED, EscrowStatus.REFUNDED),
    ],
)
def test_what_moves_is_what_the_page_said(
    desk: Client, moderator: Person, dispute: Dispute, outcome: str, status: str, settled: str
) -> None:
    said = next(move for move in preview(dispute.order, None) if move["outcome"] == outcome)
    assert "Decided" in decide(desk, dispute, outcome)
    unmoved = Order.objects.select_related("escrow").get(pk=dispute.order_id)
    assert unmoved.escrow.status == EscrowStatus.HELD
    disputes.time_over(unmoved)
    order = Order.objects.select_related("escrow").get(pk=dispute.order_id)
    assert (order.status, order.escrow.status) == (status, settled)
    moved = dict(
        Posting.objects.filter(source=f"escrow:{order.escrow_id}").values_list(
            "destination", "amount_cents"
        )
    )
    assert moved.get(owed_to_seller(order.seller_id), 0) == said["to_seller_cents"]
    assert moved.get("platform:commission", 0) == said["commission_cents"]
    assert moved.get(owed_to_buyer(order.buyer_id), 0) == said["to_buyer_cents"]
    dispute.refresh_from_db()
    assert (dispute.decided_by, dispute.decision) == (moderator, "As the log shows.")
    entry = AuditEntry.objects.get(subject=f"order:{order.pk}")
    assert (entry.act, entry.actor, entry.reason) == (
        f"dispute_{outcome}",
        moderator,
        "As the log shows.",
    )


@pytest.mark.parametrize("above_cents", [30_00, 29_99])
def test_above_an_amount_two_decide_and_no_party_is_the_second(
    desk: Client, moderator: Person, dispute: Dispute, settings: LazySettings, above_cents: int
) -> None:
    settings.FOUR_EYES_ABOVE_CENTS = above_cents
    decide(desk, dispute, "release")
    if above_cents == dispute.order.escrow.price_cents:
        dispute.refresh_from_db()
        assert dispute.decided_by == moderator
        return
    proposal = Proposal.objects.get()
    assert (proposal.cents, dispute.order.seller_id in proposal.parties) == (30_00, True)
    party, second = dispute.order.seller, a_person(is_staff=True)
    party.is_staff, party.role = True, "lead"
    party.save()
    agreed = {"digest": proposal.digest, "reason": "As I see it, too."}
    where = f"/console/accounts/proposal/{proposal.pk}/agreement/"
    signed_in(party).post(where, agreed)
    dispute.refresh_from_db()
    assert dispute.decided_at is None
    signed_in(second).post(where, agreed)
    dispute.refresh_from_db()
    assert (dispute.outcome, dispute.decided_by) == ("release", moderator)


@pytest.mark.parametrize(
    ("outcome", "reason", "error"),
    [
        ("release", "", "Give a reason."),
        ("", "Because.", "Choose an outcome."),
        ("burn", "Because.", "Select a valid choice."),
    ],
)
def test_a_decision_needs_an_outcome_and_a_reason(
    desk: Client, dispute: Dispute, outcome: str, reason: str, error: str
) -> None:
    assert error in decide(desk, dispute, outcome, reason)
    unchanged(dispute)


def test_a_decision_asks_a_moderator_who_came_in_a_while_ago(
    dispute: Dispute, moderator: Person
) -> None:
    client = Client()
    client.force_login(a_second_factor(moderator))
    shown(client, moderator, "mfa", seconds_ago=601)
    assert client.get(address(dispute)).status_code == 200
    given = {"outcome": "release", "reason": "It arrived."}
    where = address(dispute).replace("change/", "decision/")
    answer = client.post(where, given)
    assert answer.headers["Location"].startswith("/accounts/2fa/reauthenticate/")
    dispute.refresh_from_db()
    assert dispute.decided_at is None
    client.post(answer.headers["Location"], {"code": code_now()})
    dispute.refresh_from_db()
    assert dispute.decided_by == moderator


def test_a_dispute_is_decided_once(desk: Client, dispute: Dispute) -> None:
    decide(desk, dispute, "refund")
    assert "This step does not fit the present state." in decide(desk, dispute, "release")
    order = Order.objects.select_related("escrow").get(pk=dispute.order_id)
    assert (order.status, order.dispute.outcome) == (OrderStatus.DISPUTED, "refund")
    assert AuditEntry.objects.filter(subject=f"order:{order.pk}").count() == 1


@pytest.mark.parametrize("party", ["buyer", "seller"])
def test_case_61_nobody_decides_on_their_own_trade(dispute: Dispute, party: str) -> None:
    person = getattr(dispute.order, party)
    person.is_staff, person.role = True, "lead"
    person.save()
    own = signed_in(person)
    assert "another moderator decides" in own.get(address(dispute)).content.decode()
    assert "Nobody decides on their own case." in decide(own, dispute, "refund")
    unchanged(dispute)


def test_ordinary_people_decide_nothing(dispute: Dispute, buyer2: Person) -> None:
    people = (dispute.order.buyer, dispute.order.seller, buyer2)
    for client in (Client(), *(signed_in(person) for person in people)):
        answer = client.post(
            address(dispute, "decision"), {"outcome": "refund", "reason": "Mine, please."}
        )
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/console/login/")
        unchanged(dispute)


def test_a_contested_payment_waits_for_the_bank(desk: Client, dispute: Dispute) -> None:
    escrow = dispute.order.escrow
    type(escrow).objects.filter(pk=escrow.pk).update(contested_at="2026-11-20T12:00Z")
    assert "its decision comes first" in desk.get(address(dispute)).content.decode()
    decide(desk, dispute, "release")
    unchanged(dispute)
