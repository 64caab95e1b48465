"""What an amount buys: whole, exact, and never more than the money."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.catalogue import LoadReport
from providers.estimates import Estimate, split_unit, what_it_buys
from providers.models import Provider


def test_a_hundred_dollars_of_replicate(catalogue: LoadReport) -> None:
    assert what_it_buys(Provider.objects.get(pk="replicate"), 100_00) == [
        Estimate("FLUX 1.1 Pro", "images", 2500),
        Estimate("Ideogram V3", "images", 1111),
        Estimate("Claude 3.7 Sonnet", "input tokens", 33_333_333),
        Estimate("Claude 3.7 Sonnet", "output tokens", 6_666_666),
        Estimate("Nvidia L40S GPU", "seconds", 102_564),
        Estimate("Nvidia A100 GPU", "seconds", 71_428),
    ]


def test_an_amount_that_buys_nothing_says_nothing(catalogue: LoadReport) -> None:
    assert what_it_buys(Provider.objects.get(pk="replicate"), 0) == []
    assert [e.what for e in what_it_buys(Provider.objects.get(pk="replicate"), 1)] == [
        "Claude 3.7 Sonnet",
        "Claude 3.7 Sonnet",
        "Nvidia L40S GPU",
        "Nvidia A100 GPU",
    ]


@pytest.mark.parametrize(
    ("unit", "hours"),
    [("seconds", 2), ("seconds of video", 2), ("minutes of GPU", 120), ("images", None)],
)
def test_time_is_said_in_hours_too(unit: str, hours: int | None) -> None:
    assert Estimate("x", unit, 7_210).hours == hours


def test_a_negative_amount_is_a_bug(catalogue: LoadReport) -> None:
    with pytest.raises(ValueError, match="negative"):
        what_it_buys(Provider.objects.get(pk="replicate"), -1)


@pytest.mark.parametrize(
    ("unit", "split"),
    [
        ("image", (1, "images")),
        ("1M input tokens", (1_000_000, "input tokens")),
        ("1,000 characters", (1000, "characters")),
        ("10 minutes of GPU", (10, "minutes of GPU")),
        ("minute of audio", (1, "minutes of audio")),
        ("second", (1, "seconds")),
        ("GB-month", (1, "GB-months")),
        ("1M tokens in or out", (1_000_000, "tokens in or out")),
    ],
)
def test_units_are_split_into_count_and_things(unit: str, split: tuple[int, str]) -> None:
    assert split_unit(unit) == split


def test_every_provider_with_prices_can_be_pictured(catalogue: LoadReport) -> None:
    for provider in Provider.objects.prefetch_related("unit_prices"):
        assert len(what_it_buys(provider, 100_00)) == provider.unit_prices.count()


@given(st.integers(min_value=1, max_value=10**18))
def test_the_picture_has_one_to_ninety_nine_squares(quantity: int) -> None:
    estimate = Estimate("x", "things", quantity)
    assert 1 <= estimate.squares <= 99
    assert estimate.squares * estimate.square <= quantity
    assert estimate.picture_height in {8, 16, 24, 32}
