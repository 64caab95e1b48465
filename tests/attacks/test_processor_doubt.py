"""Answers that do not say what happened, and events that come before what they are about."""

from typing import Any

import pytest
from django.db import transaction
from django.db.models.functions import Now

from accounts.models import Person
from listings.models import Listing
from orders import cancellation, completion, follow, transfer
from orders.models import Order
from payments import chargebacks, collection, escrow, instructions, ledger, repairs, webhooks
from payments.models import Escrow, Incident, Instruction, InstructionStatus, WebhookEvent
from payments.processor import processor
from payments.processor.interface import CardDispute
from payments.refusals import Contested
from tests.factories import a_moderator
from tests.sandbox_process import SandboxProcess
from tests.trade import paid, pay, placed, settle


@pytest.fixture
def order(buyer: Person, listing: Listing) -> Order:
    return placed(buyer, listing, 50_00)


def now(order: Order) -> Order:
    return Order.objects.with_parts().get(pk=order.pk)


def group(sandbox: SandboxProcess, order: Order) -> dict[str, int]:
    return sandbox.control("GET", "money/")["groups"][str(order.pk)]


def event(kind: str, object_id: str) -> WebhookEvent:
    """As `webhooks.receive` stores it."""
    return WebhookEvent.objects.create(
        event_id=f"evt_{kind}_{object_id}", type=kind, object_id=object_id
    )


def process_all(rounds: int = 4) -> None:
    for _ in range(rounds):
        WebhookEvent.objects.filter(processed_at=None, due_at__isnull=False).update(due_at=Now())
        webhooks.process_due()


@pytest.fixture
def garbled(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Stripe does it and says 200; what arrives is half of the body."""
    client = processor().client._requestor._get_http_client()  # type: ignore[attr-defined]
    real = type(client).request
    cut: list[str] = []

    def request(self: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        body, status, headers = real(self, method, url, *args, **kwargs)
        if cut and method.upper() == "POST" and cut[0] in url:
            cut.clear()
            return body[: len(body) // 2], status, headers
        return body, status, headers

    monkeypatch.setattr(type(client), "request", request)
    return cut


def test_a_cut_answer_to_a_transfer_is_not_a_refusal(
    order: Order, garbled: list[str], sandbox: SandboxProcess
) -> None:
    paid(order)
    transfer.send(now(order), actor=order.seller, note="x")
    completion.confirm(now(order), actor=order.buyer)
    move = Instruction.objects.get(escrow=order.escrow, kind="transfer")
    garbled.append("/v1/transfers")
    instructions.carry_out(move.pk)
    assert garbled == []
    move.refresh_from_db()
    assert group(sandbox, order)["transferred_cents"] == order.proceeds_cents
    assert move.status != InstructionStatus.REFUSED, move.error


def test_a_cut_answer_and_a_moderators_second_try_pay_the_seller_once(
    order: Order, garbled: list[str], sandbox: SandboxProcess, moderator: Person
) -> None:
    # The charge covers two transfers of the proceeds only if they are half of it.
    paid(order)
    transfer.send(now(order), actor=order.seller, note="x")
    completion.confirm(now(order), actor=order.buyer)
    move = Instruction.objects.get(escrow=order.escrow, kind="transfer")
    garbled.append("/v1/transfers")
    instructions.carry_out(move.pk)
    move.refresh_from_db()
    if move.status == InstructionStatus.REFUSED:
        repairs.send_again(move, actor=moderator, reason="again")
    Instruction.objects.filter(pk=move.pk).update(due_at=Now())
    move = instructions.carry_out(move.pk)
    assert group(sandbox, order)["transferred_cents"] == order.proceeds_cents
    assert move.status == InstructionStatus.DONE, move.error
    assert ledger.balance(ledger.owed_to_seller(order.seller_id), "USD") == 0


def test_a_dispute_event_before_the_payment_was_noticed_still_blocks(
    order: Order, sandbox: SandboxProcess
) -> None:
    pay(order, "4000000000000259")
    sandbox.control("POST", "clock/", {"advance_seconds": 5})
    page = processor().checkout(now(order).escrow.checkout_id)
    charge = processor().payment(page.payment_id).charge_id
    client = processor().client  # type: ignore[attr-defined]
    dispute = client.v1.disputes.list({"charge": charge}).data[0].id
    event("charge.dispute.created", dispute)
    process_all(1)
    collection.collect(order.escrow_id)
    follow.follow(order)
    process_all()
    settle()
    assert now(order).escrow.contested_at is not None


def test_a_dispute_that_no_webhook_announced_is_found(
    order: Order, sandbox: SandboxProcess
) -> None:
    """Case 34: a poller finds what no webhook announced, at the latest before a release."""
    paid(order)
    charge = now(order).escrow.charge_id
    sandbox.control("POST", "disputes/", {"charge": charge, "reason": "fraudulent"})
    settle()
    transfer.send(now(order), actor=order.seller, note="x")
    settle()
    assert now(order).escrow.contested_at is not None


def test_a_slow_worker_does_not_reopen_a_dispute_that_was_won(
    order: Order, sandbox: SandboxProcess
) -> None:
    """Two events of one dispute in two workers: the one that asked first records last."""
    paid(order)
    charge = now(order).escrow.charge_id
    opened = sandbox.control("POST", "disputes/", {"charge": charge, "reason": "fraudulent"})
    asked_first = processor().card_dispute(opened["id"])
    sandbox.control("POST", f"disputes/{opened['id']}/", {"outcome": "won"})
    chargebacks.record(processor().card_dispute(opened["id"]))
    chargebacks.record(asked_first)
    settle()
    assert now(order).escrow.contested_at is None


def test_a_dispute_of_a_part_that_was_lost_lets_the_rest_go_on(order: Order) -> None:
    paid(order)
    charge = now(order).escrow.charge_id
    chargebacks.record(CardDispute("dp_part", charge, 1000, ""))
    chargebacks.record(CardDispute("dp_part", charge, 1000, "lost"))
    transfer.send(now(order), actor=order.seller, note="x")
    try:
        completion.confirm(now(order), actor=order.buyer)
    except Contested:
        pytest.fail("the bank has decided, and still nothing moves, for ever")


def test_of_two_disputes_the_open_one_still_blocks(order: Order) -> None:
    paid(order)
    charge = now(order).escrow.charge_id
    chargebacks.record(CardDispute("dp_a", charge, 1000, ""))
    chargebacks.record(CardDispute("dp_b", charge, 2000, ""))
    chargebacks.record(CardDispute("dp_a", charge, 1000, "won"))
    assert now(order).escrow.contested_at is not None


def test_a_refund_that_a_lost_dispute_made_needless_is_not_owed_for_ever(
    order: Order, sandbox: SandboxProcess, moderator: Person
) -> None:
    """The seller declines a moment before the dispute is known here; the bank then decides."""
    paid(order)
    charge = now(order).escrow.charge_id
    opened = sandbox.control("POST", "disputes/", {"charge": charge, "reason": "fraudulent"})
    cancellation.decline(now(order), actor=order.seller)
    settle(1)
    sandbox.control("POST", f"disputes/{opened['id']}/", {"outcome": "lost"})
    event("charge.dispute.closed", opened["id"])
    process_all(1)
    Instruction.objects.filter(kind="refund", due_at__isnull=False).update(due_at=Now())
    settle()
    assert ledger.balance(ledger.owed_to_buyer(order.buyer_id), "USD") == 0
    assert ledger.balance(ledger.LOSSES, "USD") == 0


def test_a_refund_of_unknown_outcome_ends_when_the_bank_has_given_the_money_back(
    order: Order, sandbox: SandboxProcess
) -> None:
    """It was not made: the bank's loss is what the buyer was owed, and nobody waits for ever."""
    paid(order)
    charge = now(order).escrow.charge_id
    cancellation.decline(now(order), actor=order.seller)
    back = Instruction.objects.get(escrow=order.escrow, kind="refund")
    sandbox.control(
        "POST", "faults/", {"kind": "status_500", "method": "POST", "path": "/v1/refunds"}
    )
    assert instructions.carry_out(back.pk).status == InstructionStatus.SENT
    opened = sandbox.control("POST", "disputes/", {"charge": charge, "reason": "fraudulent"})
    sandbox.control("POST", f"disputes/{opened['id']}/", {"outcome": "lost"})
    event("charge.dispute.closed", opened["id"])
    process_all(1)
    assert ledger.balance(ledger.owed_to_buyer(order.buyer_id), "USD") == order.price_cents
    for _ in range(3):
        Instruction.objects.filter(pk=back.pk, due_at__isnull=False).update(due_at=Now())
        settle(1)
    back.refresh_from_db()
    assert (back.status, back.due_at) == (InstructionStatus.CALLED_OFF, None)
    assert ledger.balance(ledger.owed_to_buyer(order.buyer_id), "USD") == 0
    assert ledger.balance(ledger.LOSSES, "USD") == 0


def test_a_refund_in_part_ends_when_the_bank_has_given_everything_back(
    order: Order, sandbox: SandboxProcess
) -> None:
    """The seller keeps nothing: what they got of the split is still to be got back."""
    paid(order)
    charge = now(order).escrow.charge_id
    with transaction.atomic():
        escrow.settle(now(order).escrow, seller_share_cents=20_00, actor=None, reason="split")
    opened = sandbox.control("POST", "disputes/", {"charge": charge, "reason": "fraudulent"})
    sandbox.control("POST", f"disputes/{opened['id']}/", {"outcome": "lost"})
    event("charge.dispute.closed", opened["id"])
    process_all(1)
    settle()
    back = Instruction.objects.get(escrow=order.escrow, kind="refund")
    assert (back.status, back.due_at) == (InstructionStatus.CALLED_OFF, None)
    assert ledger.balance(ledger.owed_to_buyer(order.buyer_id), "USD") == 0


def test_a_refund_that_comes_back_after_a_lost_dispute_is_left_to_a_person(
    order: Order, sandbox: SandboxProcess
) -> None:
    """The bank took the other part, and nothing can be refunded of such a charge: not tried for
    ever, but shown, and paid in another way."""
    paid(order)
    charge, buyer = now(order).escrow.charge_id, ledger.owed_to_buyer(order.buyer_id)
    with transaction.atomic():
        escrow.settle(now(order).escrow, seller_share_cents=20_00, actor=None, reason="split")
    settle()
    first = Instruction.objects.get(escrow=order.escrow, kind="refund")
    opened = sandbox.control("POST", "disputes/", {"charge": charge, "reason": "fraudulent"})
    sandbox.control("POST", f"disputes/{opened['id']}/", {"outcome": "lost"})
    event("charge.dispute.closed", opened["id"])
    sandbox.control("POST", f"refunds/{first.remote_id}/", {"outcome": "failed"})
    event("refund.failed", first.remote_id)
    process_all(2)
    again = Instruction.objects.exclude(pk=first.pk).get(escrow=order.escrow, kind="refund")
    repairs.send_again(again, actor=a_moderator(), reason="Perhaps now.")
    settle()
    again.refresh_from_db()
    assert (again.status, again.due_at) == (InstructionStatus.REFUSED, None)
    assert repairs.waits_for_person(again)
    assert ledger.balance(buyer, "USD") == 10_00
    repairs.pay_elsewhere(again, actor=a_moderator(), reason="By bank transfer.")
    assert ledger.balance(buyer, "USD") == 0
    assert group(sandbox, order)["refunded_cents"] == 0


def test_a_released_transfer_that_was_not_sent_waits_for_the_bank(
    order: Order, sandbox: SandboxProcess
) -> None:
    """Confirmed, not yet sent, then disputed: what still lies here need not go."""
    paid(order)
    transfer.send(now(order), actor=order.seller, note="x")
    completion.confirm(now(order), actor=order.buyer)
    charge = now(order).escrow.charge_id
    opened = sandbox.control("POST", "disputes/", {"charge": charge, "reason": "fraudulent"})
    event("charge.dispute.created", opened["id"])
    process_all(1)
    settle()
    assert group(sandbox, order)["transferred_cents"] == 0


def test_a_refund_that_failed_before_its_answer_arrived_is_noticed(
    buyer: Person, sandbox: SandboxProcess, listing: Listing
) -> None:
    order = placed(buyer, listing, 50_00)
    paid(order, "4000000000005126")
    cancellation.decline(now(order), actor=order.seller)
    back = Instruction.objects.get(escrow=order.escrow, kind="refund")
    sandbox.control(
        "POST", "faults/", {"kind": "answer_lost", "method": "POST", "path": "/v1/refunds"}
    )
    instructions.carry_out(back.pk)
    back.refresh_from_db()
    assert back.status == InstructionStatus.SENT
    sandbox.control("POST", "clock/", {"advance_seconds": 60})
    client = processor().client  # type: ignore[attr-defined]
    refund = client.v1.refunds.list({"charge": now(order).escrow.charge_id}).data[0]
    assert refund.status == "failed"
    event("refund.failed", refund.id)
    process_all(1)
    Instruction.objects.filter(pk=back.pk).update(due_at=Now())
    assert instructions.carry_out(back.pk).status == InstructionStatus.DONE
    process_all()
    settle()
    assert Incident.objects.filter(kind="refund_failed").exists()


def test_a_refund_that_failed_without_any_webhook_is_noticed(
    buyer: Person, sandbox: SandboxProcess, listing: Listing
) -> None:
    order = placed(buyer, listing, 50_00)
    paid(order, "4000000000005126")
    cancellation.decline(now(order), actor=order.seller)
    settle()
    sandbox.control("POST", "clock/", {"advance_seconds": 60})
    settle()
    assert Incident.objects.filter(kind="refund_failed").exists()


def test_polling_starts_although_the_poller_looked_while_the_page_was_opened(
    buyer: Person, listing: Listing, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orders import checkout

    with transaction.atomic():
        order = checkout.reserve(buyer=buyer, listing=listing, face_value_cents=10_00)
    real = Escrow.objects.get
    page = Instruction.objects.get(escrow=order.escrow, kind="checkout")

    def slow_get(*args: Any, **kwargs: Any) -> Escrow:
        found = real(*args, **kwargs)
        if not found.checkout_id:
            monkeypatch.setattr(Escrow.objects, "get", real)
            instructions.carry_out(page.pk)  # the web process, in between
        return found

    monkeypatch.setattr(Escrow.objects, "get", slow_get)
    collection.collect(order.escrow_id)
    assert real(pk=order.escrow_id).checkout_id
    assert real(pk=order.escrow_id).poll_due_at is not None


def test_our_dispute_is_closed_when_the_bank_has_taken_the_money(order: Order) -> None:
    from orders import disputes
    from orders.models import Dispute

    paid(order)
    disputes.open_dispute(now(order), actor=order.buyer, reason="other", text="Nothing came.")
    charge = now(order).escrow.charge_id
    chargebacks.record(CardDispute("dp_x", charge, order.price_cents, "lost"))
    settle()
    assert now(order).status == "cancelled"
    assert not Dispute.objects.filter(order=order, decided_at=None).exists()
