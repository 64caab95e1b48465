"""What credit was sold at lately: figures that the trades' app counts and pages read.

Nothing here may show what one person did. A figure needs several trades of several people, counts
are rounded down, and what has too few is not kept at all, so that the difference
of two figures says nothing either.
"""

import time
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from django.core.cache import cache

from accounts.kept import Kept

RECENT_DAYS, WINDOW_DAYS, WEEKS = 90, 28, 26
# A seller's discount is public on their offer. What a buyer bought is not.
LEAST_TRADES, LEAST_BUYERS, LEAST_SELLERS = 5, 3, 2
ALL = ""

KEY, KEPT_SECONDS = "listings:sold", 30
# Counting takes at most one second in fifty.
LEAST_PAUSE_SECONDS, PAUSE_FACTOR, FORGOTTEN_SECONDS = 300, 50, 86_400


class Sold(NamedTuple):
    """The completed trades of some days up to `until`, of one provider or of `ALL`.

    Half of the trades were between `low_bp` and `high_bp`. `trades` is rounded down to fives and
    `volume_cents`, at face value, to two digits. `delivery_seconds` leaves out codes, which are
    there at once; None where too few trades were sent.
    """

    provider: str
    until: date
    days: int
    trades: int
    volume_cents: int
    low_bp: int
    median_bp: int
    high_bp: int
    delivery_seconds: int | None


_figures: Kept[tuple[Sold, ...]] = Kept(seconds=KEPT_SECONDS, most=1)


def is_due() -> bool:
    """Whether the figures have to be counted again."""
    found = cache.get(KEY)
    return found is None or found["until"] <= time.time()


def keep(figures: Iterable[Sold], *, counted_in_seconds: float) -> int:
    """Show these from now on, rounded; returns how many there are."""
    rows = [
        one._replace(
            until=one.until.isoformat(),  # type: ignore[arg-type]
            trades=one.trades // 5 * 5,
            volume_cents=_rounded(one.volume_cents),
        )
        for one in figures
    ]
    pause = max(LEAST_PAUSE_SECONDS, counted_in_seconds * PAUSE_FACTOR)
    cache.set(KEY, {"until": time.time() + pause, "rows": rows}, FORGOTTEN_SECONDS)
    return len(rows)


def _rounded(cents: int) -> int:
    """The number with its first two digits."""
    step = 10 ** max(0, len(str(cents)) - 2)
    return int(cents // step * step)


def lately(provider: str = ALL) -> Sold | None:
    """The last ninety days; None where too few trades were made to say anything."""
    return next(
        (one for one in _read() if (one.provider, one.days) == (provider, RECENT_DAYS)), None
    )


def history(provider: str = ALL) -> list[Sold]:
    """Four weeks at a time, week by week, the oldest first; weeks with too few are left out."""
    found = [one for one in _read() if (one.provider, one.days) == (provider, WINDOW_DAYS)]
    return sorted(found, key=lambda one: one.until)


def _read() -> tuple[Sold, ...]:
    return _figures.get("all", _from_cache)


def _from_cache() -> tuple[Sold, ...]:
    found = cache.get(KEY)
    rows = found["rows"] if found else ()
    return tuple(Sold(row[0], date.fromisoformat(row[1]), *row[2:]) for row in rows)
