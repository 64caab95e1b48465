"""How much arrived between two sets of readings: decimal arithmetic, and no guesses.

Before the credit is sent the highest figure counts, after it the highest that several readings in
a row confirm: two, or more where figures lag longer than a reading's interval, so that a late old
figure deceives nobody. Spending can only lower either, so their difference is the least that
arrived; where spending does not move the figure (cumulative ones, rows of grants) it is exact.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from itertools import pairwise

from providers.catalogue_reader import Reader
from providers.readings import Reading


@dataclass(frozen=True)
class Arrival:
    """What arrived, in cents, None where `trouble` names why that cannot be said.

    `exact`: this is all that arrived; else it is the least that did.
    """

    cents: int | None
    exact: bool = False
    trouble: str = ""


def by_figure(
    reader: Reader, currency: str, before: Sequence[Reading], after: Sequence[Reading]
) -> Arrival:
    """The rise of one figure."""
    return _arrival(reader, currency, before, after, _rise)


def by_rows(
    reader: Reader, currency: str, before: Sequence[Reading], after: Sequence[Reading]
) -> Arrival:
    """The rows that were not there before."""
    return _arrival(reader, currency, before, after, _new_rows)


Measured = tuple[Decimal, bool]
Runs = Sequence[Sequence[Reading]]
Measure = Callable[[Sequence[Reading], Sequence[Reading], Runs], Measured]


def _arrival(
    reader: Reader,
    currency: str,
    before: Sequence[Reading],
    after: Sequence[Reading],
    measure: Measure,
) -> Arrival:
    if not before or len(after) <= reader.lag_intervals:
        return Arrival(None, trouble="too_few_readings")
    if trouble := _trouble(currency, [*before, *after]):
        return Arrival(None, trouble=trouble)
    if reader.cents_per_unit is None:
        return Arrival(None, trouble="unit_without_price")
    width = reader.lag_intervals + 1
    runs = [after[start : start + width] for start in range(len(after) - width + 1)]
    units, steady = measure(before, after, runs)
    cents = int((units * reader.cents_per_unit).to_integral_value(ROUND_FLOOR))
    return Arrival(cents, exact=steady and reader.is_exact)


def _trouble(currency: str, readings: Sequence[Reading]) -> str:
    """What makes the readings incomparable, "" if nothing does."""
    if {reading.currency for reading in readings} != {currency}:
        return "other_currency"
    if len({reading.account for reading in readings}) > 1:
        return "account_changed"
    if len({reading.same for reading in readings}) > 1:
        return "reset_between"
    for earlier, later in pairwise(readings):
        if any(b < a for a, b in zip(earlier.rising, later.rising, strict=True)):
            return "reset_between"
    return ""


def _rise(before: Sequence[Reading], after: Sequence[Reading], runs: Runs) -> Measured:
    base = max(map(_figure, before))
    reached = max(min(map(_figure, run)) for run in runs)
    course = map(_figure, [*before, *after])
    return reached - base, all(a <= b for a, b in pairwise(course))


def _figure(reading: Reading) -> Decimal:
    assert reading.figure is not None, "a reader of figures reads a figure"
    return reading.figure


def _new_rows(before: Sequence[Reading], after: Sequence[Reading], runs: Runs) -> Measured:
    known: Counter[str] = Counter()
    for reading in before:
        known |= Counter(mark for mark, _ in reading.rows)
    steady = all(known <= Counter(mark for mark, _ in reading.rows) for reading in after)
    return max(_common(run, known) for run in runs), steady


def _common(run: Sequence[Reading], known: Counter[str]) -> Decimal:
    """The worth of the new rows that all of these readings show; of several amounts the least."""
    total = Decimal(0)
    sides = [_amounts(reading) for reading in run]
    for mark in set.intersection(*(set(side) for side in sides)):
        fresh = min(len(side[mark]) for side in sides) - known[mark]
        if fresh > 0:
            lowest = [min(each) for each in zip(*(side[mark] for side in sides), strict=False)]
            total += sum(sorted(lowest)[:fresh], Decimal(0))
    return total


def _amounts(reading: Reading) -> dict[str, list[Decimal]]:
    amounts: dict[str, list[Decimal]] = {}
    for mark, amount in sorted(reading.rows):
        amounts.setdefault(mark, []).append(amount)
    return amounts
