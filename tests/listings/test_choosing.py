"""Offers side by side, and an amount out of several of them."""

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from listings import stock
from listings.models import Listing, ListingStatus
from listings.plans import MOST_ORDERS, cheapest
from payments.money import price_of
from tests.factories import a_listing, a_provider, a_seller, copies_of, terms

pytestmark = pytest.mark.django_db


def test_the_largest_discount_comes_first_and_the_rest_from_the_next(client: Client) -> None:
    dear = a_listing(discount_bp=3000, title="A dear offer")
    cheap = a_listing(discount_bp=6000, face_value_cents=200_00, title="A cheap offer")
    a_listing(discount_bp=7000, provider=a_provider("other"))
    plan = cheapest("acme", 350_00)
    assert [(part.listing, part.quote.face_value_cents) for part in plan.parts] == [
        (cheap, 200_00),
        (dear, 150_00),
    ]
    assert plan.price_cents == 80_00 + 105_00
    assert plan.missing_cents == 0
    page = client.get("/listings/plan/?provider=acme&amount=350").content.decode()
    assert "$350.00 of Acme credit for $185.00" in page
    assert f"{cheap.get_absolute_url()}?face_value=200.00" in page


def test_what_is_not_on_offer_in_fitting_pieces_is_said(client: Client) -> None:
    a_listing(min_order_cents=500_00)
    assert cheapest("acme", 499_00).parts == []
    assert cheapest("acme", 755_00).missing_cents == 255_00
    page = client.get("/listings/plan/?provider=acme&amount=755").content.decode()
    assert "$255.00 of what you asked for" in page
    assert "Nothing fits" in client.get("/listings/plan/?provider=acme&amount=20").content.decode()


def test_a_plan_is_never_more_orders_than_somebody_would_place() -> None:
    copies_of(a_listing(face_value_cents=10_00), 20)
    assert len(cheapest("acme", 10_000_00).parts) == MOST_ORDERS


@settings(max_examples=15, suppress_health_check=list(HealthCheck), deadline=None)
@given(
    offers=some.lists(
        some.tuples(some.integers(30, 70), some.integers(1, 40), some.integers(1, 40)),
        min_size=1,
        max_size=4,
    ),
    wanted=some.integers(1, 2000),
)
def test_every_part_of_a_plan_can_be_ordered_at_its_price(
    offers: list[tuple[int, int, int]], wanted: int
) -> None:
    Listing.objects.all().delete()  # what the last example made
    seller = a_seller()
    for discount, least, more in offers:
        offer = terms(
            discount_bp=discount * 100,
            min_order_cents=least * 10_00,
            face_value_cents=(least + more) * 10_00,
        )
        left = offer["face_value_cents"]
        Listing.objects.create(
            seller=seller, status=ListingStatus.LIVE, available_cents=left, **offer
        )
    plan = cheapest("acme", wanted * 100)
    assert plan.face_value_cents + plan.missing_cents == plan.wanted_cents
    for part in plan.parts:
        stock.require_offered(part.listing, part.quote.face_value_cents)
        cents, discount = part.quote.face_value_cents, part.listing.discount_bp
        assert part.quote.price_cents == price_of(cents, discount)


def test_side_by_side_shows_what_is_public_and_no_more_than_four(client: Client) -> None:
    first, hidden = a_listing(title="One of them"), a_listing(title="A draft", status="draft")
    copies_of(first, 5)
    keys = [hidden.pk, *Listing.objects.live().values_list("pk", flat=True)]
    query = "&".join(f"id={key}" for key in [*keys, "nonsense", "%00"])
    page = client.get(f"/listings/compare/?{query}").content.decode()
    assert "A draft" not in page
    assert page.count("One of them") == 3
    assert "Nothing to compare" in client.get("/listings/compare/?id=x").content.decode()


def test_strange_amounts_and_providers_are_answered(client: Client) -> None:
    a_provider("acme")
    for query, status in (
        ("", 200),
        ("provider=nobody&amount=5", 400),
        ("provider=acme&amount=" + "9" * 9999, 200),
        ("provider=acme&amount=%00", 200),
        ("provider=" + "x" * 9999, 400),
    ):
        assert client.get(f"/listings/plan/?{query}").status_code == status
