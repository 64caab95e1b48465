"""Finding out what was paid: what is asked again, when, and what an answer is written to."""

from datetime import timedelta
from typing import Any

import pytest
import requests
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Person
from orders.models import Order
from payments import baskets, collection, failpoints, instructions
from payments.models import Basket, Escrow, Fingerprint, Instruction
from payments.processor import processor
from payments.processor.interface import OutcomeUnknown
from tests.money.rows import awaiting, held, now
from tests.money.trades import fresh, placed
from tests.sandbox_process import SandboxProcess
from tests.trade import CARD

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(sandbox: SandboxProcess, buyer: Person, seller: Person) -> Order:
    """Its payment page is open."""
    sandbox.control("DELETE", "faults/")
    order = placed(buyer, seller)
    for call in Instruction.objects.filter(escrow=order.escrow):
        instructions.carry_out(call.pk)
    return fresh(order)


def fill_in(url: str) -> None:
    typed = {"number": CARD, "exp": "12/34", "cvc": "123", "name": "A Buyer"}
    requests.post(url, data=typed, allow_redirects=False, timeout=20)


def outcome(sandbox: SandboxProcess, order: Order, said: str) -> None:
    sandbox.control("POST", f"sessions/{order.escrow.checkout_id}/", {"outcome": said})


def asked_again(row: Any) -> bool:
    """Whether it is asked about again, half a minute from now."""
    rows = type(row).objects.annotate(wait=F("poll_due_at") - Now())
    found = rows.get(pk=row.pk)
    if found.poll_due_at is None:
        return False
    assert 25 < found.wait.total_seconds() <= 30
    return True


def test_while_the_page_is_open_it_is_asked_about(order: Order) -> None:
    assert collection.collect(order.escrow_id).status == "awaiting"
    assert asked_again(order.escrow)
    assert not Instruction.objects.filter(kind="expire").exists()


def test_paid_it_is_asked_about_until_the_fee_is_known(
    sandbox: SandboxProcess, order: Order
) -> None:
    fill_in(order.escrow.checkout_url)
    paid = collection.collect(order.escrow_id)
    assert (paid.status, paid.fee_cents) == ("held", None)
    assert paid.poll_due_at == now(paid).poll_due_at
    assert asked_again(paid)
    seen = Fingerprint.objects.get()
    assert (seen.person, seen.kind) == (order.buyer, "card")
    sandbox.control("POST", "clock/", {"advance_seconds": 60})
    assert collection.collect(order.escrow_id).fee_cents == 117
    assert not asked_again(paid)


def test_paid_with_its_fee_it_is_asked_about_no_more(sandbox: SandboxProcess, order: Order) -> None:
    beside = held(order.buyer, order.seller, "9")
    Escrow.objects.update(poll_due_at=Now())
    before = now(beside).poll_due_at
    fill_in(order.escrow.checkout_url)
    sandbox.control("POST", "clock/", {"advance_seconds": 60})
    assert collection.collect(order.escrow_id).fee_cents == 117
    assert not asked_again(order.escrow)
    # Of another its fee is not known, and it is asked about when its own time comes.
    assert (now(beside).fee_cents, now(beside).poll_due_at) == (None, before)


def test_what_was_paid_and_not_as_agreed_is_not_asked_about(order: Order) -> None:
    """It has no charge of its own: a person decides about it."""
    Escrow.objects.update(currency="EUR")
    fill_in(order.escrow.checkout_url)
    found = collection.collect(order.escrow_id)
    assert (found.status, found.charge_id, found.quarantined_at is None) == ("awaiting", "", False)
    assert not asked_again(found)


def test_a_page_that_has_closed_is_not_asked_about(order: Order) -> None:
    processor().client.v1.checkout.sessions.expire(order.escrow.checkout_id)  # type: ignore[attr-defined]
    assert collection.collect(order.escrow_id).status == "awaiting"
    assert not asked_again(order.escrow)


def test_what_takes_days_is_asked_about(sandbox: SandboxProcess, order: Order) -> None:
    """Case 36: complete, and not paid."""
    outcome(sandbox, order, "processing")
    assert collection.collect(order.escrow_id).status == "awaiting"
    assert asked_again(order.escrow)
    Escrow.objects.update(status="lapsed")
    collection.collect(order.escrow_id)
    assert not Instruction.objects.filter(kind="expire").exists()


def test_the_page_of_what_has_lapsed_is_closed(order: Order) -> None:
    Escrow.objects.update(status="lapsed")
    collection.collect(order.escrow_id)
    assert Instruction.objects.get(kind="expire").params == {"checkout": order.escrow.checkout_id}


def test_a_reason_to_ask_that_came_meanwhile_is_kept(order: Order) -> None:
    fill_in(order.escrow.checkout_url)

    def meanwhile(place: str) -> None:
        if place == "payment booked":
            Escrow.objects.update(poll_due_at=Now())

    with failpoints.watched(meanwhile):
        collection.collect(order.escrow_id)
    assert Escrow.objects.filter(poll_due_at__lte=Now()).exists()


def test_what_was_never_opened_is_not_asked_about(buyer: Person, seller: Person) -> None:
    opened = awaiting(buyer, seller)
    Escrow.objects.update(poll_due_at=Now())
    collection.collect(opened.pk)
    assert not asked_again(opened)


def test_a_failure_does_not_stop_the_others(order: Order, caplog: pytest.LogCaptureFixture) -> None:
    """Case 34: whatever no webhook announced, the poller finds."""
    fill_in(order.escrow.checkout_url)
    lost, later = (awaiting(order.buyer, order.seller) for _ in range(2))
    Escrow.objects.filter(pk=lost.pk).update(
        checkout_id="cs_gone", poll_due_at=Now() - timedelta(days=1)
    )
    Escrow.objects.filter(pk=later.pk).update(poll_due_at=Now() + timedelta(days=1))
    Escrow.objects.filter(pk=order.escrow_id).update(poll_due_at=Now())
    assert collection.collect_due(limit=1) == 1
    assert f"could not ask about escrow {lost.pk}" in caplog.text
    assert (asked_again(lost), fresh(order).escrow.status) == (True, "awaiting")
    assert collection.collect_due() == 1
    assert fresh(order).escrow.status == "held"
    assert collection.collect_due() == 0
    assert now(later).poll_due_at > timezone.now() + timedelta(hours=1)


def test_a_processor_that_is_away_is_asked_later(sandbox: SandboxProcess, order: Order) -> None:
    sandbox.control("POST", "faults/", {"kind": "status_500", "method": "GET", "times": 1})
    Escrow.objects.update(poll_due_at=Now())
    assert collection.collect_due() == 1
    assert asked_again(order.escrow)
    sandbox.control("POST", "faults/", {"kind": "status_500", "method": "GET", "times": 1})
    with pytest.raises(OutcomeUnknown):
        collection.collect(order.escrow_id)
    sandbox.control("DELETE", "faults/")


@pytest.fixture
def kept(sandbox: SandboxProcess, buyer: Person, seller: Person) -> Escrow:
    """Of a basket whose card was charged at the processor, and nobody here has noticed."""
    opened = awaiting(buyer, seller)
    basket = baskets.open_basket(buyer=buyer, currency="USD", pay_before=timezone.now())
    Escrow.objects.update(basket=basket)
    page = {"note": "All of it.", "success_url": "http://s/", "cancel_url": "http://c/"}
    closes = processor().earliest_expiry(timezone.now(), timezone.now())
    baskets.open_page(basket, **page, expires_at=closes)
    instructions.carry_out(Instruction.objects.get(kind="setup").pk)
    fill_in(now(basket).checkout_url)
    baskets.collect(basket.pk)
    charge = Instruction.objects.get(kind="charge")
    processor().send("charge", key=charge.key, params=charge.params, account="")
    return now(opened)


def payment_of(kept: Escrow) -> str:
    customer = now(kept.basket).customer_id
    client = processor().client  # type: ignore[attr-defined]
    return str(client.v1.payment_intents.list({"customer": customer}).data[0].id)


def test_what_was_charged_to_a_kept_card_is_booked(kept: Escrow) -> None:
    payment = payment_of(kept)
    others = [awaiting(kept.buyer, kept.seller).pk for _ in range(4)]
    Escrow.objects.update(basket=kept.basket)
    collection.collect_charge(payment)
    assert now(kept).status == "held"
    assert not Escrow.objects.filter(pk__in=others).exclude(status="awaiting", quarantined_at=None)
    assert Fingerprint.objects.get().person == kept.buyer


def test_the_payment_of_a_kept_card_is_asked_about(kept: Escrow) -> None:
    Escrow.objects.update(payment_id=payment_of(kept), poll_due_at=Now())
    assert collection.collect(kept.pk).status == "held"
    assert asked_again(kept)


def test_where_no_card_is_kept_nobody_is_asked(kept: Escrow, monkeypatch: Any) -> None:
    payment = payment_of(kept)
    Basket.objects.update(status="ended")
    collection.collect_charge(payment)
    assert now(kept).status == "awaiting"
    Basket.objects.update(status="charging")
    Escrow.objects.update(basket=None)
    collection.collect_charge(payment)
    assert now(kept).status == "awaiting"


def test_whose_it_is(buyer: Person, seller: Person) -> None:
    one, other, third = (awaiting(buyer, seller) for _ in range(3))
    Escrow.objects.filter(pk=one.pk).update(checkout_id="cs_1", charge_id="ch_1")
    assert collection.find() is None
    assert collection.find(charge_id="ch_1") == one
    assert collection.find(charge_id="ch_9", checkout_id="cs_1") is None
    assert collection.find(checkout_id="cs_1", reference=other.reference) == one
    assert collection.find(checkout_id="cs_9") is None
    assert now(other).checkout_id == ""
    # The webhook was quicker than the answer to our own call.
    assert collection.find(checkout_id="cs_2", reference=other.reference) == other
    assert (now(other).checkout_id, now(one).checkout_id) == ("cs_2", "cs_1")
    assert collection.find(checkout_id="cs_3", reference=other.reference) == other
    assert (now(other).checkout_id, now(third).checkout_id) == ("cs_2", "")


@pytest.mark.parametrize("status", ["held", "lapsed"])
def test_a_page_is_not_taken_over_by_what_has_moved_on(
    buyer: Person, seller: Person, status: str
) -> None:
    one = awaiting(buyer, seller)
    Escrow.objects.update(status=status)
    assert collection.find(checkout_id="cs_2", reference=one.reference) == one
    assert now(one).checkout_id == ""
