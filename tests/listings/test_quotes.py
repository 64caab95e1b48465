"""Which amounts of an offer may be bought, against what an order would accept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listings.models import Listing
from listings.quotes import offered, quote, suggestions, wanted
from listings.stock import require_offered
from tests.factories import a_listing


@given(
    step=st.integers(1, 5000),
    least=st.integers(1, 40),
    left=st.integers(1, 400),
    asked=st.integers(0, 10**9),
    discount=st.integers(3000, 7000),
)
def test_every_amount_that_is_shown_can_be_ordered(
    step: int, least: int, left: int, asked: int, discount: int
) -> None:
    listing = Listing(
        status="live",
        available_cents=left * step,
        min_order_cents=least * step,
        step_cents=step,
        discount_bp=discount,
    )
    for amount in (
        offered(listing, asked),
        *(one.face_value_cents for one in suggestions(listing)),
    ):
        assert 0 < amount <= listing.available_cents
        assert amount >= listing.offered_min_cents
        assert (amount - listing.offered_min_cents) % step == 0


@pytest.mark.django_db
def test_the_quote_is_the_price_of_an_order() -> None:
    listing = a_listing(discount_bp=3333, face_value_cents=100_01, min_order_cents=1, step_cents=1)
    assert wanted(listing, "33.33").price_cents == 2222
    assert quote(listing, listing.available_cents).price_cents == listing.price_cents
    for one in suggestions(listing):
        require_offered(listing, one.face_value_cents)
        assert one.price_cents + one.saved_cents == one.face_value_cents


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("120", 120_00),
        ("$1,000", 500_00),
        ("125.5", 120_00),
        ("0.01", 10_00),
        (" 50.00 ", 50_00),
        ("", 500_00),
        ("1e3", 500_00),
        ("5.", 500_00),
        (".5", 500_00),
        ("1.234", 500_00),
    ],
)
def test_a_written_amount_becomes_the_nearest_below_that_is_offered(text: str, cents: int) -> None:
    assert wanted(a_listing(), text).face_value_cents == cents
