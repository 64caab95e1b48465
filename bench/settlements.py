"""What a confirmation costs in process: `orders.completion.confirm` against its own SQL."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import psycopg

from accounts.models import Person
from bench import goods
from bench.crew import Crew
from bench.purchases import Sample, compared, reserve, shares, timed
from bench.replay import Recording, record
from orders.completion import confirm
from orders.follow import follow
from orders.models import Order
from orders.transfer import send
from payments import escrow
from payments.processor.interface import Payment


@dataclass(frozen=True)
class Sent:
    """An order that waits for its buyer's word: every name that its settlement needs."""

    order: str
    escrow: str
    charge: str
    buyer: int
    seller: int
    listing: str

    def names(self, other: "Sent") -> dict[str, str]:
        """What of this one stands where in the other's statements."""
        return {
            other.order: self.order,
            other.escrow: self.escrow,
            other.charge: self.charge,
            other.listing: self.listing,
            # Longer names that hold the number, such as `seller:50000000`, change with it.
            str(other.buyer): str(self.buyer),
            str(other.seller): str(self.seller),
        }


@dataclass(frozen=True)
class Errand:
    """Whom to sell to, and how many orders to bring to the point of settlement."""

    listings: Sequence[UUID]
    buyers: Sequence[int]
    count: int


@dataclass(frozen=True)
class Settling:
    """Orders to settle, by the recorded SQL where there is a recording."""

    orders: Sequence[Sent]
    recording: Recording | None = None
    model: Sent | None = None


def sent(listing: UUID, buyer: Person) -> Sent:
    """An order that was paid and delivered, by the product's own steps."""
    order = reserve(listing, buyer)
    charge = f"ch_{order.pk.hex}"
    payment = Payment(f"pi_{order.pk.hex}", charge, order.price_cents, order.currency, 30)
    escrow.record_payment(order.escrow_id, payment)
    order = follow(order)
    send(order, actor=order.seller, note="Sent.")
    return Sent(
        order=str(order.pk),
        escrow=str(order.escrow_id),
        charge=charge,
        buyer=buyer.pk,
        seller=order.seller_id,
        listing=str(listing),
    )


def prepare(errand: Errand) -> list[Sent]:
    people = Person.objects.in_bulk(errand.buyers)
    count, listings = errand.count, errand.listings
    return [
        sent(listings[n % len(listings)], people[errand.buyers[n % len(errand.buyers)]])
        for n in range(count)
    ]


def settle(settling: Settling) -> Sample:
    """By the product's own code."""
    orders = [Order.objects.select_related("buyer").get(pk=one.order) for one in settling.orders]
    return timed((partial(confirm, order, actor=order.buyer) for order in orders), 60)


def settle_bare(settling: Settling) -> Sample:
    """By the recorded SQL, one transaction per order."""
    recording, model = settling.recording, settling.model
    assert recording is not None and model is not None
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection, connection.cursor() as cursor:

        def once(one: Sent) -> None:
            recording.send(cursor, one.names(model))
            connection.commit()

        return timed((partial(once, one) for one in settling.orders), 60)


def measure(
    crew: Crew, *, sellers: Sequence[Person], buyers: Sequence[Person], rounds: int, count: int
) -> dict[str, Any]:
    """Rounds of so many settlements, by the product and by its bare SQL."""
    # Each process has listings of its own: contention for stock is measured with purchases.
    dealt = shares(buyers, crew.size)
    listings = [goods.uniform(len(sellers), of=sellers, lots=1000) for _ in dealt]
    model = sent(listings[0][0], buyers[0])
    order = Order.objects.select_related("buyer").get(pk=model.order)
    known = [model.order, model.escrow, model.listing]
    recording = record(lambda: confirm(order, actor=order.buyer), known=known)
    errands = [Errand(own, people, count) for own, people in zip(listings, dealt, strict=True)]

    def one(act: Callable[[Settling], Sample], bare: bool) -> Sample:
        ready = crew.run(prepare, errands)
        how = (recording, model) if bare else (None, None)
        samples = crew.run(act, [Settling(orders, *how) for orders in ready])
        every = [took for sample in samples for took in sample.seconds]
        return Sample(every, max(sample.wall_seconds for sample in samples))

    found: dict[str, list[Sample]] = {}
    for _ in range(rounds):
        found.setdefault("settle", []).append(one(settle, False))
        found.setdefault("settle, bare", []).append(one(settle_bare, True))
    return {
        "processes": crew.size,
        "statements": len(recording.statements),
        "sql": [sql for sql, _ in recording.statements],
        **compared(found),
    }
