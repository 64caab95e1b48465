"""Case 17: credit that expires is sold only while a trade can end before, by the database's clock;
its seller hears of it in time, and then it leaves the market by itself."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Notification, Person
from accounts.refusals import Invalid
from listings import expiry, publishing, stock
from listings.models import Listing, ListingStatus, time_to_finish
from listings.refusals import NotLive
from orders import checkout
from orders.models import Order
from tests.factories import a_listing

pytestmark = pytest.mark.django_db
S = ListingStatus
Freeze = Callable[[datetime], None]


@pytest.fixture
def frozen(db: None) -> Freeze:
    """Has the database's clock stand at a moment, for the test's transaction."""

    def stand(at: datetime) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE OR REPLACE FUNCTION public.statement_timestamp() RETURNS timestamptz"
                f" LANGUAGE sql STABLE AS $$ SELECT timestamptz '{at.isoformat()}' $$"
            )
            cursor.execute("SET LOCAL search_path TO public, pg_catalog")

    return stand


def last_moment(listing: Listing) -> datetime:
    """The end of the last day, in UTC, on which a trade would still be finished before expiry."""
    day = datetime.combine(listing.expires_on, datetime.min.time(), tzinfo=UTC)
    return day + timedelta(days=1, microseconds=-1) - time_to_finish()


def take(listing: Listing) -> None:
    with transaction.atomic():
        stock.reserve(listing, 50_00)


def test_the_last_moment_sells_and_the_next_does_not(frozen: Freeze, buyer: Person) -> None:
    listing = a_listing()
    frozen(last_moment(listing))
    take(listing)
    assert expiry.expire_due() == 0
    frozen(last_moment(listing) + timedelta(microseconds=1))
    with pytest.raises(NotLive):
        take(listing)
    with pytest.raises(NotLive), transaction.atomic():
        checkout.reserve(buyer=buyer, listing=listing, face_value_cents=50_00)
    assert not Order.objects.exists()
    listing.refresh_from_db()
    assert (listing.available_cents, listing.reserved_cents) == (450_00, 50_00)
    assert expiry.expire_due() == 1
    listing.refresh_from_db()
    assert listing.status == S.EXPIRED
    assert expiry.expire_due() == 0


def test_whoever_buys_in_the_last_moment_can_inspect_before_it_expires(
    frozen: Freeze, buyer: Person
) -> None:
    listing = a_listing()
    frozen(last_moment(listing))
    with transaction.atomic():
        order = checkout.reserve(buyer=buyer, listing=listing, face_value_cents=50_00)
    order = Order.objects.get(pk=order.pk)
    clocks = order.deliver_within_seconds + order.inspect_within_seconds + order.cooling_off_seconds
    released = last_moment(listing) + timedelta(seconds=clocks)
    released += timedelta(seconds=settings.PAY_WITHIN_SECONDS)
    assert released.date() < listing.expires_on


@pytest.mark.parametrize("status", [S.LIVE, S.PAUSED, S.SOLD_OUT])
def test_whatever_is_on_the_market_leaves_it_with_its_codes(status: str) -> None:
    listing = a_listing(codes=["FIRST-1", "SECOND-2"], status=status)
    Listing.objects.filter(pk=listing.pk).update(expires_on=date(2020, 1, 1))
    assert expiry.expire_due() == 1
    listing.refresh_from_db()
    assert listing.status == S.EXPIRED
    assert not listing.codes.filter(status="available").exists()
    assert Notification.objects.filter(kind="listing_expired").count() == 1


def test_what_expires_too_soon_neither_goes_live_nor_comes_back(seller: Person) -> None:
    draft, paused = (
        a_listing(seller=seller, status=S.DRAFT),
        a_listing(seller=seller, status="paused"),
    )
    Listing.objects.update(expires_on=timezone.now().date() + time_to_finish() - timedelta(days=1))
    for act, listing in ((publishing.submit, draft), (publishing.resume, paused)):
        with pytest.raises(Invalid):
            act(listing, actor=seller)
    assert set(Listing.objects.values_list("status", flat=True)) == {S.DRAFT, S.PAUSED}


def test_its_seller_is_reminded_twice_and_then_it_is_gone(frozen: Freeze) -> None:
    listing = a_listing()
    sold_out = a_listing(seller=listing.seller, status=S.SOLD_OUT)
    Listing.objects.filter(pk=sold_out.pk).update(expires_on=listing.expires_on)
    days = []
    for left in range(20, -2, -1):
        frozen(last_moment(listing) - timedelta(days=left))
        for _ in range(2):
            if expiry.remind_due():
                days.append(left)
    assert days == [13, 2]
    told = Notification.objects.filter(kind="listing_expiring", person=listing.seller)
    assert [row.context["days_left"] for row in told.order_by("pk")] == [13, 2]
    assert {row.context["title"] for row in told} == {listing.title}
    assert expiry.expire_due() == 2


def test_who_lists_late_is_reminded_once_of_what_is_left(frozen: Freeze) -> None:
    listing = a_listing()
    frozen(last_moment(listing) - timedelta(days=1))
    assert (expiry.remind_due(), expiry.remind_due()) == (1, 0)
    assert Notification.objects.get(kind="listing_expiring").context["days_left"] == 1


def test_who_withdrew_it_hears_nothing(frozen: Freeze) -> None:
    listing = a_listing()
    publishing.withdraw(listing, actor=listing.seller)
    frozen(last_moment(listing) - timedelta(days=1))
    assert expiry.remind_due() == 0
