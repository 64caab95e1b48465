"""How many live offers there are of each kind: counted by a sweep, read by pages.

Counting a million offers takes a second, so no page does it. A sweep counts them along everything
that can be filtered by a choice, and puts the few thousand sums into the cache; how often depends
on how long it takes. Pages say counts of the last minute or so, never what is on offer.
"""

import time
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from django.core.cache import cache
from django.db.models import Case, Count, IntegerField, QuerySet, Value, When
from django.utils import timezone

from accounts.kept import Kept
from accounts.models import Tier
from listings.models import Listing
from providers.known import Facts, current

KEY, KEPT_SECONDS = "listings:facets", 30
DISCOUNTS_BP = (4000, 5000, 6000)
AMOUNTS_CENTS = (100_00, 500_00, 1000_00, 5000_00)
DAYS = (30, 90, 180, 365)
# Counting takes at most one second in fifty.
LEAST_PAUSE_SECONDS, PAUSE_FACTOR, FORGOTTEN_SECONDS = 20, 50, 3600
_cube: Kept["list[Cell] | None"] = Kept(seconds=KEPT_SECONDS, most=1)
_sums: Kept[dict[str, Counter[Any]]] = Kept(seconds=KEPT_SECONDS, most=500)


class Cell(NamedTuple):
    """So many offers of one provider, method and rank of seller, from so many basis points, cents
    and days on."""

    provider: str
    method: str
    discount_bp: int
    available_cents: int
    days_left: int
    rank: int
    offers: int


def count_due() -> int:
    """Count again where the last count is too old; returns how many cells there are."""
    found = cache.get(KEY)
    if found is not None and found["until"] > time.time():
        return 0
    begun = time.monotonic()
    cells = [tuple(row) for row in _counted()]
    pause = max(LEAST_PAUSE_SECONDS, (time.monotonic() - begun) * PAUSE_FACTOR)
    cache.set(KEY, {"until": time.time() + pause, "cells": cells}, FORGOTTEN_SECONDS)
    return len(cells)


def _counted() -> QuerySet[Listing, Any]:
    today = timezone.now().date()
    days = {today + timedelta(days=days): days for days in DAYS}
    rows = Listing.objects.live().annotate(
        least_bp=_band("discount_bp", {edge: edge for edge in DISCOUNTS_BP}),
        least_cents=_band("available_cents", {edge: edge for edge in AMOUNTS_CENTS}),
        least_days=_band("expires_on", days),
    )
    kinds = rows.values_list(
        *("provider_id", "transfer_method", "least_bp", "least_cents", "least_days"),
        "seller_rank",
    )
    return kinds.annotate(offers=Count("pk")).order_by()


def _band(column: str, edges: dict[Any, int]) -> Case:
    """What stands for the greatest edge that the column reaches, or 0. Edges rise."""
    reached = [
        When(**{f"{column}__gte": edge}, then=Value(band)) for edge, band in reversed(edges.items())
    ]
    return Case(*reached, default=Value(0), output_field=IntegerField())


def counts(wanted: Mapping[str, Any]) -> dict[str, Counter[Any]]:
    """For each filter, how many offers each of its choices would leave, the other filters on.

    Filters by other things (words, price, expiry) are not counted in, and a bound between two of
    the choices leaves out the offers between it and the next. Empty before the first count.
    """
    key = tuple(wanted.get(name) or "" for name in FILTERS)
    return _sums.get(key, lambda: _added_up(wanted))


# Each filter with the place of what it looks at in a cell; the first three look at the provider.
FILTERS = {
    "provider": 0,
    "category": 0,
    "proof": 0,
    "transfer_method": 1,
    "min_discount_bp": 2,
    "min_available_cents": 3,
    "min_days_left": 4,
    "min_seller_tier": 5,
}
# The values of bands and ranks from which on there is a choice, and what the choice is called.
EDGES: Mapping[str, Mapping[int, Any]] = {
    "min_discount_bp": {edge: edge for edge in DISCOUNTS_BP},
    "min_available_cents": {edge: edge for edge in AMOUNTS_CENTS},
    "min_days_left": {edge: edge for edge in DAYS},
    "min_seller_tier": {tier.rank: tier.value for tier in Tier if tier.rank},
}


def _added_up(wanted: Mapping[str, Any]) -> dict[str, Counter[Any]]:
    facts = current()
    cells = [cell for cell in _cube.get("cells", _read) or () if cell[0] in facts]
    fitting = _by_miss(cells, wanted, facts)
    # Most fit every filter: these are summed once for all filters that look at the same place.
    common = {place: _summed(fitting[0], place) for place in sorted({*FILTERS.values()})}
    return {
        name: _of_choices(name, common[place] + _summed(fitting[1 << number], place), facts)
        for number, (name, place) in enumerate(FILTERS.items())
    }


def _by_miss(
    cells: list[Cell], wanted: Mapping[str, Any], facts: Mapping[str, Facts]
) -> dict[int, list[Cell]]:
    """The cells that every filter fits, at 0, and at the bit of each filter those that it alone
    does not. There are many cells, so each value is compared once, not in each cell."""
    missed: list[dict[Any, int]] = [
        {value: _misses(place, value, wanted, facts) for value in {cell[place] for cell in cells}}
        for place in range(len(Cell._fields) - 1)
    ]
    providers, methods, discounts, amounts, days, ranks = missed
    found: dict[int, list[Cell]] = {0: [], **{1 << number: [] for number in range(len(FILTERS))}}
    for cell in cells:
        provider, method, discount_bp, available_cents, days_left, rank, _ = cell
        bits = providers[provider] | methods[method] | discounts[discount_bp]
        bits |= amounts[available_cents] | days[days_left] | ranks[rank]
        if bits in found:
            found[bits].append(cell)
    return found


def _misses(place: int, value: Any, wanted: Mapping[str, Any], facts: Mapping[str, Facts]) -> int:
    """The bits of the filters that look at this place and do not let the value through."""
    bits = 0
    for number, (name, looked_at) in enumerate(FILTERS.items()):
        asked = wanted.get(name)
        if looked_at != place or asked in ("", None):
            continue
        if name in EDGES:
            least = Tier(asked).rank if name == "min_seller_tier" else asked
            fits = value >= least
        else:
            fits = asked == _seen(name, value, facts)
        bits |= 0 if fits else 1 << number
    return bits


def _seen(name: str, value: Any, facts: Mapping[str, Facts]) -> Any:
    """What a filter by a choice sees of a provider, or of anything else."""
    return getattr(facts[value], name) if name in ("category", "proof") else value


def _summed(cells: list[Cell], place: int) -> Counter[Any]:
    found: Counter[Any] = Counter()
    for cell in cells:
        found[cell[place]] += cell[-1]
    return found


def _of_choices(name: str, sums: Counter[Any], facts: Mapping[str, Facts]) -> Counter[Any]:
    """The sums by value as those by choice: a bound lets through all that reaches it."""
    found: Counter[Any] = Counter()
    for value, offers in sums.items():
        if name in EDGES:
            for edge, choice in EDGES[name].items():
                if value >= edge:
                    found[choice] += offers
        else:
            found[_seen(name, value, facts)] += offers
    return found


def _read() -> list[Cell] | None:
    found = cache.get(KEY)
    return None if found is None else found["cells"]
