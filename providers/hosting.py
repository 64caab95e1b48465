"""Paying for each call against machines of one's own, in whole numbers all the way.

Amounts inside are ten-trillionths of a dollar, so that a price of a nanodollar less a discount in
basis points stays exact; what leaves is cents.
"""

from dataclasses import dataclass

from payments.money import BASIS_POINTS

MONTH_HOURS = 730
MILLIS_PER_HOUR = 3_600_000
PER_NANODOLLAR = BASIS_POINTS
PER_CENT = 10**7 * PER_NANODOLLAR


@dataclass(frozen=True)
class Hosting:
    """One kind of call: what it costs at a provider, and how long it keeps a machine busy."""

    call_nanodollars: int
    call_millis: int
    machine_hour_nanodollars: int
    other_cents: int = 0

    @property
    def calls_per_machine(self) -> int:
        """How many calls one machine answers in a month of 730 hours, one after the other."""
        return MONTH_HOURS * MILLIS_PER_HOUR // self.call_millis

    def machines(self, calls: int) -> int:
        """How many machines so many calls a month need; one stands there even for none."""
        return max(1, -(-calls // self.calls_per_machine))

    def by_call_cents(self, calls: int, *, discount_bp: int = 0) -> int:
        """A month at the provider's price, less a discount; rounded to the nearest cent."""
        return _cents(calls * self._call(discount_bp))

    def by_machine_cents(self, calls: int) -> int:
        """A month of machines that run day and night, and whatever else they cost."""
        return _cents(self.machines(calls) * self._machine + self._other)

    def crossing(self, *, discount_bp: int = 0) -> int | None:
        """The least calls a month at which machines of one's own cost no more; None for never."""
        call, most = self._call(discount_bp), self.calls_per_machine
        # What a machine that is busy all month saves; the other costs must come out of these.
        saved = call * most - self._machine
        if saved < 0 or (saved == 0 and self._other > 0):
            return None
        machines = max(1, -(-self._other // saved)) if saved else 1
        # One machine fewer would not have been enough, so all of these are needed by then.
        return -(-(machines * self._machine + self._other) // call)

    def _call(self, discount_bp: int) -> int:
        return self.call_nanodollars * (BASIS_POINTS - discount_bp)

    @property
    def _machine(self) -> int:
        return self.machine_hour_nanodollars * MONTH_HOURS * PER_NANODOLLAR

    @property
    def _other(self) -> int:
        return self.other_cents * PER_CENT


def _cents(tiny: int) -> int:
    return (tiny + PER_CENT // 2) // PER_CENT
