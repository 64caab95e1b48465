"""No step touches anybody else's rows: what stands beside it stays as it is, to the column."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Person
from payments import chargebacks, effects, escrow, instructions, recovery, returns, suspicions
from payments.models import (
    Basket,
    Chargeback,
    Escrow,
    Incident,
    Instruction,
    InstructionStatus,
    Payout,
    PayoutAccount,
    Suspicion,
)
from payments.processor.interface import (
    Answer,
    CardDispute,
    OutcomeUnknown,
    ProcessorRefused,
    Warned,
)
from tests.factories import a_person, a_seller
from tests.money.rows import PRICE, awaiting, held, now, payment
from tests.money.test_instruction_steps import a_call

pytestmark = pytest.mark.django_db
KINDS = ("transfer", "refund", "reversal", "charge", "checkout", "expire", "payout", "account")
WATCHED: tuple[type[models.Model], ...] = (
    *(Escrow, Instruction, Chargeback, Payout, PayoutAccount, Basket, Suspicion),
)


def a_basket(buyer: Person) -> Basket:
    return Basket.objects.create(buyer=buyer, currency="USD", pay_before=timezone.now())


def in_every_state(paid: Escrow) -> None:
    """Instructions of each kind in each state."""
    params = {"amount": 500, "currency": "usd", "charge": paid.charge_id, "transfer": "tr_1"}
    Instruction.objects.bulk_create(
        Instruction(
            kind=kind,
            purpose=f"theirs:{paid.pk}:{kind}:{status}",
            params=params,
            escrow=paid,
            status=status,
            tries=int(status != "ready"),
            due_at=timezone.now() if status in ("ready", "sent", "refused") else None,
        )
        for kind in KINDS
        for status in InstructionStatus.values
        if status != "returned" or kind == "refund"
    )


@pytest.fixture
def beside(db: None) -> Callable[[], list[Any]]:
    """Somebody else's money in every state; returns how it is now."""
    buyer, seller = a_person(), a_seller()
    opened, paid = awaiting(buyer, seller), held(buyer, seller, "theirs")
    waiting = awaiting(buyer, seller)
    Escrow.objects.filter(pk=waiting.pk).update(basket=a_basket(buyer))
    in_every_state(opened)
    in_every_state(paid)
    Chargeback.objects.create(escrow=paid, remote_id="dp_theirs", amount_cents=PRICE)
    Suspicion.objects.create(escrow=paid, remote_id="prv_theirs", kind="review")
    Payout.objects.create(person=seller, amount_cents=5, currency="USD")
    PayoutAccount.objects.create(person=buyer)
    keys = {kind: list(kind._default_manager.values_list("pk", flat=True)) for kind in WATCHED}
    return lambda: [
        list(kind._default_manager.filter(pk__in=found).order_by("pk").values())
        for kind, found in keys.items()
    ]


def lapsed(buyer: Person, seller: Person, mark: str = "late") -> Escrow:
    opened = awaiting(buyer, seller)
    escrow.lapse(opened, actor=None, reason="")
    return escrow.record_payment(opened.pk, payment(mark, fee_cents=5))


def closed(buyer: Person, seller: Person) -> Escrow:
    opened = awaiting(buyer, seller)
    Escrow.objects.filter(pk=opened.pk).update(checkout_id="cs_1", basket=a_basket(buyer))
    opened = now(opened)
    for kind in ("checkout", "charge"):
        a_call(opened, kind, status="ready", tries=0)
    escrow.close_checkout(opened)
    assert set(opened.instructions.values_list("kind", "status")) == {
        ("checkout", "called_off"),
        ("charge", "called_off"),
        ("expire", "ready"),
    }
    return opened


def in_part(paid: Escrow) -> None:
    escrow.release_part(paid, number=1, released_cents=1000, actor=None, reason="")


def bank(paid: Escrow, outcome: str = "", **changes: Any) -> Chargeback:
    terms: dict[str, Any] = {"amount_cents": PRICE} | changes
    chargebacks.record(CardDispute("dp_1", paid.charge_id, outcome=outcome, **terms))
    return Chargeback.objects.get(remote_id="dp_1")


def lost(paid: Escrow, **transfer: Any) -> Chargeback:
    """Released, then lost; the transfer is as given."""
    escrow.release(paid, actor=None, reason="")
    row = bank(paid, "lost")
    Instruction.objects.filter(escrow=paid, kind="transfer").update(**transfer)
    recovery.begin(row.pk)
    return row


def suspected(paid: Escrow) -> None:
    for is_open in (True, False):
        suspicions.record(Warned("prv_1", "review", paid.charge_id, is_open))
    suspicions.record(Warned("prv_2", "review", paid.charge_id, is_open=True))
    assert suspicions.clear(paid) == 1


def came_back(paid: Escrow) -> None:
    escrow.refund(paid, actor=None, reason="")
    Instruction.objects.filter(escrow=paid, kind="refund").update(status="done", due_at=None)
    returns.come_back(Instruction.objects.get(escrow=paid, kind="refund"))
    again = Instruction.objects.get(escrow=paid, status="refused")
    returns.pay_elsewhere(again, actor=paid.buyer, reason="")


ESCROWS: dict[str, Callable[[Escrow], Any]] = {
    "paid late": lambda paid: lapsed(paid.buyer, paid.seller),
    "paid twice": lambda paid: escrow.record_payment(paid.pk, payment("other")),
    "fee": lambda paid: escrow.record_payment(paid.pk, payment("ours", fee_cents=7)),
    "closed": lambda paid: closed(paid.buyer, paid.seller),
    "part": in_part,
    "split": lambda paid: escrow.settle(paid, seller_share_cents=1, actor=None, reason=""),
    "many": lambda paid: escrow.release_all([paid], reason=""),
    "taken back": lambda paid: escrow.take_back(paid, note=""),
    "disputed": lambda paid: bank(paid, fee_cents=1500),
    "won": lambda paid: bank(paid, "won"),
    "lost": lambda paid: bank(paid, "lost"),
    "lost in part": lambda paid: bank(paid, "lost", amount_cents=1),
    "kept": lambda paid: lost(paid, status="ready"),
    "asked back": lambda paid: lost(paid, status="done", due_at=None, remote_id="tr_1"),
    "suspected": suspected,
    "came back": came_back,
    "answered": lambda paid: chargebacks.answer(bank(paid), evidence={"a": "b"}),
    "not answered": lambda paid: chargebacks.answer(bank(paid), evidence=None),
}


@pytest.mark.parametrize("step", ESCROWS.values(), ids=ESCROWS)
def test_an_escrow_moves_alone(
    beside: Callable[[], list[Any]], buyer: Person, seller: Person, step: Callable[[Escrow], Any]
) -> None:
    paid = held(buyer, seller, "ours")
    before = beside()
    step(paid)
    assert beside() == before


ANSWERS: dict[str, Callable[[Instruction], Any]] = {
    "claimed": lambda call: instructions._claim(call.pk),
    "recorded": lambda call: instructions._record(call, Answer(f"re_{call.kind}", "https://page")),
    "left": instructions._leave,
    "refused": lambda call: instructions._record_refusal(call, ProcessorRefused("x", "")),
    "not now": lambda call: instructions._record_refusal(
        call, ProcessorRefused("lock_timeout", "")
    ),
    "doubtful": lambda call: instructions._record_doubt(call, OutcomeUnknown("?")),
    "broken": lambda call: instructions._set_back(call.pk, KeyError("x")),
    "given up": lambda call: effects.record_refusal(call, "x", final=True),
}


@pytest.mark.parametrize("step", ANSWERS.values(), ids=ANSWERS)
def test_a_call_is_answered_alone(
    beside: Callable[[], list[Any]],
    buyer: Person,
    seller: Person,
    step: Callable[[Instruction], Any],
) -> None:
    paid = held(buyer, seller, "1")
    Escrow.objects.filter(pk=paid.pk).update(poll_due_at=Now())
    payout = Payout.objects.create(person=seller, amount_cents=500, currency="USD")
    account = PayoutAccount.objects.create(person=a_person())
    links: dict[str, dict[str, Any]] = {
        "payout": {"person": seller, "payout": payout},
        "account": {"person": account.person},
    }
    before = beside()
    for kind in KINDS:
        mine = links.get(kind, {})
        step(a_call(None if mine else paid, kind, purpose=f"ours:{kind}", **mine))
        assert beside() == before, kind
    assert not Incident.objects.filter(key__contains="theirs").exists()
