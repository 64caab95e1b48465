"""The page of one offer: what it says to whom, and what it lets them do."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Person
from listings import quotes
from listings.models import Listing, ListingStatus
from tests.factories import a_listing, a_provider, a_seller, a_standing, copies_of

pytestmark = pytest.mark.django_db
S = ListingStatus


def text(client: Client, listing: Listing, query: str = "") -> str:
    answer = client.get(f"{listing.get_absolute_url()}{query}")
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def test_it_says_what_a_buyer_has_to_know(client: Client) -> None:
    seller = a_seller(name="Sol")
    a_standing(seller, completed=12, failed=1)
    provider = a_provider("vast", name="Vast.ai", resale_policy="forbidden")
    listing = a_listing(seller=seller, provider=provider, region="Europe")
    page = text(client, listing)
    for words in (
        *("$300.00", "$500.00", "40% off", "Europe", "Sol", "12 completed trades"),
        *("1 not delivered", "Member since", "Balance read from the provider"),
        *("Resale forbidden", "Credit may be sent to another account.", "vast.example/terms"),
        *("written consent", "1,000", "hours", "Sign in to buy", "Report this listing"),
    ):
        assert words in page, words
    assert "seller@" not in page


def test_the_box_posts_what_an_order_needs(client: Client, buyer: Person) -> None:
    listing = a_listing()
    client.force_login(buyer)
    page = text(client, listing, "?face_value=125.50")
    assert f'action="/orders/new/{listing.pk}/"' in page
    assert re.search(r'name="face_value"[^>]* value="120\.00"', page)
    assert 'name="discount_bp" value="4000"' in page
    assert 'name="recipient"' in page
    assert ">$72.00<" in page
    keys = [re.search(r'name="key" value="([^"]+)"', text(client, listing)) for _ in "ab"]
    assert keys[0] and keys[1] and keys[0][1] != keys[1][1]


@pytest.mark.parametrize("amount", ["", "NaN", "-5", "1e9", "9" * 30, "<script>", "0.001", "٣"])
def test_an_amount_that_makes_no_sense_means_all_of_it(client: Client, amount: str) -> None:
    listing = a_listing()
    assert 'value="500.00"' in text(client, listing, f"?face_value={amount}")


def test_it_says_where_it_stands_in_its_market(client: Client) -> None:
    offer = a_listing(discount_bp=4000)
    a_listing(discount_bp=6000, provider=a_provider("another"))
    a_listing(discount_bp=6000, status="paused")
    a_listing(discount_bp=4000)

    def said() -> str:
        return client.get(offer.get_absolute_url()).content.decode()

    assert "No offer of Acme has a larger discount" in said()
    a_listing(discount_bp=4001)
    assert "1 offer of Acme has a larger discount" in said()
    for _ in range(quotes.FAR):
        a_listing(discount_bp=5000)
    assert "More than 20 offers of Acme have a larger discount" in said()


def test_a_stranger_signs_in_and_comes_back_to_it(client: Client) -> None:
    listing = a_listing()
    page = text(client, listing, "?face_value=50")
    assert "csrfmiddlewaretoken" not in page
    assert not client.cookies
    assert f"/accounts/login/?next={listing.get_absolute_url()}%3Fface_value%3D50" in page


def test_an_own_offer_leads_to_its_management(client: Client, seller: Person) -> None:
    listing = a_listing(seller=seller)
    client.force_login(seller)
    page = text(client, listing)
    assert f'href="/sell/{listing.pk}/"' in page
    assert "Continue to payment" not in page


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (S.PAUSED, "taken it off the market for a while"),
        (S.SOLD_OUT, "All of it is sold or set aside"),
        (S.EXPIRED, "expires too soon"),
    ],
)
def test_what_cannot_be_bought_says_why_and_shows_others(
    client: Client, buyer: Person, status: str, words: str
) -> None:
    seller = a_seller()
    other = a_listing(seller=seller, title="Another of the same")
    listing = a_listing(seller=seller, status=status)
    client.force_login(buyer)
    page = text(client, listing)
    assert words in page
    assert other.title in page
    assert "Continue to payment" not in page


@pytest.mark.parametrize("status", [S.DRAFT, S.IN_REVIEW, S.REJECTED, S.WITHDRAWN, S.REMOVED])
def test_what_was_never_or_is_no_longer_public_is_not_there(
    client: Client, buyer: Person, moderator: Person, status: str
) -> None:
    listing = a_listing(status=status)
    for person, expected in ((None, 404), (buyer, 404), (listing.seller, 200), (moderator, 200)):
        client.logout()
        if person:
            client.force_login(person)
        assert client.get(listing.get_absolute_url()).status_code == expected


def test_scripts_in_an_offer_are_text(client: Client) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    page = text(client, a_listing(title=evil[:25] + "</script>", description=evil))
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_it_costs_the_same_few_queries_however_much_there_is(client: Client) -> None:
    listing = a_listing(codes=[f"CODE-{n}" for n in range(20)])
    copies_of(listing, 20)
    with CaptureQueriesContext(connection) as queries:
        client.get(listing.get_absolute_url())
    assert len(queries) <= 5
