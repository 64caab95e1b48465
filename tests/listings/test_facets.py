"""Counts beside the filters: right, cheap for pages, and absent rather than wrong."""

from datetime import date, timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.kept import forget_all
from accounts.models import Standing, Tier
from listings import facets
from listings.search import SearchForm, results
from tests.factories import a_listing, a_provider, a_seller, copies_of

pytestmark = pytest.mark.django_db
SEARCHES = [
    {},
    {"provider": "acme"},
    {"category": "image"},
    {"min_discount_bp": "5000"},
    {"transfer_method": "redeem_code", "min_available_cents": "10000"},
    {"proof": "api_balance", "provider": "pics"},
    {"min_days_left": "180"},
    {"min_days_left": "365", "min_seller_tier": "established"},
    {"min_seller_tier": "trusted", "category": "gpu"},
]


@pytest.fixture(autouse=True)
def market(db: None) -> None:
    cache.delete(facets.KEY)
    pics = a_provider("pics", category="image", ladder=["evidence_upload"])
    copies_of(a_listing(), 2)
    copies_of(a_listing(provider=pics, discount_bp=6500, face_value_cents=2000_00), 1)
    a_listing(provider=pics, codes=["one", "two"], discount_bp=5000)
    for number, tier in enumerate(Tier):
        seller = a_seller()
        Standing.objects.create(person=seller, tier=tier)
        for days in (31, 90, 365):
            offer = a_listing(seller=seller, expires_on=day_in(days + number))
            copies_of(offer, number)


def day_in(days: int) -> date:
    return timezone.now().date() + timedelta(days=days)


@pytest.mark.parametrize("asked", SEARCHES)
def test_each_count_is_what_choosing_it_would_leave(asked: dict[str, str]) -> None:
    assert facets.count_due() > 0
    form = SearchForm(asked)
    assert form.is_valid()
    found = facets.counts(form.cleaned_data)
    for name in facets.FILTERS:
        for value, count in found[name].items():
            chosen = SearchForm({**asked, name: str(value)})
            assert chosen.is_valid()
            assert results(chosen.cleaned_data).count() == count, (name, value)


def test_the_page_says_them_and_asks_the_database_for_none(client: Client) -> None:
    assert "Acme (" not in client.get("/listings/").content.decode()
    facets.count_due()
    forget_all()
    with CaptureQueriesContext(connection) as queries:
        page = client.get("/listings/?category=gpu").content.decode()
    assert len(queries) <= 3  # providers of today, all there ever were, offers
    for words in (
        *("Acme (21)", "Pics (0)", "GPU time (21)", "Images (3)", "40% or more (21)"),
        *("30 days or more (21)", "365 days or more (6)", "Established or trusted (15)"),
        "Trusted (9)",
    ):
        assert words in page, words


def test_it_is_not_counted_again_before_its_time() -> None:
    assert facets.count_due() > 0
    assert facets.count_due() == 0
