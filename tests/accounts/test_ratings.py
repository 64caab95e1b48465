"""Ratings: after completion, by each party once, blind until both are in or time is up."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry, Notification, Person, Standing
from accounts.refusals import NotAllowed, WrongState
from orders import checkout, ratings, standing
from orders.models import Order, Rating
from tests.api.calling import Caller
from tests.console.conftest import signed_in
from tests.factories import a_listing, a_person
from tests.trade import at_once

pytestmark = pytest.mark.django_db


def completed(buyer: Person, seller: Person, face_value_cents: int = 50_00) -> Order:
    """A trade that ended well, as its row says."""
    listing = a_listing(seller=seller)
    with transaction.atomic():
        order = checkout.reserve(buyer=buyer, listing=listing, face_value_cents=face_value_cents)
    Order.objects.filter(pk=order.pk).update(status="completed", ended_at=Now())
    return Order.objects.with_parts().get(pk=order.pk)


@pytest.fixture
def order(buyer: Person, seller: Person) -> Order:
    return completed(buyer, seller)


def test_neither_sees_the_others_word_before_both_are_in(order: Order) -> None:
    ratings.rate(order, actor=order.buyer, stars=2, text="Slow.")
    assert ratings.of(order, order.seller) == []
    assert list(ratings.about(order.seller)) == []
    assert [row.stars for row in ratings.of(order, order.buyer)] == [2]
    assert Notification.objects.get(kind="rating_waits").person == order.seller
    ratings.rate(order, actor=order.seller, stars=5, text="")
    assert [row.stars for row in ratings.of(order, order.seller)] == [2, 5]
    assert [row.text for row in ratings.about(order.seller)] == ["Slow."]
    assert Notification.objects.filter(kind="rating_shown").count() == 2


@pytest.mark.django_db(transaction=True)
def test_both_at_once_are_both_shown(buyer: Person, seller: Person) -> None:
    order = completed(buyer, seller)
    at_once(
        [
            lambda actor=actor: ratings.rate(order, actor=actor, stars=4, text="")
            for actor in (buyer, seller)
        ]
    )
    assert Rating.objects.filter(shown_at__isnull=False).count() == 2


def test_when_the_time_is_over_it_is_shown_and_none_can_follow(order: Order) -> None:
    ratings.rate(order, actor=order.buyer, stars=3, text="")
    assert ratings.show_due() == 0
    Order.objects.filter(pk=order.pk).update(ended_at=Now() - timedelta(days=15))
    assert ratings.show_due() == 1
    assert ratings.show_due() == 0
    assert ratings.about(order.seller).count() == 1
    with pytest.raises(WrongState):
        ratings.rate(order, actor=order.seller, stars=1, text="")


@pytest.mark.parametrize("status", ["placed", "paid", "transferred", "disputed", "cancelled"])
def test_only_a_completed_trade_is_rated(order: Order, status: str) -> None:
    Order.objects.filter(pk=order.pk).update(status=status)
    with pytest.raises(WrongState):
        ratings.rate(order, actor=order.buyer, stars=5, text="")
    assert not Rating.objects.exists()


def test_each_party_once_and_nobody_else(order: Order, buyer2: Person, moderator: Person) -> None:
    ratings.rate(order, actor=order.buyer, stars=5, text="")
    with pytest.raises(WrongState):
        ratings.rate(order, actor=order.buyer, stars=1, text="")
    for stranger in (buyer2, moderator):
        with pytest.raises(NotAllowed):
            ratings.rate(order, actor=stranger, stars=5, text="")
    for stars in (0, 6):
        with pytest.raises(IntegrityError), transaction.atomic():
            Rating.objects.create(order=order, by=order.seller, about=order.buyer, stars=stars)
    assert Rating.objects.count() == 1


def test_contact_details_are_taken_out(order: Order) -> None:
    kept = ratings.rate(order, actor=order.buyer, stars=5, text="Next time: me@mail.example")
    assert kept.text == "Next time: [contact removed]"


def test_the_mean_counts_trades_that_count(seller: Person) -> None:
    """Cheap trades and heaps by one buyer change nothing."""
    buyers = [a_person() for _ in range(3)]
    Standing.objects.get_or_create(person=seller)
    for buyer in buyers[:2]:
        ratings.rate(completed(buyer, seller), actor=buyer, stars=5, text="")
    Rating.objects.update(shown_at=Now())
    standing.work_out(seller.pk)
    assert Standing.objects.get(person=seller).rating is None  # two would say who they were
    for _ in range(5):
        ratings.rate(completed(buyers[2], seller), actor=buyers[2], stars=2, text="")
    cheap = completed(buyers[0], seller, face_value_cents=10_00)
    ratings.rate(cheap, actor=buyers[0], stars=1, text="")
    Rating.objects.update(shown_at=Now())
    standing.work_out(seller.pk)
    # Two fives, and three of the five twos.
    assert float(Standing.objects.get(person=seller).rating or 0) == 3.2


def test_a_reported_one_is_kept_or_removed_by_somebody_else(
    order: Order, moderator: Person, buyer2: Person
) -> None:
    ratings.rate(order, actor=order.buyer, stars=1, text="A crook.")
    ratings.rate(order, actor=order.seller, stars=5, text="")
    rating = Rating.objects.get(by=order.buyer)
    for stranger in (order.buyer, buyer2):
        with pytest.raises(NotAllowed):
            ratings.report(rating, actor=stranger, text="It insults me.")
    ratings.report(rating, actor=order.seller, text="It insults me.")
    with pytest.raises(WrongState):
        ratings.report(rating, actor=order.seller, text="Again.")
    with pytest.raises(NotAllowed):
        ratings.remove(rating, actor=order.seller, reason="Mine.")
    ratings.remove(rating, actor=moderator, reason="It insults somebody.")
    assert list(ratings.about(order.seller)) == []
    assert AuditEntry.objects.get(act="rating_removed").actor == moderator
    with pytest.raises(WrongState):
        ratings.remove(rating, actor=moderator, reason="Again.")


def test_on_the_pages(order: Order, seller: Person) -> None:
    buying, selling, address = signed_in(order.buyer), signed_in(seller), f"/orders/{order.pk}/"
    assert "Rate the trade" in buying.get(address).content.decode()
    assert buying.post(f"{address}rating/", {"stars": "9"}).status_code == 400
    key = "r8_" + "A" * 37
    refused = buying.post(f"{address}rating/", {"stars": "4", "text": f"Take {key}"})
    assert (refused.status_code, Rating.objects.count()) == (400, 0)
    assert key not in refused.context["form"].errors.as_text()
    assert buying.post(f"{address}rating/", {"stars": "4", "text": "Good"}).status_code == 302
    assert "Good" not in selling.get(f"{address}rating/").content.decode()
    selling.post(f"{address}rating/", {"stars": "5"})
    assert "Good" in selling.get(f"{address}rating/").content.decode()
    shown = Client().get(f"/sellers/{seller.pk}/").content.decode()
    assert "4 of 5" in shown
    selling.post(f"{address}rating/report/", {"text": "It is not about the trade."})
    assert Rating.objects.get(about=seller).reported_at


def test_the_sellers_page_asks_no_more_for_more_ratings(order: Order, seller: Person) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            Client().get(f"/sellers/{seller.pk}/")
        return len(queries)

    asked()
    none = asked()
    for _ in range(3):
        buyer = a_person()
        ratings.rate(completed(buyer, seller), actor=buyer, stars=5, text="Fine")
    Rating.objects.update(shown_at=Now())
    assert asked() == none


def test_by_call(order: Order, buyer2: Person) -> None:
    path = f"orders/{order.pk}/ratings/"
    mine, theirs = Caller(order.buyer), Caller(order.seller)
    assert mine.post(path, {"stars": 6}).json()["errors"]["stars"]
    assert mine.post(path, {"stars": 5, "text": "Quick"}).status_code == 201
    assert theirs.get(path).json() == []
    assert theirs.post(path, {"stars": 4}).status_code == 201
    assert [row["by"] for row in theirs.get(path).json()] == ["buyer", "seller"]
    assert Caller(buyer2).get(path).status_code == 404
