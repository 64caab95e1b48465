"""Trades as lines to compare whole, without a processor: nothing is sent that is written here."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts.models import Notification, Person, Standing
from listings.models import Listing
from orders import checkout, follow, transfer
from orders.models import Order
from payments import escrow
from payments.models import Incident
from tests.factories import a_listing
from tests.money.rows import payment

# $30 for $50 of credit, of which $2.40 are the platform's.
FACE = 50_00
WAITS = {"deliver": 1000, "inspect": 2000, "cooling_off": 3000}


def placed(buyer: Person, seller: Person, **terms: Any) -> Order:
    """Half of an offer of $100, with clocks that tell each other apart."""
    listing = a_listing(seller=seller, status="draft", **({"face_value_cents": 100_00} | terms))
    # Live at once: what publishing does is not what is tried here, and takes longer than the trade.
    Listing.objects.filter(pk=listing.pk).update(status="live")
    listing.refresh_from_db()
    with transaction.atomic():
        order = checkout.reserve(buyer=buyer, listing=listing, face_value_cents=FACE)
    clocks = {
        "deliver_within_seconds": WAITS["deliver"],
        "inspect_within_seconds": WAITS["inspect"],
        "cooling_off_seconds": WAITS["cooling_off"],
    }
    Order.objects.filter(pk=order.pk).update(**clocks)
    return fresh(order)


def paid(buyer: Person, seller: Person, **terms: Any) -> Order:
    order = placed(buyer, seller, **terms)
    escrow.record_payment(order.escrow_id, payment(order.pk.hex))
    return fresh(follow.follow(order))


def sent(buyer: Person, seller: Person, **terms: Any) -> Order:
    order = paid(buyer, seller, **terms)
    return fresh(transfer.send(order, actor=seller, note="Sent."))


def fresh(order: Order) -> Order:
    """As it is in the database."""
    return Order.objects.with_parts().get(pk=order.pk)


def over(order: Order, **changes: Any) -> Order:
    """The same with other columns, and its deadline has passed."""
    Order.objects.filter(pk=order.pk).update(
        **({"deadline": Now() - timedelta(seconds=1)} | changes)
    )
    return fresh(order)


class Course:
    """What happens to a trade from here on: B is its buyer, S its seller, others are -."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.people = {order.buyer_id: "B", order.seller_id: "S"}
        self.since = order.events.count()
        self.told_since = Notification.objects.count()

    def events(self) -> list[str]:
        """Those that came since."""
        rows = self.order.events.order_by("pk")[self.since :]
        return [
            f"{e.kind} {e.from_status}>{e.to_status} "
            f"{self.people.get(e.actor_id or 0, '-')} {e.note}".strip()
            for e in rows
        ]

    def told(self) -> list[str]:
        """Who was told what since."""
        rows = Notification.objects.order_by("pk")[self.told_since :]
        return [f"{self.people.get(row.person_id, '-')} {row.kind}" for row in rows]

    def stock(self) -> tuple[int, int, int]:
        """Of the offer: available, reserved, sold."""
        row = Listing.objects.get(pk=self.order.listing_id)
        return row.available_cents, row.reserved_cents, row.sold_cents

    def money(self) -> tuple[str, int, int]:
        """Of the escrow: its state, what was released and what was refunded."""
        row = fresh(self.order).escrow
        return row.status, row.released_cents, row.refunded_cents

    def waits(self) -> int | None:
        """Whole seconds until the deadline, if there is one."""
        row = Order.objects.annotate(wait=F("deadline") - Now()).get(pk=self.order.pk)
        return None if row.deadline is None else -int(-row.wait.total_seconds() // 1)  # type: ignore[attr-defined]

    def standing(self) -> tuple[int, int]:
        """Of the seller: trades completed and failed."""
        row = Standing.objects.filter(person=self.order.seller_id).first()
        return (row.completed_orders, row.failed_orders) if row else (0, 0)

    def reason(self) -> str:
        """Why the escrow ended."""
        return str(self.order.escrow.events.last().note)  # type: ignore[union-attr]

    def nothing(self) -> bool:
        """Whether all of it is as it was."""
        return (self.events(), self.told(), Incident.objects.count()) == ([], [], 0)
