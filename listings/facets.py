"""How many live offers there are of each kind: counted by a sweep, read by pages.

Counting a million offers takes a second, so no page does it. A sweep counts them along everything
that can be filtered by a choice, and puts the few thousand sums into the cache; how often depends
on how long it takes. Pages say counts of the last minute or so, never what is on offer.
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from django.core.cache import cache
from django.db.models import Case, Count, IntegerField, QuerySet, Value, When

from accounts.kept import Kept
from listings.models import Listing
from providers.known import Facts, current

KEY, KEPT_SECONDS = "listings:facets", 30
DISCOUNTS_BP = (4000, 5000, 6000)
AMOUNTS_CENTS = (100_00, 500_00, 1000_00, 5000_00)
# Counting takes at most one second in fifty.
LEAST_PAUSE_SECONDS, PAUSE_FACTOR, FORGOTTEN_SECONDS = 20, 50, 3600
_cube: Kept["list[Cell] | None"] = Kept(seconds=KEPT_SECONDS, most=1)
_sums: Kept[dict[str, Counter[Any]]] = Kept(seconds=KEPT_SECONDS, most=500)


class Cell(NamedTuple):
    """So many offers of one provider and method, from so many basis points and cents on."""

    provider: str
    method: str
    discount_bp: int
    available_cents: int
    offers: int


def count_due() -> int:
    """Count again where the last count is too old; returns how many cells there are."""
    found = cache.get(KEY)
    if found is not None and found["until"] > time.time():
        return 0
    begun = time.monotonic()
    cells = [list(row) for row in _counted()]
    pause = max(LEAST_PAUSE_SECONDS, (time.monotonic() - begun) * PAUSE_FACTOR)
    cache.set(KEY, {"until": time.time() + pause, "cells": cells}, FORGOTTEN_SECONDS)
    return len(cells)


def _counted() -> QuerySet[Listing, Any]:
    rows = Listing.objects.live().annotate(
        least_bp=_band("discount_bp", DISCOUNTS_BP),
        least_cents=_band("available_cents", AMOUNTS_CENTS),
    )
    kinds = rows.values_list("provider_id", "transfer_method", "least_bp", "least_cents")
    return kinds.annotate(offers=Count("pk")).order_by()


def _band(column: str, edges: tuple[int, ...]) -> Case:
    """The greatest edge that the column reaches, or 0."""
    reached = [When(**{f"{column}__gte": edge}, then=Value(edge)) for edge in reversed(edges)]
    return Case(*reached, default=Value(0), output_field=IntegerField())


def counts(wanted: Mapping[str, Any]) -> dict[str, Counter[Any]]:
    """For each filter, how many offers each of its choices would leave, the other filters on.

    Filters by other things (words, price, expiry) are not counted in, and a bound between two of
    the choices leaves out the offers between it and the next. Empty before the first count.
    """
    key = tuple(wanted.get(name) or "" for name in FILTERS)
    return _sums.get(key, lambda: _added_up(wanted))


def _added_up(wanted: Mapping[str, Any]) -> dict[str, Counter[Any]]:
    cells = _cube.get("cells", _read)
    facts = current()
    found: dict[str, Counter[Any]] = {name: Counter() for name in FILTERS}
    for cell in cells or ():
        if (known := facts.get(cell.provider)) is None:
            continue
        misses = [name for name, fits in _tested(cell, known, wanted) if not fits]
        for name, value in _values(cell, known):
            if not misses or misses == [name]:
                found[name][value] += cell.offers
    return found


FILTERS = (
    *("provider", "category", "proof", "transfer_method", "min_discount_bp"),
    "min_available_cents",
)


def _values(cell: Cell, known: Facts) -> Iterator[tuple[str, Any]]:
    """The choices that this cell counts for."""
    yield "provider", cell.provider
    yield "category", known.category
    yield "proof", known.proof
    yield "transfer_method", cell.method
    yield from (("min_discount_bp", edge) for edge in DISCOUNTS_BP if edge <= cell.discount_bp)
    reached = (edge for edge in AMOUNTS_CENTS if edge <= cell.available_cents)
    yield from (("min_available_cents", edge) for edge in reached)


def _tested(cell: Cell, known: Facts, wanted: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    own = {
        "provider": cell.provider,
        "category": known.category,
        "proof": known.proof,
        "transfer_method": cell.method,
    }
    yield from ((name, wanted.get(name) in ("", None, value)) for name, value in own.items())
    yield "min_discount_bp", cell.discount_bp >= (wanted.get("min_discount_bp") or 0)
    yield "min_available_cents", cell.available_cents >= (wanted.get("min_available_cents") or 0)


def _read() -> list[Cell] | None:
    found = cache.get(KEY)
    return None if found is None else [Cell(*cell) for cell in found["cells"]]
