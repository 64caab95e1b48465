"""What an order costs in process: `orders.checkout.reserve` against its own SQL, sent bare."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from typing import Any
from uuid import UUID

import psycopg
from django.db import transaction
from django.db.models import F, Sum

from accounts.models import Person
from bench import figures, goods
from bench.crew import Crew
from bench.replay import Recording, record
from listings import stock
from listings.models import Listing
from listings.refusals import InsufficientStock, NotLive
from orders import checkout
from orders.models import Order

SPREAD_OVER, PLENTY_LOTS = 400, 1_000_000
WARM_SECONDS = 0.3  # a process imports the processor's SDK with its first order
RACED_FOR, RACE_LOTS = 40, 10


@dataclass(frozen=True)
class Errand:
    """One process's share: who buys what, for how long, and how (bare) if not by the product."""

    listings: Sequence[UUID]
    buyers: Sequence[int]
    seconds: float
    bare: "Bare | None" = None


@dataclass(frozen=True)
class Bare:
    """A recorded purchase, and whose it was."""

    recording: Recording
    listing: UUID
    buyer: int


@dataclass
class Sample:
    """How long each transaction took, and over how long they came."""

    seconds: list[float] = field(default_factory=list)
    wall_seconds: float = 0.0


def reserve(listing_id: UUID, buyer: Person) -> Order:
    """One purchase as a request makes it: load the offer, then the transaction."""
    listing = stock.offer(listing_id, buyer=buyer)
    assert listing is not None
    with transaction.atomic():
        return checkout.reserve(
            buyer=buyer, listing=listing, face_value_cents=goods.LOT_CENTS, recipient="me@bench"
        )


def timed(acts: Iterator[Callable[[], Any]], seconds: float) -> Sample:
    """Do one after the other until the time is up or nothing is left."""
    sample, begun = Sample(), time.perf_counter()
    for act in acts:
        started = time.perf_counter()
        if started - begun > seconds:
            break
        act()
        sample.seconds.append(time.perf_counter() - started)
    sample.wall_seconds = time.perf_counter() - begun
    return sample


def buy(errand: Errand) -> Sample:
    """By the product's own code."""
    people = list(Person.objects.filter(pk__in=errand.buyers))
    pairs = zip(cycle(errand.listings), cycle(people), strict=False)
    return timed((partial(reserve, *pair) for pair in pairs), errand.seconds)


def buy_bare(errand: Errand) -> Sample:
    """By the recorded SQL, one connection, one transaction per purchase, prepared statements."""
    bare = errand.bare
    assert bare is not None
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection, connection.cursor() as cursor:

        def once(listing: UUID, buyer: int) -> None:
            given = {str(bare.listing): str(listing), str(bare.buyer): str(buyer)}
            bare.recording.send(cursor, given)
            connection.commit()

        pairs = zip(cycle(errand.listings), cycle(errand.buyers), strict=False)
        return timed((partial(once, *pair) for pair in pairs), errand.seconds)


def race(errand: Errand) -> int:
    """Try to buy more of each offer than there is; returns how many purchases went through."""
    bought = 0
    buyers = cycle(Person.objects.filter(pk__in=errand.buyers))
    for listing in errand.listings:
        for _ in range(RACE_LOTS):
            try:
                reserve(listing, next(buyers))
            except (InsufficientStock, NotLive):
                continue
            bought += 1
    return bought


def oversold() -> int:
    """Lots sold that nobody had: more than was offered, or more than stock was taken for."""
    lots = 0
    orders = Order.objects.exclude(status="cancelled").values("listing")
    sold = orders.annotate(cents=Sum("face_value_cents")).values_list("listing", "cents")
    stock = dict(Listing.objects.values_list("pk", F("reserved_cents") + F("sold_cents")))
    for listing, cents in sold:
        lots += max(0, cents - stock[listing]) // goods.LOT_CENTS
    return lots


def shares(people: Sequence[Person], count: int) -> list[list[int]]:
    """Buyers dealt out, so that no two processes buy for the same person."""
    return [[person.pk for person in people[n::count]] for n in range(count)]


def measure(
    crew: Crew, *, seller: Person, buyers: Sequence[Person], rounds: int, seconds: float
) -> dict[str, Any]:
    """Rounds of the product and of its bare SQL, spread and hot; then the race."""
    many = goods.uniform(SPREAD_OVER, of=[seller], lots=PLENTY_LOTS)
    hot = goods.uniform(1, of=[seller], lots=PLENTY_LOTS)
    recording = record(lambda: reserve(hot[0], buyers[0]), known=[hot[0]])
    bare = Bare(recording, hot[0], buyers[0].pk)
    dealt = shares(buyers, crew.size)

    def one(act: Callable[[Errand], Sample], listings: Sequence[UUID], how: Bare | None) -> Sample:
        errands = [Errand(listings, people, seconds, how) for people in dealt]
        samples = crew.run(act, errands)
        every = [took for sample in samples for took in sample.seconds]
        return Sample(every, max(sample.wall_seconds for sample in samples))

    crew.run(buy, [Errand(many, people, WARM_SECONDS) for people in dealt])
    found: dict[str, list[Sample]] = {}
    for _ in range(rounds):
        for place, listings in (("spread", many), ("hot", hot)):
            found.setdefault(place, []).append(one(buy, listings, None))
            found.setdefault(f"{place}, bare", []).append(one(buy_bare, listings, bare))
    raced = goods.uniform(RACED_FOR, of=[seller], lots=RACE_LOTS)
    sold = sum(crew.run(race, [Errand(raced, people, 0) for people in dealt]))
    return {
        "processes": crew.size,
        "statements": len(recording.statements),
        "sql": [sql for sql, _ in recording.statements],
        "race": {"offered": RACED_FOR * RACE_LOTS, "sold": sold},
        "oversold": oversold(),
        **compared(found),
    }


def compared(found: dict[str, list[Sample]]) -> dict[str, Any]:
    """Figures of each way, and each over its bare SQL."""
    rates = {
        name: [len(sample.seconds) / sample.wall_seconds for sample in samples]
        for name, samples in found.items()
    }
    ways = {}
    for name, samples in found.items():
        every = [took * 1000 for sample in samples for took in sample.seconds]
        ways[name] = {
            "per_second": figures.spread(rates[name]),
            "p50_ms": figures.quantile(every, 0.5),
            "p99_ms": figures.quantile(every, 0.99),
        }
        if f"{name}, bare" in rates:
            ways[name]["over_bare"] = figures.ratios(rates[name], rates[f"{name}, bare"])
    return {"ways": ways}


def tables(result: dict[str, Any], *, what: str) -> str:
    """For people."""
    heads = [what, "rate ÷ bare SQL", "per second", "p50 ms", "p99 ms"]
    rows = [
        [
            name,
            figures.said(row["over_bare"], 2) if "over_bare" in row else "1",
            figures.said(row["per_second"], 0),
            f"{row['p50_ms']:.1f}",
            f"{row['p99_ms']:.1f}",
        ]
        for name, row in result["ways"].items()
    ]
    ends = [f"{result['processes']} processes, {result['statements']} SQL statements each."]
    if race := result.get("race"):
        ends += [f"Race: {race['sold']} of {race['offered']} sold; oversold {result['oversold']}."]
    return "\n".join([figures.table(heads, rows), "", *ends])
