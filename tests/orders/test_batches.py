"""Completing many trades in one transaction is completing each of them, or nothing at all."""

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django.db.models.functions import Now

from accounts.models import Notification, Person, Standing
from listings.models import Listing
from orders import batches, checkout, completion, deadlines, follow, transfer
from orders.models import Order, OrderStatus, Verdict
from orders.progress import advance
from orders.verification.models import Verification
from payments import escrow, ledger
from payments.models import Escrow, Instruction, PayoutAccount, Posting
from payments.processor.interface import Payment
from tests.factories import a_listing, a_seller
from tests.trade import at_once


@pytest.fixture
def listing(_audited: None) -> Listing:
    """Without the sandbox: nothing here is sent to the processor."""
    return an_offer_of(a_seller())


def an_offer_of(seller: Person) -> Listing:
    remote = {"remote_id": f"acct_{uuid4().hex}", "ready": True}
    PayoutAccount.objects.update_or_create(person=seller, defaults=remote)
    return a_listing(seller=seller, face_value_cents=1000_00)


def due(buyer: Person, listing: Listing) -> Order:
    """An order for $50 whose arrival was verified, and whose cooling-off time has passed."""
    with transaction.atomic():
        order = checkout.reserve(buyer=buyer, listing=listing, face_value_cents=50_00)
    name = order.pk.hex
    payment = Payment(f"pi_{name}", f"ch_{name}", order.price_cents, order.currency, 30)
    escrow.record_payment(order.escrow_id, payment)
    order = follow.follow(order)
    transfer.send(order, actor=order.seller, note="Sent.")
    order.refresh_from_db()
    with transaction.atomic():
        advance(
            order,
            OrderStatus.VERIFIED,
            kind="verified",
            actor=None,
            within_seconds=0,
            verdict=Verdict.VERIFIED,
        )
    return order


@pytest.fixture
def db_order(buyer: Person) -> Callable[[], Order]:
    """Makes one more, of another seller."""
    return lambda: due(buyer, an_offer_of(a_seller()))


def traces(order: Order) -> str:
    """All that an ending writes, without the names that differ from order to order."""
    stages = ("kind", "from_status", "to_status", "actor", "note")
    money = Escrow.objects.filter(pk=order.escrow_id)
    sent = Instruction.objects.filter(escrow=order.escrow_id).order_by("purpose")
    rows = [
        Order.objects.filter(pk=order.pk).values("status", "deadline", "verdict", "rung"),
        Order.objects.filter(pk=order.pk, ended_at__isnull=False).values("title"),
        order.events.values(*stages),
        money.values("status", "released_cents", "refunded_cents"),
        order.escrow.events.values(*stages),
        Posting.objects.filter(escrow=order.escrow_id).values(
            "key", "source", "destination", "amount_cents", "currency"
        ),
        sent.values("kind", "purpose", "params", "status", "attempt", "account", "remote_id"),
        sent.filter(due_at__lte=Now(), tries=0, error="").values("kind"),
        Notification.objects.filter(key__startswith=f"order:{order.pk}:")
        .order_by("key")
        .values("kind", "person", "context", "mail_attempts"),
    ]
    text = "\n".join(repr(row) for found in rows for row in found)
    for name in (order.pk, order.escrow_id, order.pk.hex, *sent.values_list("pk", flat=True)):
        text = text.replace(str(name), "NAME")
    text = re.sub(r"\b1\d{9}\b", "SECOND", text)  # when a page of payment expires
    return re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:[\d:.+]+", "MOMENT", text)


def test_it_is_what_completing_one_is(buyer: Person, listing: Listing) -> None:
    alone, first, second = (due(buyer, listing) for _ in range(3))
    completion.complete_verified(alone)
    assert batches.complete_due() == 2
    expected = traces(alone)
    assert traces(first) == traces(second) == expected
    assert expected.count("NAME:release'") == 1
    listing.refresh_from_db()
    assert (listing.reserved_cents, listing.sold_cents) == (0, 150_00)
    assert Standing.objects.get(person=listing.seller).completed_orders == 3
    assert Standing.objects.get(person=listing.seller).tier_at is None


def contested(order: Order) -> None:
    Escrow.objects.filter(pk=order.escrow_id).update(contested_at=Now())


def suspected(order: Order) -> None:
    Escrow.objects.filter(pk=order.escrow_id).update(suspected_at=Now())


def cooling_off(order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(deadline=Now() + timedelta(hours=1))


def owed_by_the_seller(order: Order) -> None:
    with transaction.atomic():
        ledger.post(
            key="debt",
            source=ledger.debt(order.seller_id),
            destination=ledger.LOSSES,
            amount_cents=500,
            currency="USD",
        )


def with_a_key_still_lent(order: Order) -> None:
    Verification.objects.create(order=order, ciphertext=b"sealed", key_id="1")


@pytest.mark.parametrize(
    "what",
    [contested, suspected, cooling_off, owed_by_the_seller, with_a_key_still_lent],
)
def test_what_is_not_plain_is_left_and_nothing_waits_for_it(
    db_order: Callable[[], Order], what: Callable[[Order], None]
) -> None:
    odd, plain = db_order(), db_order()
    what(odd)
    before = traces(odd)
    assert batches.complete_due() == 1
    assert traces(odd) == before
    plain.refresh_from_db()
    assert plain.status == "completed"


def test_workers_at_once_complete_each_trade_once(buyer: Person, listing: Listing) -> None:
    """Each takes what no other has: nobody waits, nothing is done twice."""
    orders = [due(buyer, listing) for _ in range(12)]
    done = at_once([lambda: batches.complete_due(3)] * 4)
    assert sum(done) == 12, done
    listing.refresh_from_db()
    assert (listing.reserved_cents, listing.sold_cents) == (0, 600_00)
    assert Standing.objects.get(person=listing.seller).completed_orders == 12
    assert Instruction.objects.filter(kind="transfer").count() == len(orders)


def test_one_that_cannot_be_completed_does_not_stop_the_others(
    buyer: Person, listing: Listing
) -> None:
    """The batch is undone as a whole; then they are taken one at a time."""
    bad, good = due(buyer, listing), due(buyer, an_offer_of(a_seller()))
    before = traces(bad), traces(good)
    Listing.objects.filter(pk=listing.pk).update(reserved_cents=0, sold_cents=50_00)
    with pytest.raises(AssertionError, match="reserved this"):
        batches.complete_due()
    assert (traces(bad), traces(good)) == before
    assert deadlines.due() == [bad.pk, good.pk]
    with pytest.raises(AssertionError, match="reserved this"):
        deadlines.enforce(bad.pk)
    # However many break each time: who was not tried yet comes first.
    assert deadlines.due() == [good.pk, bad.pk]
    deadlines.enforce(good.pk)
    assert traces(bad) == before[0]
    good.refresh_from_db()
    assert good.status == "completed"
    Listing.objects.filter(pk=listing.pk).update(reserved_cents=50_00, sold_cents=0)
