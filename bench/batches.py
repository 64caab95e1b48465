"""Settling many at once: `orders.batches.complete_due` against the same batch as one statement.

Every batch is undone after it was timed, constraints and all but the flush of its commit, so that
the same trades serve every round.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from accounts.models import Person
from bench import figures, goods
from bench.settlements import sent
from orders.batches import SIZE, complete_due
from orders.models import Order, OrderStatus
from orders.progress import advance

LISTINGS = 100
STATEMENT = Path(__file__).with_name("batch.sql").read_text()


def prepare(sellers: Sequence[Person], buyers: Sequence[Person], count: int = SIZE) -> None:
    """Bring so many trades to where only the end of their cooling-off time is waited for."""
    listings = goods.uniform(LISTINGS, of=sellers, lots=1000)
    for n in range(count):
        one = sent(listings[n % LISTINGS], buyers[n % len(buyers)])
        order = Order.objects.get(pk=one.order)
        with transaction.atomic():
            advance(order, OrderStatus.VERIFIED, kind="verified", actor=None, within_seconds=0)


def by_product() -> int:
    return complete_due()


def by_one_statement() -> int:
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT)
        return int(cursor.fetchone()[0])


def timed(act: Callable[[], int]) -> tuple[int, float]:
    """How many were settled in how many seconds; then nothing was."""
    begun = time.perf_counter()
    with transaction.atomic():
        done = act()
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        seconds = time.perf_counter() - begun
        transaction.set_rollback(True)
    return done, seconds


def measure(rounds: int) -> dict[str, Any]:
    """Both ways in turn."""
    timed(by_product)
    timed(by_one_statement)
    rates: dict[str, list[float]] = {"product": [], "statement": []}
    for _ in range(rounds):
        for name, act in (("product", by_product), ("statement", by_one_statement)):
            done, seconds = timed(act)
            rates[name].append(done / seconds)
    return {
        "settled": done,
        "product_per_second": figures.spread(rates["product"]),
        "statement_per_second": figures.spread(rates["statement"]),
        "over_statement": figures.ratios(rates["product"], rates["statement"]),
    }


def table(by_size: Mapping[int, dict[str, Any]]) -> str:
    """For people: one row for each size of the ledger."""
    heads = ["postings before", "trades in a batch", "÷ one statement", "per second"]
    rows = [
        [
            f"{size:,}",
            str(row["settled"]),
            figures.said(row["over_statement"], 2),
            figures.said(row["product_per_second"], 0),
            figures.said(row["statement_per_second"], 0),
        ]
        for size, row in by_size.items()
    ]
    return figures.table([*heads, "one statement"], rows)
