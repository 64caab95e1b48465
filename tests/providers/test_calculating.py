"""The arithmetic of the calculators, against the figures that the guides quote, and by property."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as some

from providers.estimates import cents_for, units_for
from providers.hosting import MONTH_HOURS, Hosting
from providers.models import UnitPrice
from providers.using_up import UsingUp

FLUX = UnitPrice(what="FLUX 1.1 Pro", unit="image", price_usd=Decimal("0.04"))
INPUT = UnitPrice(what="Claude 3.7 Sonnet", unit="1M input tokens", price_usd=Decimal("3.00"))
# Ten-second SDXL calls at about $0.02, one A10G at about $0.80 an hour.
REVIEW = Hosting(20_000_000, 10_000, 800_000_000)
TODAY = date(2026, 11, 26)


def test_a_thousand_flux_images_are_forty_dollars_both_ways() -> None:
    assert units_for(FLUX, 40_00) == 1_000
    assert cents_for(FLUX, 1_000) == 40_00
    assert units_for(INPUT, 3_00) == 1_000_000
    assert cents_for(INPUT, 1) == 1


@given(
    nanos=some.integers(1, 10**12),
    count=some.sampled_from(["image", "1,000 queries", "1M tokens"]),
    units=some.integers(1, 10**9),
)
def test_credit_for_units_buys_them_and_a_cent_less_does_not(
    nanos: int, count: str, units: int
) -> None:
    price = UnitPrice(what="x", unit=count, price_usd=Decimal(nanos) / 10**9)
    cents = cents_for(price, units)
    assert units_for(price, cents) >= units
    assert units_for(price, cents - 1) < units


def test_a_hundred_thousand_calls_as_the_review_has_them() -> None:
    assert REVIEW.by_call_cents(100_000) == 2_000_00
    assert REVIEW.machines(100_000) == 1
    assert REVIEW.by_machine_cents(100_000) == 584_00
    # The review says about $800: that is $216 more than the hours cost.
    with_care = Hosting(20_000_000, 10_000, 800_000_000, other_cents=216_00)
    assert with_care.by_machine_cents(100_000) == 800_00
    assert REVIEW.crossing() == 29_200
    assert with_care.crossing() == 40_000
    assert REVIEW.by_call_cents(100_000, discount_bp=5_000) == 1_000_00
    assert REVIEW.crossing(discount_bp=5_000) == 58_400


def test_a_machine_that_is_dear_even_when_busy_never_pays() -> None:
    # 262,800 calls a month at a tenth of a cent are $262.80: less than the machine costs.
    assert Hosting(1_000_000, 10_000, 800_000_000).crossing() is None
    exactly = Hosting(1_000_000, 3_600_000, 1_000_000)
    assert exactly.crossing() == MONTH_HOURS
    assert Hosting(1_000_000, 3_600_000, 1_000_000, other_cents=1).crossing() is None


def test_a_second_machine_stands_ready_just_above_what_one_can_do() -> None:
    assert REVIEW.calls_per_machine == 262_800
    assert (REVIEW.machines(262_800), REVIEW.machines(262_801)) == (1, 2)
    assert REVIEW.by_machine_cents(262_801) == 2 * 584_00


@given(
    call=some.integers(1, 10**9),
    millis=some.integers(50_000_000, 10**9),
    hour=some.integers(1, 10**10),
    other=some.integers(0, 10_000),
    discount=some.integers(0, 7_000),
)
def test_the_crossing_is_the_first_volume_that_costs_no_more(
    call: int, millis: int, hour: int, other: int, discount: int
) -> None:
    costs = Hosting(call, millis, hour, other)

    def gain(calls: int) -> Fraction:
        """Exactly what machines save against calls."""
        by_call = Fraction(call * (10_000 - discount), 10_000) * calls
        by_machine = hour * MONTH_HOURS * costs.machines(calls) + other * 10**7
        return by_call - by_machine

    found = costs.crossing(discount_bp=discount)
    few = 300
    if found is None or found > few:
        assert all(gain(calls) < 0 for calls in range(1, few))
    else:
        assert gain(found) >= 0
        assert all(gain(calls) < 0 for calls in range(1, found))


def use(**changes: object) -> UsingUp:
    usual = {"units": 1_000, "per_day": 100, "today": TODAY, "last_day": TODAY + timedelta(days=9)}
    return UsingUp(**(usual | changes))  # type: ignore[arg-type]


def test_ten_days_for_a_thousand_at_a_hundred_a_day() -> None:
    assert (use().days, use().days_needed, use().left) == (10, 10, 0)
    assert use().done_on == use().last_day
    late = use(last_day=TODAY + timedelta(days=8))
    assert (late.left, late.needed_per_day, late.is_possible) == (100, 112, True)


def test_the_rate_limit_holds_the_use_back() -> None:
    # Without billing, Replicate answers six a minute: 8,640 a day.
    slow = use(units=100_000, per_day=50_000, per_minute=6)
    assert (slow.most_per_day, slow.used_per_day, slow.days_needed) == (8_640, 8_640, 12)
    assert (slow.left, slow.is_possible) == (100_000 - 86_400, False)
    assert use(units=100_000, per_day=50_000, per_minute=600).left == 0


def test_credit_that_has_ended_is_lost_whole() -> None:
    over = use(last_day=TODAY - timedelta(days=1))
    assert (over.days, over.left, over.needed_per_day, over.is_possible) == (0, 1_000, None, False)
    assert use(units=0).left == 0
    assert use(units=10**12, per_day=1).done_on is None


@pytest.mark.parametrize("units", [1, 99, 100, 101, 12_345])
def test_what_is_used_and_what_is_lost_are_the_whole(units: int) -> None:
    for days in range(12):
        one = use(units=units, last_day=TODAY + timedelta(days=days - 1))
        assert one.left + min(units, 100 * days) == units
        if one.needed_per_day:
            assert one.needed_per_day * days >= units > (one.needed_per_day - 1) * days
