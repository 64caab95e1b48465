"""The browse page: filters by address, few queries, and nothing that breaks it."""

import re
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from accounts.models import Person
from listings.models import Listing
from tests.factories import a_listing, a_provider, a_seller, copies_of

pytestmark = pytest.mark.django_db
MOST_QUERIES = 3


def offers(answer: Any) -> list[str]:
    """The addresses of the offers on a page."""
    return re.findall(r'class="cover" href="([^"]+)"', answer.content.decode())


def ways(answer: Any) -> dict[str, str]:
    """Where the links to the pages around lead."""
    found = re.findall(r'rel="(prev|next)" href="([^"]+)"', answer.content.decode())
    return {rel: unescape(address) for rel, address in found}


def test_one_listing_or_fifty_cost_the_same_few_queries(client: Client) -> None:
    listing = a_listing()
    for number in (0, 49):
        copies_of(listing, number)
        for address in ("/listings/", "/listings/?q=acme&provider=acme&ordering=-discount"):
            client.get(address)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            assert len(queries) == 1


def test_the_words_of_a_search_are_marked_and_nothing_else_becomes_markup(client: Client) -> None:
    a_listing(title="GPU <hours> & images")
    page = client.get("/listings/?q=image+gpu").content.decode()
    assert "<mark>GPU</mark> &lt;hours&gt; &amp; <mark>images</mark>" in page


def test_what_is_kept_of_a_page_is_nobodys_own(client: Client, buyer: Person) -> None:
    a_listing()
    client.get("/listings/")  # kept from now on
    client.force_login(buyer)
    assert "Signed in as buyer@example.com" in client.get("/listings/").content.decode()
    stranger = Client().get("/listings/")
    assert "Sign in" in stranger.content.decode()
    assert "buyer@example.com" not in stranger.content.decode()
    dark = Client()
    dark.cookies["theme"] = "dark"
    assert 'data-theme="dark"' in dark.get("/listings/").content.decode()
    assert "data-theme=" not in Client().get("/listings/").content.decode()


def test_a_card_follows_its_offer_at_once(client: Client) -> None:
    listing = a_listing(title="A first title")
    client.get("/listings/")
    Listing.objects.update(title="Another one", discount_bp=5000)
    assert "$250.00" in client.get("/listings/").content.decode()
    Person.objects.filter(pk=listing.seller_id).update(is_active=False)
    assert "Another one" not in client.get("/listings/").content.decode()


def test_a_card_says_price_discount_expiry_and_seller(client: Client) -> None:
    a_listing(seller=a_seller(name="Sol"), title="A <b>bold</b> offer", discount_bp=4250)
    page = client.get("/listings/").content.decode()
    for words in ("$287.50", "42.5% off", "Expires", "Sol", "A &lt;b&gt;bold&lt;/b&gt; offer"):
        assert words in page


def test_pages_go_on_and_back_and_keep_the_search(client: Client) -> None:
    copies_of(a_listing(), 25)
    first = client.get("/listings/?provider=acme&q=")
    assert len(offers(first)) == 24
    assert "prev" not in ways(first)
    assert "provider=acme" in ways(first)["next"]
    second = client.get(f"/listings/{ways(first)['next']}")
    assert len(offers(second)) == 2
    back = client.get(f"/listings/{ways(second)['prev']}")
    assert offers(back) == offers(first)


def test_each_filter_that_is_on_can_be_taken_away(client: Client) -> None:
    a_provider("vast", name="Vast.ai")
    page = client.get("/listings/?provider=vast&min_discount_bp=4250&ordering=price")
    found = re.findall(r'<a href="([^"]+)"><span class="sr">Remove: ', page.content.decode())
    assert [unescape(address) for address in found] == [
        "?min_discount_bp=4250&ordering=price",
        "?provider=vast&ordering=price",
    ]
    text = page.content.decode()
    assert "42.5% off or more" in text
    assert "No offer fits all of this" in text
    assert '<option value="4250" selected>' in text


def test_the_words_of_one_search_are_not_in_anothers_page(client: Client, buyer: Person) -> None:
    a_listing()
    client.force_login(buyer)
    for visitor in (Client(), client):
        for words in ("zebra", 'sec"<ond', ""):
            page = visitor.get("/listings/", {"q": words, "provider": "acme", "ref": "elsewhere"})
            text = page.content.decode()
            assert ("zebra" in text) == (words == "zebra")
            assert ("sec&quot;&lt;ond" in text) == (words == 'sec"<ond')
            assert "elsewhere" not in text
            assert text.count(f'value="{escape(words)}"') >= 1 or not words


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
