"""The browse page: filters by address, few queries, and nothing that breaks it."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Person
from tests.factories import a_listing, a_provider, a_seller, copies_of

pytestmark = pytest.mark.django_db
MOST_QUERIES = 3


def test_one_listing_or_fifty_cost_the_same_few_queries(client: Client) -> None:
    listing, counts = a_listing(), []
    for number in (0, 49):
        copies_of(listing, number)
        for address in ("/listings/", "/listings/?q=acme&provider=acme&ordering=-discount"):
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert client.get(address).status_code == 200
            counts.append(len(queries))
    assert counts[:2] == counts[2:]
    assert max(counts) <= MOST_QUERIES


def test_a_card_says_price_discount_expiry_and_seller(client: Client) -> None:
    a_listing(seller=a_seller(name="Sol"), title="A <b>bold</b> offer", discount_bp=4250)
    page = client.get("/listings/").content.decode()
    for words in ("$287.50", "42.5% off", "Expires", "Sol", "A &lt;b&gt;bold&lt;/b&gt; offer"):
        assert words in page


def test_pages_go_on_and_back_and_keep_the_search(client: Client) -> None:
    copies_of(a_listing(), 25)
    first = client.get("/listings/?provider=acme&q=")
    assert len(first.context["listings"]) == 24
    assert first.context["previous"] is None
    assert "provider=acme" in first.context["next"]
    second = client.get(f"/listings/{first.context['next']}")
    assert len(second.context["listings"]) == 2
    back = client.get(f"/listings/{second.context['previous']}")
    assert back.context["listings"] == first.context["listings"]


def test_each_filter_that_is_on_can_be_taken_away(client: Client) -> None:
    a_provider("vast", name="Vast.ai")
    page = client.get("/listings/?provider=vast&min_discount_bp=4250&ordering=price")
    tags = {tag.name: tag.without for tag in page.context["form"].tags()}
    assert tags == {
        "provider": "?min_discount_bp=4250&ordering=price",
        "min_discount_bp": "?provider=vast&ordering=price",
    }
    text = page.content.decode()
    assert "42.5% off or more" in text
    assert "No offer fits all of this" in text
    assert '<option value="4250" selected>' in text


def test_an_empty_market_asks_for_sellers(client: Client) -> None:
    assert "No offers right now" in client.get("/listings/").content.decode()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("min_discount_bp=NaN", "Enter a whole number."),
        ("max_price_cents=-1", "greater than or equal to 0"),
        ("max_price_cents=1e309", "Enter a whole number."),
        ("min_available_cents=" + "9" * 5000, "Enter a whole number."),
        ("max_discount_bp=10001", "less than or equal to 10000"),
        ("provider=nobody", "We know no provider of that name."),
        ("transfer_method=pigeon", "Credit does not move that way here."),
        ("ordering=seller__password", "Order by one of"),
        ("expires_after=2027-13-01", "Enter a valid date."),
        ("q=%00", "Null characters are not allowed."),
    ],
)
def test_what_cannot_be_read_is_said_at_its_field(client: Client, query: str, words: str) -> None:
    answer = client.get(f"/listings/?{query}")
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert client.get(f"/listings/?{query}", headers={"HX-Request": "true"}).status_code == 200


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%00",
        "WyJhIl0",
        "W10",
        "bnVsbA",
        "é",
        "a" * 5000,
        "WyItY3JlYXRlZF9hdCIsIGZhbHNlLCAxLCAieCJd",
    ],
)
def test_a_cursor_that_we_did_not_make_is_refused(client: Client, cursor: str) -> None:
    assert client.get(f"/listings/?cursor={cursor}").status_code == 400


def test_scripts_in_a_search_come_back_as_text(client: Client) -> None:
    page = client.get("/listings/", {"q": "<script>alert(1)</script>"}).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_signed_in_costs_only_the_session(client: Client, buyer: Person) -> None:
    client.force_login(buyer)
    client.get("/listings/")
    with CaptureQueriesContext(connection) as queries:
        client.get("/listings/")
    # The person, and their unread notices; the session is in the cache.
    assert len(queries) <= MOST_QUERIES + 2
