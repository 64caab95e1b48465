"""Changing a price, and letting it fall: page, API and order agree to the cent at any moment."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from accounts.models import Person
from accounts.refusals import Invalid, NotAllowed, WrongState
from listings import prices, publishing, stock
from listings.models import Listing, PriceFall
from listings.refusals import NotLive
from marketplace.templatetags.money import money
from payments.money import price_of
from tests.factories import a_listing, a_seller

pytestmark = pytest.mark.django_db


def days_later(fall: PriceFall, days: int) -> None:
    """As if the schedule had been set so many days ago."""
    ago = timedelta(days=days)
    PriceFall.objects.filter(pk=fall.pk).update(
        start_on=fall.start_on - ago, end_on=fall.end_on - ago, next_on=fall.next_on - ago
    )


def agreed(client: Client, listing: Listing) -> int:
    """The discount that the row, the page, the API and an order at this moment have in common."""
    row = Listing.objects.get(pk=listing.pk)
    price = price_of(row.available_cents, row.discount_bp)
    assert row.price_cents == price
    api: Any = client.get(f"/api/v1/listings/{row.pk}/").json()
    assert (api["price_cents"], api["discount_bp"]) == (price, row.discount_bp)
    page = client.get(row.get_absolute_url()).content.decode()
    assert money(price) in page
    assert f'data-discount-bp="{row.discount_bp}"' in page
    assert money(price) in client.get("/listings/").content.decode()
    with transaction.atomic():
        stock.reserve(row, row.available_cents)
        transaction.set_rollback(True)
    return row.discount_bp


def test_a_new_price_holds_at_once_and_not_for_who_saw_the_old_one(seller: Person) -> None:
    listing = a_listing(seller=seller)
    shown = Listing.objects.get(pk=listing.pk)
    prices.reprice(listing, actor=seller, discount_bp=5000)
    listing.refresh_from_db()
    assert listing.price_cents == 250_00
    with pytest.raises(NotLive), transaction.atomic():
        stock.reserve(shown, 100_00)
    with transaction.atomic():
        stock.reserve(listing, 100_00)


@pytest.mark.parametrize("discount", [2999, 7001])
def test_a_price_out_of_bounds_changes_nothing(seller: Person, discount: int) -> None:
    listing = a_listing(seller=seller)
    with pytest.raises(Invalid, match="between 30 and 70"):
        prices.reprice(listing, actor=seller, discount_bp=discount)
    with pytest.raises(Invalid):
        prices.let_fall(listing, actor=seller, end_bp=discount, end_on=date(2027, 1, 1))
    assert Listing.objects.get().discount_bp == 4000


def test_a_step_that_no_card_could_be_charged_is_refused(seller: Person) -> None:
    listing = a_listing(seller=seller, step_cents=1_00, min_order_cents=1_00)
    with pytest.raises(Invalid, match="smallest step"):
        prices.reprice(listing, actor=seller, discount_bp=6000)


def test_only_its_seller_and_only_while_it_is_on_sale(seller: Person, seller2: Person) -> None:
    listing, draft = a_listing(seller=seller), a_listing(seller=seller, status="draft")
    with pytest.raises(NotAllowed):
        prices.reprice(listing, actor=seller2, discount_bp=5000)
    with pytest.raises(WrongState):
        prices.reprice(draft, actor=seller, discount_bp=5000)


def test_a_schedule_needs_a_larger_discount_and_a_later_day(seller: Person) -> None:
    listing = a_listing(seller=seller)
    today = prices.utc_today()
    for end_bp, end_on in (
        (4000, today + timedelta(days=9)),
        (5000, today),
        (5000, listing.expires_on + timedelta(days=1)),
    ):
        with pytest.raises(Invalid):
            prices.let_fall(listing, actor=seller, end_bp=end_bp, end_on=end_on)
    assert not PriceFall.objects.exists()


def test_it_falls_day_by_day_to_its_end_and_not_beyond(client: Client, seller: Person) -> None:
    listing = a_listing(seller=seller)
    end_on = prices.utc_today() + timedelta(days=3)
    prices.let_fall(listing, actor=seller, end_bp=5000, end_on=end_on)
    assert prices.fall_due() == 0
    seen = []
    while fall := PriceFall.objects.filter(pk=listing.pk).first():
        days_later(fall, 1)
        assert prices.fall_due() == 1
        assert prices.fall_due() == 0
        seen.append(agreed(client, listing))
    assert seen == [4333, 4666, 5000]
    notes = list(listing.events.filter(kind="repriced").values_list("note", flat=True))
    assert notes == ["40% to 43.33%", "43.33% to 46.66%", "46.66% to 50%"]


def test_paused_it_falls_on_and_a_new_price_ends_the_schedule(seller: Person) -> None:
    listing = a_listing(seller=seller)
    end_on = prices.utc_today() + timedelta(days=10)
    fall = prices.let_fall(listing, actor=seller, end_bp=5000, end_on=end_on)
    publishing.pause(listing, actor=seller)
    days_later(fall, 5)
    prices.fall_due()
    assert Listing.objects.get().discount_bp == 4500
    prices.reprice(listing, actor=seller, discount_bp=4200)
    assert not PriceFall.objects.exists()


def test_a_schedule_of_what_is_off_the_market_ends(seller: Person) -> None:
    listing = a_listing(seller=seller)
    end_on = prices.utc_today() + timedelta(days=10)
    fall = prices.let_fall(listing, actor=seller, end_bp=5000, end_on=end_on)
    publishing.withdraw(listing, actor=seller)
    days_later(fall, 5)
    prices.fall_due()
    assert Listing.objects.get().discount_bp == 4000
    assert not PriceFall.objects.exists()


@given(
    start_bp=some.integers(3000, 6999),
    more_bp=some.integers(1, 4000),
    days=some.integers(1, 800),
    at=some.integers(-3, 900),
    start_on=some.dates(date(2026, 1, 1), date(2028, 12, 31)),
    cents=some.integers(1, 10**9),
)
def test_a_schedule_never_rises_nor_leaves_its_bounds(
    start_bp: int, more_bp: int, days: int, at: int, start_on: date, cents: int
) -> None:
    fall = PriceFall(
        start_bp=start_bp,
        end_bp=min(start_bp + more_bp, 7000),
        start_on=start_on,
        end_on=start_on + timedelta(days=days),
    )
    day = start_on + timedelta(days=at)
    today, tomorrow = prices.discount_on(fall, day), prices.discount_on(fall, day + timedelta(1))
    assert fall.start_bp <= today <= tomorrow <= fall.end_bp
    assert price_of(cents, today) >= price_of(cents, tomorrow)
    assert prices.discount_on(fall, start_on) == fall.start_bp
    assert prices.discount_on(fall, fall.end_on) == fall.end_bp


@settings(max_examples=12, suppress_health_check=list(HealthCheck), deadline=None)
@given(
    end_bp=some.integers(4001, 7000),
    days=some.integers(1, 150),
    passed=some.integers(0, 160),
    zone=some.sampled_from(["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu"]),
    cents=some.integers(2_00, 10**8),
)
def test_page_api_and_order_agree_whatever_the_schedule_and_the_zone(
    db: None, end_bp: int, days: int, passed: int, zone: str, cents: int
) -> None:
    with transaction.atomic(), timezone.override(zone):
        amounts = {"step_cents": cents, "min_order_cents": cents, "face_value_cents": cents}
        listing = a_listing(seller=(seller := a_seller()), **amounts)
        end_on = prices.utc_today() + timedelta(days=days)
        fall = prices.let_fall(listing, actor=seller, end_bp=end_bp, end_on=end_on)
        days_later(fall, passed)
        prices.fall_due()
        assert agreed(Client(), listing) == 4000 + (end_bp - 4000) * min(passed, days) // days
        transaction.set_rollback(True)


def test_the_seller_changes_it_by_the_page(client: Client, seller: Person, seller2: Person) -> None:
    listing = a_listing(seller=seller)
    client.force_login(seller)
    assert "Let the price fall" in client.get(f"/sell/{listing.pk}/").content.decode()
    client.post(f"/sell/{listing.pk}/price/", {"discount_bp": "45.5"})
    assert Listing.objects.get().discount_bp == 4550
    end_on = (prices.utc_today() + timedelta(days=9)).isoformat()
    client.post(f"/sell/{listing.pk}/price/fall/", {"end_bp": "60", "end_on": end_on})
    assert PriceFall.objects.get().end_bp == 6000
    page = client.get(f"/sell/{listing.pk}/").content.decode()
    assert "The discount grows from 45.5% to 60%" in page
    answer = client.post(f"/sell/{listing.pk}/price/", {"discount_bp": "99"}, follow=True)
    assert "Discount:" in answer.content.decode()
    client.force_login(seller2)
    assert client.post(f"/sell/{listing.pk}/price/", {"discount_bp": "50"}).status_code == 404
    assert Listing.objects.get().discount_bp == 4550
