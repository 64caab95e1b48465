"""What an answer, or a refusal, means for a basket and for the charges of its card."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Person
from payments import baskets, effects, escrow, instructions
from payments.models import Basket, Chargeback, Escrow, Instruction
from payments.processor import processor
from payments.processor.interface import Answer, ProcessorRefused
from tests.money.rows import PRICE, Told, awaiting, held, now, payment
from tests.money.test_instruction_steps import ANSWER, a_call

pytestmark = pytest.mark.django_db


@pytest.fixture
def basket(buyer: Person) -> Basket:
    soon = timezone.now() + timedelta(hours=2)
    return baskets.open_basket(buyer=buyer, currency="USD", pay_before=soon)


@pytest.fixture
def part(basket: Basket, buyer: Person, seller: Person) -> Escrow:
    """Awaits its price; its own page is kept ready."""
    opened = awaiting(buyer, seller)
    Escrow.objects.filter(pk=opened.pk).update(basket=basket)
    Instruction.objects.create(
        kind="checkout", purpose="page", params={"a": 1}, escrow=opened, due_at=None
    )
    return now(opened)


def test_the_page_of_a_basket_is_kept(basket: Basket, buyer: Person) -> None:
    other = baskets.open_basket(buyer=buyer, currency="USD", pay_before=basket.pay_before)
    effects.record(a_call(None, "setup", basket=basket), ANSWER)
    row = now(basket)
    assert (row.checkout_id, row.checkout_url, row.poll_due_at is None) == (
        "re_1",
        "https://page",
        False,
    )
    effects.record(
        a_call(None, "setup", basket=basket, purpose="q"), Answer("cs_2", "https://other")
    )
    assert (now(basket).checkout_id, now(basket).checkout_url) == ("re_1", "https://page")
    assert (now(other).checkout_id, now(other).checkout_url) == ("", "")


def test_a_page_that_a_webhook_named_first_gets_its_address(basket: Basket) -> None:
    Basket.objects.update(checkout_id="re_1")
    effects.record(a_call(None, "setup", basket=basket), ANSWER)
    assert (now(basket).checkout_url, now(basket).poll_due_at is None) == ("https://page", False)


def test_the_page_that_closed_is_asked_about(basket: Basket, buyer: Person) -> None:
    other = baskets.open_basket(buyer=buyer, currency="USD", pay_before=basket.pay_before)
    effects.record(a_call(None, "expire", basket=basket), ANSWER)
    assert now(basket).poll_due_at is not None
    assert now(other).poll_due_at is None


def test_a_charge_is_asked_about_before_it_is_booked(part: Escrow) -> None:
    told = Told(part)
    effects.record(a_call(part, "charge"), ANSWER)
    row = now(part)
    assert (row.payment_id, row.charge_id, row.status, told.postings()) == (
        "re_1",
        "",
        "awaiting",
        [],
    )
    assert row.poll_due_at is not None


def test_a_charge_that_was_booked_is_not_asked_about(part: Escrow) -> None:
    Escrow.objects.update(charge_id="ch_1", payment_id="pi_1", poll_due_at=None)
    effects.record(a_call(part, "charge"), ANSWER)
    assert (now(part).payment_id, now(part).poll_due_at) == ("pi_1", None)


def test_a_declined_card_opens_the_orders_own_page(part: Escrow) -> None:
    told, call = Told(part), a_call(part, "charge")
    before = timezone.now()
    # Passing or not: a card is not tried twice.
    instructions._record_refusal(call, ProcessorRefused("insufficient_funds", "No."))
    page = Instruction.objects.get(kind="checkout")
    assert (page.status, page.tries, page.params["a"]) == ("ready", 0, 1)
    assert page.due_at is not None
    assert page.due_at >= before - timedelta(seconds=5)
    assert part.basket is not None
    assert page.params["expires_at"] == int(part.basket.pay_before.timestamp())
    assert (now(call).status, now(call).error) == ("refused", "insufficient_funds: No.")
    assert (told.incidents(), told.postings()) == ([], [])


def test_a_page_lives_as_long_as_one_must(part: Escrow) -> None:
    Basket.objects.update(pay_before=Now())
    effects.record_refusal(a_call(part, "charge"), "x", final=True)
    page = Instruction.objects.get(kind="checkout")
    least = processor().earliest_expiry(timezone.now(), timezone.now())
    assert abs(page.params["expires_at"] - least.timestamp()) < 5


@pytest.mark.parametrize(
    "change",
    [
        {"basket": None},
        {"status": "lapsed"},
        {"status": "held"},
    ],
)
def test_no_page_is_opened_for_what_does_not_await_a_basket(
    part: Escrow, change: dict[str, Any]
) -> None:
    Escrow.objects.update(**change)
    effects.record_refusal(a_call(now(part), "charge"), "x", final=True)
    assert Instruction.objects.get(kind="checkout").due_at is None


@pytest.mark.parametrize("change", [{"tries": 1}, {"status": "called_off"}, {"kind": "expire"}])
def test_no_page_is_opened_twice(part: Escrow, change: dict[str, Any]) -> None:
    Instruction.objects.update(**change)
    effects.record_refusal(a_call(part, "charge"), "x", final=True)
    assert not Instruction.objects.filter(purpose="page", due_at__isnull=False).exists()


@pytest.mark.parametrize("kind", ["evidence", "detach"])
def test_what_needs_nobody_is_not_told(part: Escrow, kind: str) -> None:
    told = Told(part)
    effects.record_refusal(a_call(part, kind), "x", final=True)
    assert (told.incidents(), told.postings()) == ([], [])


def test_whose_charge_nobody_waits_for(part: Escrow) -> None:
    charge, other = a_call(part, "charge"), a_call(part, "checkout")
    assert effects.is_moot(charge) is False
    for status in ("lapsed", "held"):
        Escrow.objects.update(status=status)
        assert effects.is_moot(charge) is True
        assert effects.is_moot(other) is False


def test_what_is_worth_waiting_for(buyer: Person, seller: Person) -> None:
    paid = held(buyer, seller)
    for kind, worth in (
        ("reversal", False),
        ("charge", False),
        ("refund", True),
        ("transfer", True),
        ("checkout", True),
    ):
        assert effects.may_still_come_true(a_call(paid, kind)) is worth


@pytest.mark.parametrize(
    ("outcome", "cents", "charge", "status"),
    [
        ("lost", PRICE, "ch_1", "called_off"),
        ("lost", PRICE + 1, "ch_1", "called_off"),
        ("lost", PRICE - 1, "ch_1", "refused"),
        ("won", PRICE, "ch_1", "ready"),
        ("", PRICE, "ch_1", "ready"),
        ("lost", PRICE, "ch_2", "ready"),
    ],
)
def test_a_refund_is_left_to_the_bank_that_took_all(
    buyer: Person, seller: Person, outcome: str, cents: int, charge: str, status: str
) -> None:
    """Whether it had been made was not known when the bank took the money: it had not.

    Where the bank took less, nothing can be refunded of the charge either: a person decides.
    """
    paid, other = held(buyer, seller, "1"), held(buyer, seller, "3")
    escrow.record_payment(paid.pk, payment("2"))
    Chargeback.objects.create(escrow=paid, remote_id="dp_1", amount_cents=cents, outcome=outcome)
    Chargeback.objects.create(escrow=other, remote_id="dp_2", amount_cents=PRICE, outcome="lost")
    call = a_call(paid)
    call.params["charge"] = charge
    call.save()
    told = Told(paid)
    assert effects.may_still_come_true(call) is (status == "ready")
    instructions._record_refusal(call, ProcessorRefused("charge_disputed", "No."))
    line = "chargeback:dp_1:instead:I | buyer:B > platform:losses 500 USD E"
    by_bank = status == "called_off"
    assert told.postings() == ([line] if by_bank else [])
    assert now(call).status == status
    assert any(line.startswith("refused:") for line in told.incidents()) is not by_bank
