"""Whether credit can be used up before it ends."""

from dataclasses import dataclass
from datetime import date, timedelta

MINUTES_PER_DAY = 24 * 60
# Beyond this nobody means it, and a calendar has no such day.
MOST_DAYS = 100_000


@dataclass(frozen=True)
class UsingUp:
    """So many units that the credit buys, used day by day until its last day.

    `per_minute` is the provider's rate limit, None where none is known.
    """

    units: int
    per_day: int
    today: date
    last_day: date
    per_minute: int | None = None

    @property
    def days(self) -> int:
        """How many days are left, today and the last day included; 0 when it is over."""
        return max(0, (self.last_day - self.today).days + 1)

    @property
    def most_per_day(self) -> int | None:
        """What the rate limit lets through in a day; None for no limit."""
        return None if self.per_minute is None else self.per_minute * MINUTES_PER_DAY

    @property
    def used_per_day(self) -> int:
        """What is used a day: what is wanted, but never more than the limit."""
        return self.per_day if self.most_per_day is None else min(self.per_day, self.most_per_day)

    @property
    def days_needed(self) -> int:
        """On how many days it is used, the last one perhaps in part."""
        return -(-self.units // self.used_per_day)

    @property
    def done_on(self) -> date | None:
        """The day on which the last of it is used; None where that is further than calendars go."""
        if self.days_needed > MOST_DAYS:
            return None
        return self.today + timedelta(days=max(0, self.days_needed - 1))

    @property
    def left(self) -> int:
        """How many units are lost at the end."""
        return max(0, self.units - self.used_per_day * self.days)

    @property
    def needed_per_day(self) -> int | None:
        """What a day would have to use for nothing to be lost; None when it is over."""
        return -(-self.units // self.days) if self.days else None

    @property
    def is_possible(self) -> bool:
        """Whether the rate limit would let all of it through in time, at full use."""
        most = self.most_per_day
        return bool(self.days) and (most is None or most * self.days >= self.units)
