"""What moving a trade on writes beside its state: notices to the word, clocks, keys; batches."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import transaction
from django.db.models.functions import Now

from accounts.models import Notification, Person, Standing
from accounts.refusals import NotAllowed
from orders import batches, checkout, completion, disputes, follow, progress, transfer
from orders.models import Order, OrderStatus, Verdict
from orders.verification.models import Verification
from payments import escrow
from payments.models import Escrow
from tests.factories import a_seller
from tests.money.rows import payment
from tests.money.trades import FACE, Course, fresh, over, paid, placed, sent

pytestmark = pytest.mark.django_db


def said_of(order: Order, **more: Any) -> dict[str, Any]:
    """What every notice says of a trade."""
    found = {
        "url": f"/orders/{order.pk}/",
        "title": order.title,
        "currency": "USD",
        "face_value_cents": FACE,
        "price_cents": 30_00,
        "proceeds_cents": 27_60,
        "deadline": order.deadline.isoformat() if order.deadline else "",
    }
    return found | more


def test_what_is_told_and_how_often(buyer: Person, seller: Person) -> None:
    order = paid(buyer, seller)
    since = Notification.objects.count()
    for _ in range(2):
        progress.tell(order, buyer, "first", cents=5)
        progress.tell(order, seller, "first")
        for mark in ("1", "2"):
            progress.tell(order, buyer, "first", mark=mark)
        progress.tell(order, buyer, "second", again=True)
        progress.machine.remark(order, kind="k", actor=None)
    rows = Notification.objects.order_by("pk")[since:]
    first = f"order:{order.pk}:first:{buyer.pk}"
    events = order.events.count()
    assert [(row.person, row.kind, row.key) for row in rows] == [
        (buyer, "first", first),
        (seller, "first", f"order:{order.pk}:first:{seller.pk}"),
        (buyer, "first", f"{first}:1"),
        (buyer, "first", f"{first}:2"),
        *[
            (buyer, "second", f"order:{order.pk}:second:{buyer.pk}:{number}")
            for number in (events - 2, events - 1)
        ],
    ]
    assert rows[0].context == said_of(order, cents=5)
    assert rows[1].context == said_of(order)


@pytest.mark.parametrize("is_sent", [False, True])
def test_in_a_dispute_a_key_is_kept_only_for_what_was_sent(
    buyer: Person, seller: Person, is_sent: bool
) -> None:
    beside = paid(buyer, seller)
    order = sent(buyer, seller) if is_sent else paid(buyer, seller)
    key = {"key_id": "k", "ciphertext": b"x", "key_mark": "m"}
    Verification.objects.create(order=order, rung="api_balance", status="waiting", **key)
    disputes.open_dispute(order, actor=buyer, reason="other", text="I was deceived.")
    row = fresh(order)
    assert (row.status, row.ended_at) == ("disputed", None)
    told = Notification.objects.filter(kind="order_key_forgotten")
    assert Verification.objects.filter(ciphertext=None).exists() is not is_sent
    assert [row.verdict, told.count()] == (["", 0] if is_sent else [Verdict.INCONCLUSIVE, 1])
    if not is_sent:
        assert told.get().context["provider"] == order.listing.provider.name
        assert told.get().person == buyer
    assert fresh(beside).verdict == ""


def test_only_what_has_ended_has_an_end(buyer: Person, seller: Person) -> None:
    order = sent(buyer, seller)
    beside = sent(buyer, seller)
    before = fresh(beside).deadline
    assert fresh(order).ended_at is None
    progress.wait(fresh(order), kind="k", actor=None, within_seconds=50)
    assert 0 < (Course(order).waits() or 0) <= 50
    assert fresh(beside).deadline == before


def due(buyer: Person, seller: Person, **changes: Any) -> Order:
    """Verified, and its cooling-off time has passed."""
    return over(sent(buyer, seller), status=OrderStatus.VERIFIED, **changes)


def money(**changes: Any) -> Callable[[Order], Any]:
    return lambda order: Escrow.objects.filter(pk=order.escrow_id).update(**changes)


def trade(**changes: Any) -> Callable[[Order], Any]:
    return lambda order: Order.objects.filter(pk=order.pk).update(**changes)


@pytest.mark.parametrize(
    "change",
    [
        trade(status="transferred"),
        trade(deadline=Now() + timedelta(seconds=60)),
        money(released_cents=10_00),
        money(status="released"),
        money(contested_at=Now()),
        money(suspected_at=Now()),
    ],
)
def test_a_batch_takes_what_is_plain(
    buyer: Person, seller: Person, change: Callable[[Order], Any]
) -> None:
    order, plain = due(buyer, seller), due(buyer, seller)
    # Its key was forgotten long ago.
    Verification.objects.create(order=plain, rung="api_balance", status="done", key_mark="m")
    change(order)
    course = Course(fresh(order))
    before = fresh(order).status, course.money()
    assert batches.complete_due() == 1
    assert (course.events(), fresh(plain).status) == ([], "completed")
    assert (fresh(order).status, course.money()) == before


def test_a_batch_takes_the_oldest_first(buyer: Person, seller: Person) -> None:
    waits = [1000, 3000, 2000]
    orders = [due(buyer, seller, deadline=Now() - timedelta(seconds=seconds)) for seconds in waits]
    for done in ([3000], [3000, 2000], [3000, 2000, 1000]):
        assert batches.complete_due(1) == 1
        ended = [
            seconds
            for order, seconds in zip(orders, waits, strict=True)
            if fresh(order).status == "completed"
        ]
        assert sorted(ended, reverse=True) == done
    assert batches.complete_due() == 0


def test_a_batch_writes_all_that_an_ending_writes(buyer: Person, seller: Person) -> None:
    other = a_seller()
    orders = [due(buyer, seller), due(buyer, other)]
    with transaction.atomic():
        offer = orders[1].listing
        second = checkout.reserve(buyer=buyer, listing=offer, face_value_cents=FACE)
    escrow.record_payment(second.escrow_id, payment("second"))
    transfer.send(follow.follow(second), actor=other, note="Sent.")
    orders.append(over(second, status=OrderStatus.VERIFIED))
    since = Notification.objects.count()
    assert batches.complete_due() == 3
    for order in orders:
        row = fresh(order)
        course = Course(row)
        assert (row.status, row.deadline, row.ended_at is None) == ("completed", None, False)
        assert (course.money(), course.reason()) == (
            ("released", 30_00, 0),
            "The cooling-off time passed.",
        )
        last = order.events.last()
        assert (last.kind, last.from_status, last.to_status) == (  # type: ignore[union-attr]
            "completed",
            "verified",
            "completed",
        )
    assert Course(orders[0]).stock() == (50_00, 0, FACE)
    assert Course(orders[2]).stock() == (0, 0, 2 * FACE)
    told = Notification.objects.order_by("pk")[since:]
    assert {(row.person_id, row.kind, row.key.split(":")[1]) for row in told} == {
        (person, kind, str(order.pk))
        for order in orders
        for person, kind in (
            (order.buyer_id, "order_completed_buyer"),
            (order.seller_id, "order_completed_seller"),
        )
    }
    assert len(told) == 6
    for row in told:
        (order,) = [one for one in orders if str(one.pk) in row.key]
        assert row.key == f"order:{order.pk}:{row.kind}:{row.person_id}"
        assert row.context == said_of(fresh(order))
    done = dict(Standing.objects.values_list("person", "completed_orders"))
    assert (done[seller.pk], done[other.pk]) == (1, 2)


def test_what_waits_for_payment_is_not_told_of(buyer: Person, seller: Person) -> None:
    """Nothing is due: nothing is written."""
    course = Course(placed(buyer, seller))
    assert batches.complete_due() == 0
    assert course.nothing()


def measured(buyer: Person, seller: Person) -> Order:
    """Less arrived than was sold: $20 of $50."""
    order = over(sent(buyer, seller), verdict="refuted", measured_cents=20_00)
    Verification.objects.create(order=order, rung="api_balance", status="done", key_mark="m")
    return order


def test_of_a_part_both_know_what_it_costs(buyer: Person, seller: Person) -> None:
    order, beside = measured(buyer, seller), measured(buyer, seller)
    Verification.objects.filter(order=beside).update(part_offered_at=Now())
    with pytest.raises(NotAllowed):
        completion.accept_part(order, actor=seller)
    Verification.objects.filter(order=beside).update(part_offered_at=None)
    since = Notification.objects.count()
    returned = [completion.accept_part(order, actor=actor) for actor in (buyer, seller)]
    assert [row.status for row in returned] == ["transferred", "completed"]
    assert Verification.objects.get(order=beside).part_offered_at is None
    assert fresh(beside).status == "transferred"
    part = {"share_cents": 12_00, "rest_cents": 18_00, "measured_cents": 20_00}
    rows = Notification.objects.order_by("pk")[since:]
    assert [(row.person, row.kind) for row in rows] == [
        (seller, "order_part_offered"),
        (buyer, "order_part_accepted_buyer"),
        (seller, "order_part_accepted_seller"),
    ]
    assert rows[0].context == said_of(order, **part)
    assert rows[1].context == rows[2].context == said_of(fresh(order), **part)


def test_confirming_parts_returns_the_order(
    buyer: Person, seller: Person, settings: LazySettings
) -> None:
    settings.PARTS_FROM_CENTS = 1000
    order = paid(buyer, seller)
    transfer.send(order, actor=seller, note="", part_cents=20_00)
    confirmed = completion.confirm(order, actor=buyer)
    assert (confirmed.pk, confirmed.parts_arrived_cents) == (order.pk, 20_00)
