"""GET listings/ and GET listings/{id}/: public, and only what is public."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Person
from listings.api_shapes import ListingAnswer, Search, SellerInPublic
from listings.models import Listing, ListingStatus
from listings.search import ORDERS, SearchForm
from tests.api.calling import Caller, fields, problem, wrong
from tests.factories import a_listing, a_provider, a_standing

pytestmark = pytest.mark.django_db
NOBODY = "00000000-0000-4000-8000-000000000000"


def titles(caller: Caller, **query: object) -> list[str]:
    answer = caller.get("listings/", **query)
    assert answer.status_code == 200, answer.json()
    return [row["title"] for row in answer.json()["results"]]


def test_an_offer_in_the_contract_s_shape(anybody: Caller, seller: Person) -> None:
    a_standing(seller, completed=3)
    listing = a_listing(seller=seller, title="Credit to spare")
    answer = anybody.get(f"listings/{listing.pk}/")
    found = answer.json()
    assert answer.status_code == 200
    assert set(found) == fields(ListingAnswer)
    assert set(found["seller"]) == fields(SellerInPublic)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", found.pop("created_at"))
    assert found == {
        "id": str(listing.pk),
        "provider": "acme",
        "program": None,
        "title": "Credit to spare",
        "description": listing.description,
        "currency": "USD",
        "face_value_cents": 500_00,
        "available_cents": 500_00,
        "min_order_cents": 10_00,
        "step_cents": 10_00,
        "discount_bp": 4000,
        "price_cents": 300_00,
        "expires_on": str(listing.expires_on),
        "region": "",
        "transfer_method": "balance_transfer",
        "status": "live",
        "seller": {"name": "Sol", "rating": None, "completed_orders": 3},
        "seller_tier": "new",
    }
    assert (
        anybody.get("listings/").json()["results"][0]
        == anybody.get(f"listings/{listing.pk}/").json()
    )


def test_the_smallest_order_is_always_possible(anybody: Caller) -> None:
    listing = a_listing(min_order_cents=100_00)
    Listing.objects.filter(pk=listing.pk).update(available_cents=30_00, sold_cents=470_00)
    assert anybody.get(f"listings/{listing.pk}/").json()["min_order_cents"] == 30_00
    Listing.objects.filter(pk=listing.pk).update(available_cents=0, sold_cents=500_00)
    assert anybody.get(f"listings/{listing.pk}/").json()["min_order_cents"] == 100_00


@pytest.mark.parametrize("status", ListingStatus.values)
def test_who_sees_what(
    anybody: Caller, seller: Person, buyer: Person, moderator: Person, status: str
) -> None:
    listing = a_listing(seller=seller, status=status)
    public = status in ("live", "paused", "sold_out", "expired")
    for person, sees in ((None, public), (buyer, public), (seller, True), (moderator, True)):
        answer = Caller(person).get(f"listings/{listing.pk}/")
        if sees:
            assert answer.json()["status"] == status
        else:
            problem(answer, 404, "not_found")
    assert titles(anybody) == ([listing.title] if status == "live" else [])


def test_every_filter(anybody: Caller) -> None:
    today = timezone.now().date()
    a_listing(title="Small and cheap", face_value_cents=50_00, discount_bp=7000)
    a_listing(
        title="Large and dear",
        provider=a_provider("vast"),
        discount_bp=3000,
        expires_on=today + timedelta(days=400),
        transfer_method="org_transfer",
    )
    small, large = ["Small and cheap"], ["Large and dear"]
    assert titles(anybody) == large + small
    assert titles(anybody, provider="vast") == large
    assert titles(anybody, q="cheap") == small
    assert titles(anybody, min_discount_bp=5000) == small
    assert titles(anybody, max_discount_bp=5000) == large
    assert titles(anybody, min_available_cents=100_00) == large
    assert titles(anybody, max_price_cents=100_00) == small
    assert titles(anybody, transfer_method="org_transfer") == large
    assert titles(anybody, expires_after=str(today + timedelta(days=300))) == large
    assert titles(anybody, ordering="discount") == large + small
    assert titles(anybody, ordering="-discount") == small + large
    assert titles(anybody, ordering="price") == small + large
    assert titles(anybody, ordering="-price") == large + small
    assert titles(anybody, ordering="expires") == small + large
    # What is no filter is no filter, whatever it may mean to the database.
    assert titles(anybody, _connector="OR", seller__email="x", status="draft") == large + small


def test_wrong_filters_are_named_together(anybody: Caller) -> None:
    query = {
        "provider": "nowhere",
        "min_discount_bp": "1e309",
        "max_price_cents": "-1",
        "min_available_cents": "9" * 5000,
        "expires_after": "tomorrow",
        "transfer_method": "by_post",
        "ordering": "-seller__password",
        "q": "a\0b",
    }
    assert wrong(anybody.get("listings/", **query)) == set(query)
    assert fields(Search) == set(SearchForm().fields)
    assert list(Search().fields["ordering"].choices) == list(ORDERS)


def test_pages_by_cursor_in_both_directions(anybody: Caller) -> None:
    for number in range(5):
        a_listing(title=f"Offer {number}")
    first = anybody.get("listings/", limit=2, ordering="price").json()
    second = anybody.client.get(first["next"]).json()
    third = anybody.client.get(second["next"]).json()
    pages = [first, second, third]
    assert [len(page["results"]) for page in pages] == [2, 2, 1]
    assert len({row["id"] for page in pages for row in page["results"]}) == 5
    assert (first["previous"], third["next"]) == (None, None)
    assert anybody.client.get(third["previous"]).json()["results"] == second["results"]
    assert "ordering=price" in first["next"]


@pytest.mark.parametrize("limit", ["0", "101", "-1", "ten", "1.5", "", "9" * 5000, "٣"])
def test_limits_out_of_bounds(anybody: Caller, limit: str) -> None:
    assert wrong(anybody.get("listings/", limit=limit)) == {"limit"}


def test_what_is_not_an_id_is_not_there(anybody: Caller) -> None:
    for path in (f"listings/{NOBODY}/", "listings/7/", "listings/%00/", "nothing/", "listings"):
        problem(anybody.get(path), 404, "not_found")
    problem(anybody.post("nothing/"), 404, "not_found")


def test_methods_that_a_path_does_not_have(anybody: Caller, seller: Person) -> None:
    listing = a_listing(seller=seller)
    answer = Caller(seller).send("put", f"listings/{listing.pk}/", {})
    problem(answer, 405, "method_not_allowed")
    assert "PATCH" in answer.headers["Allow"]
    problem(Caller(seller).send("delete", f"listings/{listing.pk}/", {}), 405, "method_not_allowed")
    assert anybody.client.head("/api/v1/listings/").status_code == 200
    assert anybody.client.options("/api/v1/listings/").status_code == 200


def test_as_many_queries_for_fifty_as_for_one(
    anybody: Caller, seller: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    a_listing(seller=seller)
    anybody.get("listings/")  # from here on the names of providers are known
    with django_assert_num_queries(1):
        anybody.get("listings/", limit=100)
    for number in range(49):
        a_listing(seller=seller, title=f"Offer {number}")
    anybody.get("listings/")  # the names are forgotten after a while, and all this took one
    with django_assert_num_queries(1):
        assert len(anybody.get("listings/", limit=100).json()["results"]) == 50
    listing = Listing.objects.earliest("created_at")
    with django_assert_num_queries(1):
        anybody.get(f"listings/{listing.pk}/")


def test_what_somebody_signed_in_sees_is_not_kept(anybody: Caller, buyer: Person) -> None:
    assert "no-store" in Caller(buyer).get("listings/").headers["Cache-Control"]
    assert "Set-Cookie" not in anybody.get("listings/").headers


@pytest.mark.parametrize("charset", ["undefined", "zlib", "utf-16", "rot13", "nonsense"])
def test_an_encoding_that_is_none_upsets_nothing(anybody: Caller, charset: str) -> None:
    content_type = f"text/plain; charset={charset}"
    for path in ("/api/v1/listings/?q=gpu", "/listings/?q=gpu"):
        assert anybody.client.generic("GET", path, b"", content_type).status_code == 200
