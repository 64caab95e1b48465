"""Batches of completed trades, against everything else that moves the same rows at that moment."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.db.models.functions import Now

from accounts.models import Person, Standing
from listings.models import Listing
from orders import batches, completion, deadlines, disputes, standing
from orders.models import Dispute, Order
from payments import chargebacks, instructions, suspicions
from payments.models import Escrow, Instruction
from payments.processor.interface import CardDispute, Warned
from tests.factories import a_seller
from tests.orders.test_batches import an_offer_of, due

# Live, where the activity of others is looked at once per transaction.
WAITING = (
    "SELECT pg_stat_clear_snapshot(), count(*) FROM pg_stat_activity"
    " WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


class Act(threading.Thread):
    """Something that happens on a connection of its own; `error` is what became of it."""

    def __init__(self, act: Callable[[], Any]) -> None:
        super().__init__()
        self.act, self.error = act, None
        self.start()

    def run(self) -> None:
        try:
            self.act()
        except Exception as error:
            self.error = error  # type: ignore[assignment]
        finally:
            connections.close_all()


def wait_for(count: int) -> None:
    """Until so many connections wait for a row."""
    patience = time.monotonic() + 10
    with connection.cursor() as cursor:
        while time.monotonic() < patience:
            cursor.execute(WAITING)
            if cursor.fetchone()[1] >= count:
                return
            time.sleep(0.02)
    raise AssertionError("nobody waits")


def collide(held: Listing, *acts: Callable[[], Any]) -> list[Exception | None]:
    """All of them meet at one offer that somebody holds, in this order; then they go on."""
    running = []
    with transaction.atomic():
        Listing.objects.select_for_update(no_key=True).get(pk=held.pk)
        for number, act in enumerate(acts, start=1):
            running.append(Act(act))
            wait_for(number)
    for one in running:
        one.join(20)
    return [one.error for one in running]


def two_offers_out_of_order(seller: Person) -> list[Listing]:
    """The second was made later, and comes first by its key."""
    offers = [an_offer_of(seller), an_offer_of(seller)]
    while offers[-1].pk > offers[0].pk:
        offers[-1] = an_offer_of(seller)
    return offers


def test_the_rank_of_a_sellers_offers_is_brought_up_during_a_batch(buyer: Person) -> None:
    first, second = two_offers_out_of_order(a_seller())
    orders = [due(buyer, first), due(buyer, second)]
    for listing in (first, second):
        Listing.objects.filter(pk=listing.pk).update(seller_rank=1)
    seller = first.seller_id
    Standing.objects.get_or_create(person_id=seller)
    errors = collide(second, batches.complete_due, lambda: standing.work_out(seller))
    assert errors == [None, None]
    assert set(Listing.objects.values_list("seller_rank", flat=True)) >= {0}
    assert {Order.objects.get(pk=order.pk).status for order in orders} == {"completed"}


def lost_dispute(buyer: Person, listing: Listing, moderator: Person) -> Order:
    """A dispute that was decided for the buyer, and whose time to appeal has passed."""
    order = due(buyer, listing)
    disputes.open_dispute(order, actor=buyer, reason="other", text="Wrong.")
    dispute = Dispute.objects.get(order=order)
    disputes.decide(dispute, actor=moderator, outcome=disputes.REFUND, reason="Seen.")
    Order.objects.filter(pk=order.pk).update(deadline=Now())
    return order


@pytest.mark.parametrize("many", [True, False])
def test_a_dispute_is_lost_while_other_trades_of_the_seller_are_completed(
    buyer: Person, moderator: Person, many: bool
) -> None:
    listing = an_offer_of(a_seller())
    lost = lost_dispute(buyer, listing, moderator)
    good = due(buyer, listing)
    Standing.objects.get_or_create(person=listing.seller)
    one = lambda: completion.confirm(good, actor=buyer)  # noqa: E731
    errors = collide(
        listing, batches.complete_due if many else one, lambda: deadlines.enforce(lost.pk)
    )
    assert errors == [None, None]
    ended = Order.objects.in_bulk([lost.pk, good.pk])
    assert (ended[lost.pk].status, ended[good.pk].status) == ("cancelled", "completed")
    counted = Standing.objects.get(person=listing.seller)
    assert (counted.completed_orders, counted.failed_orders) == (1, 1)


def arrives_during_a_batch(listing: Listing, act: Callable[[], Any]) -> None:
    """The batch has taken its trades and waits for an offer; then `act` comes."""
    assert collide(listing, batches.complete_due, act) == [None, None]


def test_a_chargeback_that_comes_during_a_batch_is_not_lost(buyer: Person) -> None:
    listing = an_offer_of(a_seller())
    order = due(buyer, listing)
    charge = Escrow.objects.get(pk=order.escrow_id).charge_id
    opened = CardDispute("dp_1", charge, order.price_cents, "", str(order.pk), 15_00)
    arrives_during_a_batch(listing, lambda: chargebacks.record(opened))
    held = Escrow.objects.get(pk=order.escrow_id)
    assert (held.status, held.contested_at is not None) == ("released", True)
    assert Instruction.objects.get(escrow=held, kind="transfer").pk not in instructions.due()


def test_a_suspicion_that_comes_during_a_batch_is_not_lost(buyer: Person) -> None:
    listing = an_offer_of(a_seller())
    order = due(buyer, listing)
    charge = Escrow.objects.get(pk=order.escrow_id).charge_id
    warned = Warned("issfr_1", "fraud_warning", charge, True, str(order.pk))
    arrives_during_a_batch(listing, lambda: suspicions.record(warned))
    assert Escrow.objects.get(pk=order.escrow_id).suspected_at is not None
