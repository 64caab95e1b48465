"""The brake on payouts: it must let go again, and only the books may pull it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db.models.functions import Now

from accounts.models import Person
from listings.models import Listing
from marketplace import ledger_audit, sweeps
from orders import completion, transfer
from orders.models import Order
from payments import chargebacks, incidents
from payments.models import Escrow, Instruction, InstructionStatus, LedgerAudit
from payments.processor.interface import CardDispute
from providers.policy import change_policy
from tests.sandbox_process import SandboxProcess
from tests.trade import paid, placed


@pytest.fixture
def order(buyer: Person, listing: Listing) -> Order:
    return paid(placed(buyer, listing, 50_00))


def confirmed(order: Order) -> Instruction:
    transfer.send(order, actor=order.seller, note="sent")
    completion.confirm(order, actor=order.buyer)
    return Instruction.objects.get(escrow=order.escrow, kind="transfer")


def test_a_freeze_that_lasted_an_hour_ends_when_the_books_add_up(order: Order) -> None:
    """What the brake itself held back must not keep the brake on."""
    due = confirmed(order)
    LedgerAudit.objects.create(is_clean=False, violations=[])
    Instruction.objects.filter(pk=due.pk).update(due_at=Now() - timedelta(hours=2))
    for _ in range(3):
        sweeps.audit()
        sweeps.sweep()
    due.refresh_from_db()
    assert not incidents.payouts_frozen()
    assert due.status == InstructionStatus.DONE


def test_after_the_worker_was_away_for_two_hours_payouts_go_on(order: Order) -> None:
    """The same without any violation: beat fires the audit a moment before the sweep."""
    due = confirmed(order)
    Instruction.objects.filter(pk=due.pk).update(due_at=Now() - timedelta(hours=2))
    for _ in range(3):
        sweeps.audit()
        sweeps.sweep()
    due.refresh_from_db()
    assert due.status == InstructionStatus.DONE


def test_one_buyers_chargeback_does_not_freeze_everybodys_payouts(order: Order) -> None:
    transfer.send(order, actor=order.seller, note="sent")
    charge = Escrow.objects.get(pk=order.escrow_id).charge_id
    chargebacks.record(CardDispute("dp_slow", charge, order.price_cents, ""))
    # The bank takes weeks; the time to inspect is over long before.
    Order.objects.filter(pk=order.pk).update(deadline=Now() - timedelta(hours=2))
    sweeps.sweep()
    sweeps.audit()
    assert ledger_audit.violations() == []
    assert not incidents.payouts_frozen()


def test_a_moderators_change_of_policy_does_not_freeze_payouts(
    listing: Listing, moderator: Person
) -> None:
    change_policy(
        provider=listing.provider,
        actor=moderator,
        policy="unknown",
        clause="They changed their terms.",
        source="https://acme.example/terms",
        reason="Read the new terms",
    )
    sweeps.audit()
    assert not incidents.payouts_frozen()


def test_orders_that_wait_for_a_bank_do_not_hold_up_other_deadlines(
    order: Order, buyer2: Person, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are the 100 oldest, and nothing can be decided about them."""
    contested = Order.objects.with_parts().get(pk=order.pk)
    Escrow.objects.filter(pk=contested.escrow_id).update(contested_at=Now())
    Order.objects.filter(pk=order.pk).update(deadline=Now() - timedelta(minutes=30))
    _copies(contested, 100)
    other = placed(buyer2, order.listing, 10_00)
    Order.objects.filter(pk=other.pk).update(deadline=Now() - timedelta(minutes=1))
    for _ in range(3):
        sweeps.sweep()
    other.refresh_from_db()
    assert other.status == "cancelled"


def _copies(order: Order, count: int) -> None:
    """As many more contested orders, straight into the tables."""
    price = {"price_cents": 1000, "commission_cents": 80, "proceeds_cents": 920}
    for _ in range(count):
        key = uuid4()
        held = Escrow.objects.create(
            reference=str(key),
            buyer=order.buyer,
            seller=order.seller,
            currency="USD",
            status="held",
            **price,
        )
        Escrow.objects.filter(pk=held.pk).update(contested_at=Now(), poll_due_at=None)
        Order.objects.create(
            id=key,
            listing=order.listing,
            buyer=order.buyer,
            seller=order.seller,
            escrow=held,
            title=order.title,
            currency="USD",
            face_value_cents=2000,
            discount_bp=5000,
            transfer_method=order.transfer_method,
            deliver_within_seconds=1,
            inspect_within_seconds=1,
            cooling_off_seconds=1,
            pay_before=order.pay_before,
            status="paid",
            deadline=order.pay_before - timedelta(days=1),
            **price,
        )
