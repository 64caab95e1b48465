"""What the search form accepts, what it finds, and that the database finds it by index."""

from datetime import date, timedelta

import pytest
from django.db import connection

from accounts.keyset import page
from listings.models import Listing, ListingStatus
from listings.search import ORDERS, SearchForm, order_column, results
from providers.vocabulary import ResalePolicy
from tests.factories import a_listing, a_provider, a_seller, copies_of

pytestmark = pytest.mark.django_db


def search(**data: str) -> list[Listing]:
    form = SearchForm(data)
    assert form.is_valid(), form.errors
    return list(results(form.cleaned_data))


def titles(found: list[Listing]) -> set[str]:
    return {listing.title for listing in found}


def test_only_what_can_be_bought_is_found() -> None:
    seller = a_seller()
    live = a_listing(seller=seller)
    for status in set(ListingStatus.values) - {ListingStatus.LIVE}:
        a_listing(seller=seller, status=status)
    Listing.objects.filter(pk=a_listing(seller=seller).pk).update(expires_on=date(2020, 1, 1))
    assert search() == [live]


def test_each_filter_leaves_out_what_does_not_fit() -> None:
    seller = a_seller()
    soon = date.today() + timedelta(days=60)  # noqa: DTZ011
    wanted = a_listing(
        seller=seller,
        provider=a_provider("vast"),
        discount_bp=5000,
        face_value_cents=1000_00,
        expires_on=soon + timedelta(days=1),
    )
    a_listing(
        seller=seller, discount_bp=3000, face_value_cents=100_00, expires_on=soon, codes=["A-1"]
    )
    for data in (
        {"provider": "vast"},
        {"min_discount_bp": "5000"},
        {"min_available_cents": "100000"},
        {"transfer_method": "balance_transfer"},
        {"expires_after": soon.isoformat()},
    ):
        assert search(**data) == [wanted], data
    assert wanted not in search(max_discount_bp="4999")
    assert wanted not in search(max_price_cents="49999")
    assert wanted in search(max_price_cents="50000", max_discount_bp="5000")


def test_words_are_found_in_text_and_in_providers_names() -> None:
    seller = a_seller()
    vast = a_provider("vast", name="Vast.ai")
    here = a_listing(seller=seller, provider=vast, title="Leftover balance", description="For GPUs")
    other = a_listing(seller=seller, title="Language model credit", description="From a startup")
    assert search(q="leftover") == [here]
    assert search(q="VAST") == [here]
    assert search(q="vast.ai gpu") == [here]
    assert search(q="vast startup") == []
    assert search(q="gp left") == search(q="und or & | ! :* ½²") == []
    assert search(q="lef balan") == [here]
    assert search(q="models") == [other]
    assert search(q='"model credit" -startup') == []
    assert search(q="'; DROP TABLE listings_listing; --") == []
    assert search(q="   ") == search(q="") == search()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("provider", "nobody"),
        ("provider", "acme\x00"),
        ("q", "a\x00b"),
        ("q", "x" * 201),
        ("transfer_method", "by pigeon"),
        ("ordering", "seller__password"),
        ("ordering", "discount_bp"),
        ("expires_after", "soon"),
        ("expires_after", "2027-02-30"),
        *(
            (field, value)
            for field in (
                "min_discount_bp",
                "max_discount_bp",
                "min_available_cents",
                "max_price_cents",
            )
            for value in ("NaN", "-1", "1e309", "Infinity", "1" + "0" * 18, "9" * 5000, "½", "1.5")
        ),
    ],
)
def test_what_is_not_understood_is_an_error_at_its_field(field: str, value: str) -> None:
    form = SearchForm({field: value})
    assert not form.is_valid()
    assert set(form.errors) == {field}


def test_what_is_not_a_filter_is_ignored() -> None:
    a_provider("gone", retired=True, resale_policy=ResalePolicy.ALLOWED)
    form = SearchForm({"seller__email": "x", "_connector": "OR", "status": "draft"})
    assert form.is_valid()
    assert form.cleaned_data["ordering"] == "newest"
    assert not SearchForm({"provider": "gone"}).is_valid()


@pytest.mark.parametrize("ordering", ORDERS)
def test_pages_follow_the_order_and_show_each_offer_once(ordering: str) -> None:
    seller = a_seller()
    for number in range(7):
        a_listing(
            seller=seller,
            discount_bp=3000 + number % 3 * 1000,
            face_value_cents=(number % 2 + 1) * 100_00,
            expires_on=date(2090, 1, 1 + number % 2),
        )
    column, seen, cursor = order_column(ordering), [], None
    while True:
        found = page(results({}), by=column, cursor=cursor, limit=3)
        seen += found.rows
        if (cursor := found.next) is None:
            break
    values = [getattr(listing, column.lstrip("-")) for listing in seen]
    assert values == sorted(values, reverse=column.startswith("-"))
    assert len({listing.pk for listing in seen}) == 7


@pytest.mark.parametrize("provider", ["", "acme"])
@pytest.mark.parametrize("ordering", ORDERS)
def test_each_order_is_read_from_its_index(ordering: str, provider: str) -> None:
    # With a single row, one index is as good as another.
    copies_of(a_listing(), 20)
    copies_of(a_listing(provider=a_provider("wide")), 300)
    column = order_column(ordering)
    with connection.cursor() as sql:
        sql.execute("ANALYZE listings_listing")
        sql.execute("SET LOCAL enable_seqscan = off")
        sql.execute("SET LOCAL enable_sort = off")
        rows = results({"provider": provider}).order_by(
            column, f"{column[: -len(column.lstrip('-'))]}pk"
        )
        plan = rows[:25].explain()
    index = f"{'provider' if provider else 'live'}_by_{column.lstrip('-')}"
    assert index in plan, plan
    assert "Sort" not in plan, plan


def test_a_walk_never_asks_the_index_of_words() -> None:
    copies_of(a_listing(), 900)
    rare = a_listing(title="Leftover balance")
    with connection.cursor() as sql:
        sql.execute("SELECT gin_clean_pending_list('listing_search')")
        sql.execute("ANALYZE listings_listing")
        sql.execute("SET LOCAL enable_seqscan = off")
    for walking in (True, False):
        rows = results({"q": "lefto balance"}, walking=walking)
        assert list(rows) == [rare]
        assert ("listing_search" in rows.explain()) is not walking
