"""What an amount of credit buys, at the provider's list prices."""

import re
from typing import NamedTuple

from providers.models import Provider, UnitPrice

# "1M input tokens", "1,000 characters", "10 minutes of GPU"; a unit without a count is one.
COUNTED_UNIT = re.compile(r"(?P<count>\d[\d,]*)(?P<million>M)? (?P<things>.+)\Z")
NANODOLLARS_PER_CENT = 10**7
NANODOLLARS_PER_DOLLAR = 10**9
SQUARES_IN_A_ROW = 25
SQUARE_SIZE = 8
PER_HOUR = {"second": 3600, "seconds": 3600, "minute": 60, "minutes": 60}


class Estimate(NamedTuple):
    """So many units of something. The quantity is whole and never more than the money buys."""

    what: str
    unit: str
    quantity: int

    @property
    def hours(self) -> int | None:
        """The same in whole hours where it is counted in seconds or minutes, None elsewhere."""
        per_hour = PER_HOUR.get(self.unit.split()[0])
        return self.quantity // per_hour if per_hour else None

    @property
    def square(self) -> int:
        """What one square of the picture stands for: the power of ten that leaves under 100."""
        return int(10 ** max(len(str(self.quantity)) - 2, 0))

    @property
    def squares(self) -> int:
        """How many squares the picture has, from 1 to 99."""
        return self.quantity // self.square

    @property
    def full_rows_height(self) -> int:
        """The height of the rows that are full."""
        return self.squares // SQUARES_IN_A_ROW * SQUARE_SIZE

    @property
    def last_row_width(self) -> int:
        """The width of the row that is not full, 0 when there is none."""
        return self.squares % SQUARES_IN_A_ROW * SQUARE_SIZE

    @property
    def picture_height(self) -> int:
        """The height of the whole picture."""
        return self.full_rows_height + (SQUARE_SIZE if self.last_row_width else 0)


def what_it_buys(provider: Provider, cents: int) -> list[Estimate]:
    """What this many cents of credit buy, if all of it went into one thing, for each thing.

    Reads `provider.unit_prices`, so prefetch those for many providers. Things of which not even
    one can be had are left out. Raises ValueError for a negative amount.
    """
    if cents < 0:
        raise ValueError("an amount of credit cannot be negative")
    estimates = []
    for price in provider.unit_prices.all():
        _, things = split_unit(price.unit)
        if quantity := units_for(price, cents):
            estimates.append(Estimate(price.what, things, quantity))
    return estimates


def units_for(price: UnitPrice, cents: int) -> int:
    """How many units this many cents of credit buy, rounded down."""
    count, _ = split_unit(price.unit)
    return cents * NANODOLLARS_PER_CENT * count // _nanodollars(price)


def cents_for(price: UnitPrice, units: int) -> int:
    """How many cents of credit so many units take, rounded up: less would not be enough."""
    count, _ = split_unit(price.unit)
    return -(-units * _nanodollars(price) // (count * NANODOLLARS_PER_CENT))


def _nanodollars(price: UnitPrice) -> int:
    return int(price.price_usd * NANODOLLARS_PER_DOLLAR)


def split_unit(unit: str) -> tuple[int, str]:
    """How many things one unit holds, and their name in the plural."""
    match = COUNTED_UNIT.match(unit)
    if match is None:
        first, space, rest = unit.partition(" ")
        return 1, f"{plural(first)}{space}{rest}"
    count = int(match["count"].replace(",", "")) * (1_000_000 if match["million"] else 1)
    return count, match["things"]


def plural(noun: str) -> str:
    """The plural of the nouns that units begin with; GB-month becomes GB-months."""
    return noun if noun.endswith("s") else f"{noun}s"
