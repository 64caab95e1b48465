"""GET providers/: what is on offer, beside the facts of the catalogue."""

import pytest
from django.core.cache import cache
from pytest_django import DjangoAssertNumQueries

from marketplace.api.markets import Market, ProviderAnswer
from tests.api.calling import Caller, fields, problem
from tests.factories import a_listing, a_provider

pytestmark = pytest.mark.django_db


def test_the_market_of_a_provider(anybody: Caller) -> None:
    a_provider("quiet")
    a_listing(discount_bp=3500)
    a_listing(discount_bp=6000)
    a_listing(discount_bp=7000, status="paused")
    found = anybody.get("providers/acme/").json()
    assert set(found) == fields(ProviderAnswer)
    assert set(found["market"]) == fields(Market)
    assert found["market"] == {
        "live_listings": 2,
        "available_cents": 1000_00,
        "best_discount_bp": 6000,
        "least_discount_bp": 3500,
        "sold": None,
    }
    assert anybody.get("providers/quiet/").json()["market"] == {
        "live_listings": 0,
        "available_cents": 0,
        "best_discount_bp": None,
        "least_discount_bp": None,
        "sold": None,
    }
    rows = anybody.get("providers/").json()["results"]
    assert [row["market"]["live_listings"] for row in rows] == [2, 0]


def test_as_many_queries_for_fifty_as_for_one(
    anybody: Caller, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    a_listing()
    with django_assert_num_queries(4):  # providers, programmes, prices, markets
        anybody.get("providers/")
    for number in range(49):
        a_provider(f"p{number}")
    cache.clear()
    with django_assert_num_queries(4):
        assert len(anybody.get("providers/", limit=100).json()["results"]) == 50
    with django_assert_num_queries(3):
        anybody.get("providers/")


def test_a_provider_that_is_not_there(anybody: Caller) -> None:
    problem(anybody.get("providers/nobody/"), 404, "not_found")
