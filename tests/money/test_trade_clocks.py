"""What time brings about in a trade, and what moves it on without a step of its parties."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import transaction
from django.db.models.functions import Now

from accounts.models import Notification, Person
from accounts.refusals import WrongState
from orders import cancellation, completion, deadlines, disputes, follow, progress, transfer
from orders.models import Dispute, DisputeStatus, Order
from orders.verification.models import Verification
from payments import escrow
from payments.models import Escrow
from payments.processor.interface import OutcomeUnknown, ProcessorRefused
from tests.money.rows import payment
from tests.money.trades import Course, fresh, over, paid, placed, sent

pytestmark = pytest.mark.django_db
KEPT = (50_00, 50_00, 0)


@pytest.mark.parametrize(
    ("status", "kind", "ends"),
    [
        ("placed", "not_paid_in_time", "cancelled"),
        ("paid", "not_delivered", "cancelled"),
        ("transferred", "completed", "completed"),
        ("verified", "completed", "completed"),
    ],
)
def test_a_deadline_brings_about_its_default(
    buyer: Person, seller: Person, status: str, kind: str, ends: str
) -> None:
    order = {"placed": placed, "paid": paid}.get(status, sent)(buyer, seller)
    Order.objects.filter(pk=order.pk).update(status=status)
    assert deadlines.due() == []
    deadlines.enforce(order.pk)
    assert (fresh(order).status, fresh(order).tried_at) == (status, None)
    order = over(order)
    assert deadlines.due() == [order.pk]
    deadlines.enforce(order.pk)
    assert (fresh(order).status, order.events.last().kind) == (ends, kind)  # type: ignore[union-attr]
    assert deadlines.due() == []


def test_in_a_dispute_a_deadline_goes_on_to_the_next_step(buyer: Person, seller: Person) -> None:
    order = sent(buyer, seller)
    disputes.open_dispute(order, actor=buyer, reason="not_received", text="Nothing is there.")
    order = over(order)
    deadlines.enforce(order.pk)
    assert Dispute.objects.get().status != DisputeStatus.ANSWERING


def test_what_the_bank_or_a_suspicion_holds_waits(buyer: Person, seller: Person) -> None:
    order = over(sent(buyer, seller))
    Escrow.objects.update(contested_at=Now())
    assert deadlines.due() == []
    for status, since, due in [
        *[(one, 6, False) for one in ("transferred", "verified", "disputed")],
        *[(one, 7, True) for one in ("transferred", "verified", "disputed")],
        ("paid", 6, True),
    ]:
        Escrow.objects.update(contested_at=None, suspected_at=Now() - timedelta(days=since))
        Order.objects.update(status=status)
        assert (deadlines.due() == [order.pk]) == due, (status, since)
    Order.objects.update(status="transferred")
    deadlines.enforce(order.pk)
    assert (fresh(order).status, order.events.last().kind) == (  # type: ignore[union-attr]
        "cancelled",
        "fraud_suspected",
    )


def test_whoever_waited_longest_for_a_try_is_first(buyer: Person, seller: Person) -> None:
    orders = [over(paid(buyer, seller)) for _ in range(4)]
    tried = [5, 10, None, None]
    for order, ago, late in zip(orders, tried, (9, 8, 2, 3), strict=True):
        at = None if ago is None else Now() - timedelta(seconds=ago)
        deadline = Now() - timedelta(seconds=late)
        Order.objects.filter(pk=order.pk).update(tried_at=at, deadline=deadline)
    assert deadlines.due() == [orders[n].pk for n in (3, 2, 1, 0)]


def test_what_is_refused_stays_and_is_said(
    buyer: Person, seller: Person, caplog: pytest.LogCaptureFixture
) -> None:
    order = over(sent(buyer, seller))
    Escrow.objects.update(contested_at=Now())
    deadlines.enforce(order.pk)
    assert (fresh(order).status, fresh(order).tried_at is None) == ("transferred", False)
    assert "stays as it is" in caplog.text


def test_an_order_follows_its_money(buyer: Person, seller: Person) -> None:
    order = placed(buyer, seller)
    Escrow.objects.update(status="held")
    course = Course(order)
    assert follow.due() == [order.pk]
    follow.follow(order)
    assert course.events() == ["paid placed>paid B"]
    assert (course.waits(), follow.due()) == (1000, [])
    assert course.told() == ["B order_paid_buyer", "S order_paid_seller"]
    follow.follow(order)
    assert len(course.events()) == 1


def test_of_a_transfer_in_parts_what_was_sent_is_confirmed(
    buyer: Person, seller: Person, settings: LazySettings
) -> None:
    settings.PARTS_FROM_CENTS = 1000
    order = paid(buyer, seller)
    transfer.send(order, actor=seller, note="", part_cents=20_00)
    course = Course(fresh(order))
    completion.confirm(order, actor=buyer)
    assert course.money() == ("held", 12_00, 0)
    assert (fresh(order).status, course.stock()) == ("transferred", KEPT)
    assert course.events() == [
        "part_arrived transferred>transferred B",
        "part_released transferred>transferred B",
    ]
    keys = [row.key.rpartition(":")[2] for row in Notification.objects.order_by("pk")]
    assert len(set(keys[course.told_since :])) == 2, "each time it is said"


@pytest.mark.parametrize(("verdict", "after"), [("", "inconclusive"), ("refuted", "refuted")])
def test_a_key_is_forgotten_with_its_order(
    buyer: Person, seller: Person, verdict: str, after: str
) -> None:
    """Case 48."""
    order = over(paid(buyer, seller), verdict=verdict)
    key = {"key_id": "k", "ciphertext": b"x", "key_mark": "m"}
    Verification.objects.create(order=order, rung="api_balance", status="waiting", **key)
    course = Course(order)
    cancellation.decline(fresh(order), actor=seller)
    assert course.told() == ["B order_key_forgotten", "B order_declined"]
    assert fresh(order).verdict == after
    assert Verification.objects.get().ciphertext is None


def test_nothing_waits_in_a_state_that_was_left(buyer: Person, seller: Person) -> None:
    order = paid(buyer, seller)
    Order.objects.update(status="transferred")
    course = Course(order)
    with pytest.raises(WrongState), transaction.atomic():
        progress.wait(order, kind="k", actor=None, within_seconds=5)
    assert (course.nothing(), course.waits()) == (True, 1000)
    progress.wait(fresh(order), kind="k", actor=seller, within_seconds=5)
    assert (course.events(), course.waits()) == (["k transferred>transferred S"], 5)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("paid", "paid"),
        ("unpaid", "cancelled"),
        (OutcomeUnknown("?"), "cancelled"),
        (ProcessorRefused("x", ""), "cancelled"),
    ],
)
def test_it_is_asked_about_once_more_before_it_is_unpaid(
    buyer: Person, seller: Person, monkeypatch: pytest.MonkeyPatch, answer: Any, status: str
) -> None:
    order, beside = over(placed(buyer, seller)), placed(buyer, seller)
    Escrow.objects.filter(pk=order.escrow_id).update(checkout_id="cs_1")

    def collect(escrow_id: Any) -> Escrow:
        if isinstance(answer, Exception):
            raise answer
        if answer == "paid":
            escrow.record_payment(escrow_id, payment())
        return Escrow.objects.get(pk=escrow_id)

    monkeypatch.setattr(deadlines.collection, "collect", collect)
    deadlines.enforce(order.pk)
    assert (fresh(order).status, fresh(beside).status) == (status, "placed")


def test_what_has_moved_on_is_left(
    buyer: Person, seller: Person, caplog: pytest.LogCaptureFixture
) -> None:
    order = over(placed(buyer, seller))
    escrow.record_payment(order.escrow_id, payment())
    with caplog.at_level(logging.INFO):
        deadlines.enforce(order.pk)
    assert (fresh(order).status, f"order {order.pk} had moved on" in caplog.text) == (
        "placed",
        True,
    )
