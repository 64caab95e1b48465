"""The market: every provider with live offers, in two queries however many there are."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from marketplace.figures import by_provider
from tests.factories import a_listing, a_provider, a_seller

pytestmark = pytest.mark.django_db


def test_sums_and_depth_by_provider() -> None:
    seller, vast = a_seller(), a_provider("vast", name="Vast.ai")
    for discount, dollars in ((3000, 100), (3999, 200), (7000, 400)):
        a_listing(
            seller=seller, provider=vast, discount_bp=discount, face_value_cents=dollars * 100
        )
    a_listing(seller=seller, face_value_cents=1000_00)
    a_listing(seller=seller, provider=vast, status="paused")
    first, second = by_provider()
    assert (first.slug, second.slug) == ("acme", "vast")
    market = second.market  # type: ignore[attr-defined]
    assert market["offers"] == 3
    assert (market["best_discount_bp"], market["least_discount_bp"]) == (7000, 3000)
    assert market["available_cents"] == 700_00
    assert market["depth"] == [(3000, 300_00), (4000, 0), (5000, 0), (6000, 400_00)]


def test_the_page_says_it_and_draws_it(client: Client) -> None:
    a_listing(seller=a_seller(), provider=a_provider("vast", name="Vast.ai"))
    page = client.get("/market/").content.decode()
    assert "Vast.ai" in page
    assert "$500.00 at 40% off or more" in page
    assert "/market/vast/" in page


def test_an_empty_market_says_so(client: Client) -> None:
    assert "Nothing is on offer right now" in client.get("/market/").content.decode()


def test_ten_providers_cost_what_one_costs(client: Client) -> None:
    seller, counts = a_seller(), []
    for number in (1, 9):
        for n in range(number):
            a_listing(seller=seller, provider=a_provider(f"p{number}-{n}"))
        with CaptureQueriesContext(connection) as queries:
            client.get("/market/")
        counts.append(len(queries))
    assert counts == [2, 2]
