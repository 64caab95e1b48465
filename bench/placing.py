"""What an order costs over HTTP, up to the call to the processor: the API against its own SQL.

The floor is a bare view on the same web server that sends the recorded statements of one such
request through a cursor, in one transaction.
"""

import json
import logging
import pickle
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.test import Client

from accounts import tokens
from accounts.models import Person
from bench import figures, goods, limit, load
from bench.replay import Recording, record
from bench.stage import Web
from bench.stopping import Reached, stop
from orders.models import Order
from payments import failpoints

SPREAD_OVER, PLENTY_LOTS = 10_000, 1000
FIRST_OFFER = 100_000_000_000
CLIENTS = 8
API, FLOOR = "/api/v1/orders/", "/place/"


def recorded(listing: UUID, buyer: Person, token: str) -> Recording:
    """The SQL of one request, once everything that is kept is kept."""
    client = Client(headers={"host": "127.0.0.1"})

    def place() -> None:
        try:
            client.post(
                API,
                terms(listing),
                content_type="application/json",
                headers={"authorization": f"Bearer {token}", "idempotency-key": str(uuid4())},
            )
        except Reached:
            return
        raise AssertionError("no order was placed")

    logging.disable(logging.ERROR)  # it is meant to stop there
    with failpoints.watched(stop):
        place()
        found = record(place, known=[listing])
    logging.disable(logging.NOTSET)
    return found


def terms(listing: UUID) -> str:
    return json.dumps({"listing": str(listing), "face_value_cents": goods.LOT_CENTS})


def request(path: str, port: int, body: str, **headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Content-Type: application/json"]
    lines += [f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", body]).encode()


def by_product(
    port: int, listings: Sequence[UUID], bearers: Sequence[tuple[Person, str]]
) -> Iterator[bytes]:
    """One client's requests: offers and buyers in turn, a key for each."""
    for listing, (_, token) in zip(cycle(listings), cycle(bearers), strict=False):
        headers = {"Authorization": f"Bearer {token}", "Idempotency_Key": str(uuid4())}
        yield request(API, port, terms(listing), **headers)


def by_floor(
    port: int, listings: Sequence[UUID], bearers: Sequence[tuple[Person, str]]
) -> Iterator[bytes]:
    for listing, (buyer, _) in zip(cycle(listings), cycle(bearers), strict=False):
        yield request(FLOOR, port, json.dumps({"listing": str(listing), "buyer": buyer.pk}))


def prepare(home: Path, sellers: Sequence[Person], buyers: Sequence[Person]) -> dict[str, Any]:
    """Offers, tokens, and the recording, kept where the floor's view finds it."""
    # Of one seller, whom the recording names.
    many = goods.uniform(SPREAD_OVER, of=sellers[:1], lots=PLENTY_LOTS, first_number=FIRST_OFFER)
    hot = goods.uniform(1, of=sellers[:1], lots=1000 * PLENTY_LOTS)
    bearers = [(buyer, tokens.create(person=buyer, name="bench")) for buyer in buyers[1:401]]
    token = tokens.create(person=buyers[0], name="bench")
    recording = recorded(hot[0], buyers[0], token)
    key = next(
        value
        for sql, values in recording.statements
        if sql.startswith("INSERT INTO orders_placedrequest")
        for value in values
        if isinstance(value, str) and len(value) == 36
    )
    kept = {"recording": recording, "listing": str(hot[0]), "buyer": buyers[0].pk, "key": key}
    (home / "placing.pickle").write_bytes(pickle.dumps(kept))
    for place, offers in (
        ("spread", f"random({FIRST_OFFER}, {FIRST_OFFER + SPREAD_OVER - 1})"),
        ("hot", ""),
    ):
        offer = goods.numbered(":offer") if offers else str(hot[0])
        first, last = bearers[0][0].pk, bearers[-1][0].pk
        sets = [(str(hot[0]), offer, offers)]
        sets += [(str(buyers[0].pk), ":buyer", f"random({first}, {last})")]
        (home / f"{place}.pgbench").write_text(limit.script(recording, sets=sets))
    return {"home": home, "spread": many, "hot": hot, "bearers": bearers, "recording": recording}


def measure(
    product: Web, floor: Web, ready: dict[str, Any], *, rounds: int, seconds: float
) -> dict[str, Any]:
    """Rounds of both ways, spread and hot, each over eight connections."""
    bearers = ready["bearers"]
    rates: dict[str, list[float]] = {}
    p99: dict[str, list[float]] = {}
    for turn in range(rounds + 1):
        for place in ("spread", "hot"):
            for way, web in (("product", product), ("floor", floor)):

                def requests(n: int, way: str = way, web: Web = web, place: str = place) -> Any:
                    own, offers = bearers[n::CLIENTS], ready[place][n::CLIENTS] or ready[place]
                    if way == "product":
                        return by_product(web.port, offers, own)
                    return by_floor(web.port, offers, own)

                asked = load.send(
                    port=web.port, requests=requests, connections=CLIENTS, seconds=seconds
                )
                if turn:  # the first round warms up
                    rates.setdefault(f"{place} {way}", []).append(asked.per_second)
                    p99.setdefault(f"{place} {way}", []).append(
                        figures.quantile(asked.seconds, 0.99) * 1000
                    )
            if turn:
                alone = limit.per_second(ready["home"] / f"{place}.pgbench", seconds=seconds)
                rates.setdefault(f"{place} limit", []).append(alone)
    return {
        "statements": len(ready["recording"].statements),
        "orders": Order.objects.count(),
        "places": {
            place: {
                "product_per_second": figures.spread(rates[f"{place} product"]),
                "floor_per_second": figures.spread(rates[f"{place} floor"]),
                "limit_per_second": figures.spread(rates[f"{place} limit"]),
                "over_floor": figures.ratios(rates[f"{place} product"], rates[f"{place} floor"]),
                "p99_ms": figures.spread(p99[f"{place} product"]),
            }
            for place in ("spread", "hot")
        },
    }


def table(by_size: Mapping[int, dict[str, Any]]) -> str:
    """For people: two rows for each size of the ledger."""
    heads = ["orders over HTTP", "postings before", "÷ floor", "per second"]
    rows = [
        [
            place,
            f"{size:,}",
            figures.said(row["over_floor"], 2),
            figures.said(row["product_per_second"], 0),
            figures.said(row["floor_per_second"], 0),
            figures.said(row["limit_per_second"], 0),
            figures.said(row["p99_ms"], 0),
        ]
        for size, result in by_size.items()
        for place, row in result["places"].items()
    ]
    statements = next(iter(by_size.values()))["statements"]
    ends = f"{CLIENTS} connections, {statements} SQL statements each."
    return "\n".join(
        [figures.table([*heads, "floor per second", "pgbench", "p99 ms"], rows), "", ends]
    )
