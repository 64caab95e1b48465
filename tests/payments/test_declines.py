"""Case 41: whoever tries out stolen cards is stopped, and nobody else."""

import re
import time
from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.models import Person
from listings.models import Listing
from orders import baskets
from orders.models import Order
from payments import declines, instructions, webhooks
from payments.models import Basket, Incident, WebhookEvent
from payments.processor import processor
from tests.api.calling import Caller, problem
from tests.factories import a_listing, a_person, a_seller
from tests.orders.test_baskets import give_card, wanted
from tests.orders.test_pages_place import order_from, told
from tests.orders.test_pages_steps import rows, signed_in
from tests.trade import pay

DECLINED, DECLINED_LATER = "4000000000000002", "4000000000000341"
WHY = re.compile(r"^Too many cards were declined\. You can pay again after \d\d:\d\d UTC\.$")


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> Any:
    """How many are too many, by kind."""

    def set_to(**most: int) -> None:
        monkeypatch.setattr(declines, "MOST", {"person": 99, "card": 99, "network": 99} | most)

    return set_to


def hear() -> None:
    """Follow up what the processor says of cards that were declined, each once."""
    for kind in ("payment_intent.payment_failed", "setup_intent.setup_failed"):
        for event in processor().client.v1.events.list({"limit": 50, "type": kind}).data:  # type: ignore[attr-defined]
            about = {"type": kind, "object_id": event.data.object["id"]}
            row, new = WebhookEvent.objects.get_or_create(event_id=event.id, defaults=about)
            assert not new or webhooks.process(row.pk), row.error


def ordered(client: Client, listing: Listing) -> Order:
    """A new order, by the page; its payment page is open."""
    answer = order_from(client, listing, face_value="20.00")
    return Order.objects.with_parts().get(escrow__checkout_url=answer.url)


def tries_a_card(order: Order) -> None:
    assert pay(order, DECLINED).status_code != 303
    hear()


def test_after_a_few_declined_cards_a_person_waits(
    listing: Listing, buyer: Person, few: Any
) -> None:
    few(person=2)
    client = signed_in(buyer)
    order = ordered(client, listing)
    tries_a_card(order)
    other = ordered(client, listing)
    tries_a_card(order)
    before = rows()
    new = {"listing": str(listing.pk), "face_value_cents": 5000}
    for answer in (
        order_from(client, listing),
        client.post(f"/orders/{other.pk}/payment/"),
        Caller(buyer).post("orders/", new),
    ):
        if answer.headers["Content-Type"] == "application/problem+json":
            said = problem(answer, 429, "too_many_declines")
            assert said["retry_at"] > order.placed_at.isoformat()
            assert WHY.match(said["detail"])
        else:
            assert [text for text in told(answer) if WHY.match(text)]
    assert rows() == before
    # Nobody goes on typing into the pages that are open, and a moderator sees it.
    instructions.carry_out_due()
    pages = {processor().checkout(one.escrow.checkout_id).status for one in (order, other)}
    assert pages == {"expired"}
    assert Incident.objects.get().kind == "cards_declined"


def test_the_same_request_is_answered_the_same(listing: Listing, buyer: Person, few: Any) -> None:
    few(person=1)
    client, key = signed_in(buyer), uuid4()
    first = order_from(client, listing, key=key)
    tries_a_card(Order.objects.with_parts().get())
    assert order_from(client, listing, key=key).url == first.url


def test_whoever_has_waited_may_pay_again(
    listing: Listing, buyer: Person, few: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    few(person=1)
    monkeypatch.setattr(declines, "WITHIN_SECONDS", 1)
    client = signed_in(buyer)
    tries_a_card(ordered(client, listing))
    assert WHY.match(told(order_from(client, listing))[0])
    time.sleep(1.1)
    assert order_from(client, listing).url.startswith("http")


def test_many_accounts_of_one_network_are_one(
    listing: Listing, buyer: Person, buyer2: Person, few: Any
) -> None:
    few(network=2)
    for number, person in enumerate((buyer, buyer2)):
        client = signed_in(person, REMOTE_ADDR=f"2001:db8::{number}")
        tries_a_card(ordered(client, listing))
    third = signed_in(a_person(), REMOTE_ADDR="2001:db8::7")
    assert WHY.match(told(order_from(third, listing))[0])
    elsewhere = signed_in(a_person(), REMOTE_ADDR="2001:db8:7::7")
    assert ordered(elsewhere, listing)


def test_one_card_at_many_accounts_stops_who_holds_it(
    listing: Listing, buyer: Person, buyer2: Person, few: Any
) -> None:
    few(card=2)
    first, second = (
        signed_in(one, REMOTE_ADDR=f"192.0.2.{one.pk % 250}") for one in (buyer, buyer2)
    )
    for client in (first, second):
        tries_a_card(ordered(client, listing))
    assert WHY.match(told(order_from(second, listing))[0])
    assert ordered(first, listing)


@pytest.fixture
def basket(listing: Listing, buyer: Person) -> Basket:
    """Of two orders; its page waits for a card."""
    offers = [listing, a_listing(seller=a_seller(), face_value_cents=100_00)]
    return baskets.place(buyer=buyer, parts=wanted(offers))


def test_a_card_that_is_not_kept_counts_and_closes_the_page(
    basket: Basket, buyer: Person, few: Any
) -> None:
    few(person=9, card=2)
    for _ in range(2):
        give_card(basket, DECLINED)
        hear()
    with pytest.raises(declines.TooManyDeclines):
        declines.require_few(buyer.pk, network="192.0.2.1")
    instructions.carry_out_due()
    assert processor().checkout(basket.checkout_id).status == "expired"


def test_a_kept_card_that_is_declined_later_was_not_tried_out(
    basket: Basket, buyer: Person, few: Any
) -> None:
    """Each order of a basket is charged by itself: that is not so many tries."""
    few(person=1)
    give_card(basket, DECLINED_LATER)
    baskets.returned(basket)
    hear()
    assert {order.escrow.status for order in baskets.orders_of(basket)} == {"awaiting"}
    declines.require_few(buyer.pk, network="192.0.2.1")


def test_without_the_counters_nobody_begins_to_pay(
    listing: Listing, buyer: Person, settings: LazySettings
) -> None:
    client = signed_in(buyer)
    client.raise_request_exception = False
    before = rows()
    cache = settings.CACHES["default"]
    settings.CACHES = {"default": cache | {"LOCATION": "unix:///nowhere.sock"}}
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"
    answer = order_from(client, listing)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert rows() == before
