"""Each step is one transaction of its own: it brings about all that it writes, or nothing."""

from types import SimpleNamespace

import pytest
from django.db import transaction
from django.db.models.functions import Now

from accounts.models import Person
from orders import cancellation, completion
from orders.models import Order
from orders.verification.models import Verification
from payments import (
    chargebacks,
    collection,
    escrow,
    instructions,
    payout_plans,
    payouts,
    recovery,
    returns,
)
from payments.models import Chargeback, Escrow, Instruction, Payout, PayoutPlan, Posting
from payments.processor.interface import Answer, CardDispute, Checkout, ProcessorRefused
from tests.money.rows import awaiting, held, now, payment
from tests.money.test_instruction_steps import a_call
from tests.money.test_payout_steps import Says, settled
from tests.money.trades import fresh, over, paid, placed, sent

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_steps_of_a_trade(buyer: Person, seller: Person) -> None:
    ended: list[tuple[Order, str]] = []
    for step, order in (
        (cancellation.lapse_unpaid, placed(buyer, seller)),
        (cancellation.give_up_waiting, paid(buyer, seller)),
        (completion.accept_silence, sent(buyer, seller)),
        (completion.complete_verified, over(sent(buyer, seller), status="verified")),
        (cancellation.give_back_suspected, sent(buyer, seller)),
    ):
        if step is cancellation.give_back_suspected:
            Escrow.objects.filter(pk=order.escrow_id).update(suspected_at=Now())
        ended.append((order, step(order).status))
    for act, order, actor in (
        (cancellation.withdraw, placed(buyer, seller), buyer),
        (cancellation.decline, paid(buyer, seller), seller),
        (completion.confirm, sent(buyer, seller), buyer),
    ):
        ended.append((order, act(order, actor=actor).status))
    part = over(sent(buyer, seller), verdict="refuted", measured_cents=20_00)
    Verification.objects.create(order=part, rung="api_balance", status="done", key_mark="m")
    for actor in (buyer, seller):
        completion.accept_part(part, actor=actor)
    assert [(status, fresh(order).status) for order, status in ended] == [
        *[("cancelled", "cancelled")] * 2,
        *[("completed", "completed")] * 2,
        *[("cancelled", "cancelled")] * 3,
        ("completed", "completed"),
    ]
    assert fresh(part).status == "completed"


def test_the_steps_of_money(
    buyer: Person, seller: Person, moderator: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost, back = (escrow.record_payment(awaiting(buyer, seller).pk, payment(m)) for m in "12")
    transaction.atomic(lambda: escrow.release(lost, actor=None, reason=""))()
    chargebacks.record(CardDispute("dp_1", lost.charge_id, lost.price_cents, "lost"))
    recovery.begin(Chargeback.objects.get().pk)
    assert not Chargeback.objects.get().recovery_due
    transaction.atomic(lambda: escrow.refund(back, actor=None, reason=""))()
    Instruction.objects.filter(kind="refund").update(status="done", due_at=None)
    returns.come_back(Instruction.objects.get(kind="refund"))
    again = Instruction.objects.get(status="refused")
    returns.pay_elsewhere(again, actor=moderator, reason="By bank.")
    assert now(again).status == "called_off"
    settled(seller, 500)
    payout_plans.choose(seller, every="daily", minimum_cents=100)
    assert payout_plans.pay(PayoutPlan.objects.get().pk) == Payout.objects.get().pk
    Payout.objects.update(remote_id="po_1")
    monkeypatch.setattr(payouts, "processor", Says("paid"))
    payouts.follow("po_1")
    assert Payout.objects.get().status == "paid"


def test_the_page_of_what_has_lapsed_is_closed(
    buyer: Person, seller: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = awaiting(buyer, seller)
    Escrow.objects.update(status="lapsed", checkout_id="cs_1")
    page = Checkout("cs_1", "", "open", paid=False, payment_id="")
    monkeypatch.setattr(collection, "processor", lambda: SimpleNamespace(checkout=lambda _: page))
    collection.collect(opened.pk)
    assert Instruction.objects.get().kind == "expire"


def test_what_cannot_be_booked_is_not_recorded(
    buyer: Person, seller: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mark of what was done and its posting stand or fall together."""
    homeless = a_call(None, "reversal")
    with pytest.raises(AssertionError):
        instructions._record(homeless, Answer("re_1"))
    with pytest.raises(AssertionError):
        instructions._record_refusal(homeless, ProcessorRefused("x", ""))
    assert (now(homeless).status, now(homeless).remote_id) == ("sent", "")
    payout = Payout.objects.create(
        person=seller, amount_cents=500, currency="USD", remote_id="po_1"
    )
    other = {"source": "a", "destination": "b", "amount_cents": 1, "currency": "USD"}
    Posting.objects.create(key=f"payout:{payout.pk}:failed", **other)
    monkeypatch.setattr(payouts, "processor", Says("failed"))
    with pytest.raises(AssertionError):
        payouts.follow("po_1")
    assert now(payout).status == "pending"
    refund = held(buyer, seller, "9")
    call = a_call(refund, status="refused", due_at=None)
    Posting.objects.create(key=f"instruction:{call.pk}:elsewhere", **other)
    Posting.objects.create(key="charge:ch_1", **other)
    with pytest.raises(AssertionError):
        returns.pay_elsewhere(call, actor=buyer, reason="")
    assert now(call).status == "refused"
