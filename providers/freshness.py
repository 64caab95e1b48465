"""When a fact was checked so long ago that a reader should be told."""

from collections.abc import Iterable
from datetime import date, timedelta

from providers.guides import Source

# Terms and prices of these providers change a few times a year.
STALE_AFTER_DAYS = 180


def is_stale(checked_on: date, *, today: date) -> bool:
    """Whether a fact of that day may have changed since."""
    return today - checked_on > timedelta(days=STALE_AFTER_DAYS)


def stale_since(sources: Iterable[Source], *, today: date) -> date | None:
    """The day of the newest source where even that is stale; None for fresh, or for no source."""
    newest = max((source.checked_on for source in sources), default=None)
    return newest if newest and is_stale(newest, today=today) else None
