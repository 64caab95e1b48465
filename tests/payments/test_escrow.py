"""Payment arrives, late, twice or wrong; the escrow ends once."""

from dataclasses import replace

import pytest
from django.db import transaction

from accounts.models import Person
from accounts.refusals import WrongState
from listings.models import Listing
from orders import cancellation
from orders.models import Order
from payments import chargebacks, collection, escrow, ledger
from payments.models import Escrow, EscrowStatus, Incident, Instruction, Posting
from payments.processor import processor
from payments.processor.interface import CardDispute, Payment
from payments.refusals import Contested
from tests.sandbox_process import SandboxProcess
from tests.trade import an_escrow, at_once, paid, pay, placed, settle


@pytest.fixture
def order(sandbox: SandboxProcess, buyer: Person, listing: Listing) -> Order:
    return placed(buyer, listing, 5_000)


def holding(order: Order) -> Escrow:
    return Escrow.objects.get(pk=order.escrow_id)


@pytest.fixture
def held(sandbox: SandboxProcess, buyer: Person) -> Escrow:
    return an_escrow(buyer)


def again(held: Escrow) -> Escrow:
    return Escrow.objects.get(pk=held.pk)


def test_a_payment_is_held(order: Order) -> None:
    paid(order)
    found = holding(order)
    assert found.status == EscrowStatus.HELD
    assert found.held_cents == order.price_cents
    assert ledger.balance(ledger.held(found.pk), "USD") == order.price_cents


def test_asking_again_books_nothing_again(order: Order) -> None:
    paid(order)
    before = Posting.objects.count()
    for _ in range(3):
        collection.collect(order.escrow_id)
    assert Posting.objects.exclude(key__endswith=":fee").count() == before


def test_the_fee_follows(order: Order, sandbox: SandboxProcess) -> None:
    paid(order)
    assert holding(order).fee_cents is None
    sandbox.control("POST", "clock/", {"advance_seconds": 60})
    collection.collect(order.escrow_id)
    assert holding(order).fee_cents == round(order.price_cents * 0.029) + 30


@pytest.mark.parametrize("change", [{"amount_cents": 1}, {"currency": "EUR"}])
def test_money_that_is_not_as_agreed_is_kept_apart(order: Order, change: dict[str, object]) -> None:
    pay(order)
    page = processor().checkout(order.escrow.checkout_id)
    wrong = replace(processor().payment(page.payment_id), **change)  # type: ignore[arg-type]
    escrow.record_payment(order.escrow_id, wrong)
    assert holding(order).status == EscrowStatus.AWAITING
    assert holding(order).quarantined_at is not None
    assert Incident.objects.get(escrow=order.escrow).kind == "payment_not_as_agreed"
    assert ledger.balance(ledger.held(order.escrow_id), "USD") == 0


def test_a_second_charge_for_the_same_order_is_kept_apart(order: Order) -> None:
    """Case 35: paid twice."""
    paid(order)
    first = processor().payment(holding(order).payment_id)
    other = Payment("pi_other", "ch_other", first.amount_cents, first.currency, None)
    escrow.record_payment(order.escrow_id, other)
    assert ledger.balance(ledger.held(order.escrow_id), "USD") == order.price_cents
    assert ledger.balance(ledger.quarantine(order.escrow_id), "USD") == order.price_cents


def test_paid_after_cancel_goes_back_in_full_and_once(
    order: Order, sandbox: SandboxProcess, buyer: Person
) -> None:
    """Case 33."""
    pay(order)
    cancellation.withdraw(order, actor=buyer)  # nobody here has noticed the payment yet
    for _ in range(3):
        collection.collect(order.escrow_id)
    settle()
    assert holding(order).status == EscrowStatus.LAPSED
    group = sandbox.control("GET", "money/")["groups"][str(order.pk)]
    assert group["charged_cents"] == group["refunded_cents"] == order.price_cents
    assert ledger.balance(ledger.owed_to_buyer(buyer.pk), "USD") == 0


def test_release_and_refund_race_and_one_wins(held: Escrow) -> None:
    """Case 37."""

    def end(how: str) -> str:
        with transaction.atomic():
            getattr(escrow, how)(again(held), actor=None, reason="race")
        return how

    results = at_once([lambda how=how: end(how) for how in ["release", "refund"] * 4])
    won = [result for result in results if isinstance(result, str)]
    assert len(won) == 1
    assert all(isinstance(r, WrongState) for r in results if not isinstance(r, str))
    assert again(held).status == ("released" if won == ["release"] else "refunded")
    settle()


@pytest.mark.parametrize("share", [0, 1, 1_234, 2_999])
def test_a_split_sums_to_the_price(held: Escrow, share: int) -> None:
    with transaction.atomic():
        escrow.settle(again(held), seller_share_cents=share, actor=None, reason="agreed")
    settled = again(held)
    assert settled.released_cents == share
    assert settled.released_cents + settled.refunded_cents == held.price_cents
    assert ledger.balance(ledger.held(held.pk), "USD") == 0
    assert (settled.status == EscrowStatus.SPLIT) == bool(share)
    settle()


def test_a_dispute_at_the_bank_blocks_and_unblocks(held: Escrow) -> None:
    charge = again(held).charge_id
    dispute = CardDispute("dp_1", charge, held.price_cents, "")
    chargebacks.record(dispute)
    for end in (escrow.release, escrow.refund):
        with pytest.raises(Contested), transaction.atomic():
            end(again(held), actor=None, reason="")
    assert again(held).status == EscrowStatus.HELD
    chargebacks.record(replace(dispute, outcome="won"))
    with transaction.atomic():
        escrow.release(again(held), actor=None, reason="")
    assert again(held).status == EscrowStatus.RELEASED
    settle()


def test_a_lost_dispute_ends_the_trade(order: Order, buyer: Person) -> None:
    paid(order)
    charge = holding(order).charge_id
    lost = CardDispute("dp_2", charge, order.price_cents, "lost")
    chargebacks.record(lost)
    chargebacks.record(lost)
    assert holding(order).status == EscrowStatus.REFUNDED
    settle()
    order.refresh_from_db()
    assert order.status == "cancelled"
    assert not Instruction.objects.filter(escrow=order.escrow, kind="refund").exists()


def test_a_dispute_lost_after_release_is_the_platforms_loss(held: Escrow) -> None:
    with transaction.atomic():
        escrow.release(again(held), actor=None, reason="")
    lost = CardDispute("dp_3", again(held).charge_id, held.price_cents, "lost")
    chargebacks.record(lost)
    assert again(held).status == EscrowStatus.RELEASED
    assert ledger.balance(ledger.LOSSES, "USD") == -held.price_cents
    settle()
