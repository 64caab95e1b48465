"""A model of an account: its deposits and spending are all known, and read with a lag.

The lag is at most what the catalogue says. The truth is what was deposited after the first reading.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from orders.verification.rungs import LADDER, Case, Finding
from providers.catalogue_reader import CUMULATIVE, REMAINING, ROWS, Reader
from providers.readings import Reading, reader_of

AGREED = 50
# Readings before, and after; in reading intervals from the first.
BEFORE, SENT, AFTER = (0, 1), 2, (2, 3, 4, 5, 6, 7, 8)


@dataclass(frozen=True)
class Change:
    """At a moment, something is deposited (above zero) or spent (below)."""

    at: Decimal
    amount: int


START = 1000


def reader(slug: str) -> Reader:
    found = reader_of(slug)
    assert found is not None
    return found


def read(kind: str, changes: list[Change], until: Decimal, period: str) -> Reading:
    """What the provider shows of everything that happened until then."""
    seen = [change for change in changes if change.at <= until]
    granted = START + sum(change.amount for change in seen if change.amount > 0)
    left = START + sum(change.amount for change in seen)
    rows = [("first", Decimal(START))] + [
        (f"grant-{change.at}-{change.amount}", Decimal(change.amount))
        for change in seen
        if change.amount > 0
    ]
    figures = {CUMULATIVE: Decimal(granted), REMAINING: Decimal(left), ROWS: None}
    return Reading(
        remaining=Decimal(left),
        currency="USD",
        figure=figures[kind],
        rows=tuple(sorted(rows)) if kind == ROWS else (),
        same=(period,),
    )


def judged(
    kind: str,
    changes: list[Change],
    late: list[Decimal],
    resets_at: int = 99,
    taken: int = len(AFTER),
) -> Finding:
    """The finding once so many of the readings after the sending are taken; by default, all."""
    base = replace(reader("openrouter"), kind=kind)
    readings = {
        moment: read(kind, changes, moment - lag, "new" if moment >= resets_at else "old")
        for moment, lag in zip((*BEFORE, *AFTER), late, strict=True)
    }
    case = Case(
        AGREED * 100,
        "USD",
        base,
        before=[readings[moment] for moment in BEFORE],
        after=[readings[moment] for moment in AFTER[:taken]],
        may_refute=True,
    )
    return LADDER[base.rung].finding(case)
