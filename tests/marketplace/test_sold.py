"""What credit was sold at: counted from completed trades, and never from so few that one shows."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.kept import forget_all
from accounts.models import Person
from listings import sold
from listings.models import Listing
from orders.models import Order, OrderStatus
from orders.sold_count import count_due
from payments.models import Escrow
from payments.money import price_of
from tests.factories import a_listing, a_person, a_provider, a_seller

pytestmark = pytest.mark.django_db


def sell(
    listing: Listing,
    buyer: Person,
    *,
    discount_bp: int = 4000,
    days_ago: int = 3,
    dollars: int = 100,
    status: str = OrderStatus.COMPLETED,
    hours: int = 2,
) -> None:
    """A trade as it stands in the table once it is over."""
    ended = timezone.now() - timedelta(days=days_ago)
    price = price_of(dollars * 100, discount_bp)
    money = {"price_cents": price, "commission_cents": 0, "proceeds_cents": price}
    parties = {"buyer": buyer, "seller": listing.seller, "currency": "USD"}
    number = Escrow.objects.count()
    escrow = Escrow.objects.create(reference=f"sold-{number}", **parties, **money)
    Order.objects.create(
        listing=listing,
        escrow=escrow,
        **parties,
        **money,
        title="Credit",
        face_value_cents=dollars * 100,
        discount_bp=discount_bp,
        transfer_method=listing.transfer_method,
        deliver_within_seconds=1,
        inspect_within_seconds=1,
        cooling_off_seconds=1,
        pay_before=ended,
        status=status,
        paid_at=ended - timedelta(hours=hours + 1),
        sent_at=ended - timedelta(hours=1),
        ended_at=ended,
    )


@pytest.fixture
def offers() -> list[Listing]:
    """One of each of two sellers."""
    return [a_listing(seller=a_seller()) for _ in range(2)]


@pytest.fixture
def buyers() -> list[Person]:
    return [a_person() for _ in range(3)]


def count() -> int:
    cache.delete(sold.KEY)
    forget_all()
    return count_due()


def five(offers: list[Listing], buyers: list[Person], **changes: int) -> None:
    """The least that is shown: five trades, three buyers, two sellers."""
    for number in range(5):
        sell(offers[number % 2], buyers[number % 3], discount_bp=3500 + number * 500, **changes)


def test_median_middle_half_volume_and_time(offers: list[Listing], buyers: list[Person]) -> None:
    five(offers, buyers)
    sell(offers[0], buyers[0], status=OrderStatus.CANCELLED, discount_bp=7000)
    sell(offers[0], buyers[0], days_ago=sold.RECENT_DAYS + 1, discount_bp=7000)
    assert count() > 0
    found = sold.lately("acme")
    assert found is not None
    assert (found.low_bp, found.median_bp, found.high_bp) == (4000, 4500, 5000)
    assert (found.trades, found.volume_cents) == (5, 500_00)
    assert found.delivery_seconds == 2 * 3600
    assert sold.lately() == found._replace(provider=sold.ALL)
    assert sold.lately("other") is None


@pytest.mark.parametrize("missing", ["a trade", "a buyer", "a seller"])
def test_too_few_trades_or_people_are_not_counted_at_all(
    offers: list[Listing], buyers: list[Person], missing: str
) -> None:
    for number in range(4 if missing == "a trade" else 6):
        offer = offers[0 if missing == "a seller" else number % 2]
        sell(offer, buyers[number % (2 if missing == "a buyer" else 3)])
    assert count() == 0
    assert sold.lately("acme") is None
    assert "Too few trades of Acme credit" in Client().get("/market/acme/").content.decode()
    sell(offers[1], buyers[2])
    sell(offers[0], buyers[0])
    assert count() > 0


def test_counts_are_rounded_down(offers: list[Listing], buyers: list[Person]) -> None:
    five(offers, buyers, dollars=123)
    sell(offers[0], buyers[0], dollars=456)
    sell(offers[0], buyers[1], dollars=456)
    count()
    found = sold.lately("acme")
    assert found is not None
    # Seven trades of $1,527 in all.
    assert (found.trades, found.volume_cents) == (5, 1_500_00)


def test_weeks_are_whole_and_those_with_too_few_are_left_out(
    offers: list[Listing], buyers: list[Person]
) -> None:
    five(offers, buyers, days_ago=60)
    count()
    weeks = sold.history("acme")
    assert 3 <= len(weeks) <= 4
    assert all(one.until.weekday() == 0 for one in weeks)
    assert all(one.median_bp == 4500 for one in weeks)
    days = [(one.until, one.until - timedelta(days=sold.WINDOW_DAYS)) for one in weeks]
    ended = (timezone.now() - timedelta(days=60)).date()
    assert all(before <= ended <= until for until, before in days)


def test_codes_have_no_time_to_deliver(buyers: list[Person]) -> None:
    codes = [a_listing(seller=a_seller(), codes=[f"CODE-{n}-AAAA"]) for n in range(2)]
    five(codes, buyers)
    count()
    found = sold.lately("acme")
    assert found is not None
    assert found.delivery_seconds is None


def test_it_is_counted_again_only_after_a_pause(
    offers: list[Listing], buyers: list[Person]
) -> None:
    five(offers, buyers)
    assert count() > 0
    assert count_due() == 0


def test_every_page_says_it_without_asking_the_database(
    offers: list[Listing],
    buyers: list[Person],
    client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    five(offers, buyers, days_ago=40)
    assert count() > 0
    client.get("/market/acme/")  # names are known from now on
    with django_assert_num_queries(4):
        text = client.get("/market/acme/").content.decode()
    assert "half of the trades between 40% and 50%" in text
    assert "Median discount, four weeks at a time" in text
    assert "over $500 of credit" in text
    assert "Sold lately at <b>40% to 50%</b> off" in client.get("/providers/acme/").content.decode()
    assert (
        "Sold lately at 40% to 50% off" in client.get(offers[0].get_absolute_url()).content.decode()
    )
    told = client.get("/api/v1/providers/acme/").json()["market"]["sold"]
    assert told == {
        "trades": 5,
        "volume_cents": 500_00,
        "low_discount_bp": 4000,
        "median_discount_bp": 4500,
        "high_discount_bp": 5000,
        "delivery_seconds": 7200,
    }
    with django_assert_num_queries(2):
        assert "45%" in client.get("/market/").content.decode()


def test_the_sell_form_suggests_a_price_and_says_what_it_rests_on(
    offers: list[Listing], buyers: list[Person], client: Client
) -> None:
    client.force_login(offers[0].seller)
    count()
    assert "no price to suggest" in client.get("/sell/new/?provider=acme").content.decode()
    five(offers, buyers)
    count()
    text = client.get("/sell/new/?provider=acme").content.decode()
    assert "Acme credit was sold at <b>40% to 50%</b> off, 45% in the middle" in text
    assert "half of at least 5 trades" in text


def test_a_market_that_is_not_there(client: Client) -> None:
    assert client.get("/market/nobody/").status_code == 404
    a_provider("gone", retired=True)
    assert client.get("/market/gone/").status_code == 404
