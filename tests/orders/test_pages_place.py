"""Ordering from an offer's page: once per form, and never at another price than was shown."""

from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from accounts.models import Person
from listings.models import Listing
from orders.models import Order
from tests.orders.test_pages_steps import rows, signed_in
from tests.sandbox_process import SandboxProcess
from tests.trade import at_once, pay


def order_from(client: Client, listing: Listing, **data: Any) -> Any:
    return client.post(f"/orders/new/{listing.pk}/", {"face_value": "50.00", "key": uuid4()} | data)


def told(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def test_it_leads_to_the_payment_page(listing: Listing, buyer: Person) -> None:
    answer = order_from(
        signed_in(buyer), listing, expected_price_cents="3000", recipient=" bea@example.com "
    )
    order = Order.objects.with_parts().get()
    assert answer.url == order.escrow.checkout_url
    assert (order.face_value_cents, order.price_cents) == (50_00, 30_00)
    assert (order.buyer, order.recipient) == (buyer, "bea@example.com")


def test_a_form_sent_twice_places_one_order(listing: Listing, buyer: Person) -> None:
    client, key = signed_in(buyer), uuid4()
    first = order_from(client, listing, key=key)
    assert order_from(client, listing, key=key).url == first.url
    order = Order.objects.with_parts().get()
    pay(order)
    client.get(f"/orders/{order.pk}/returned/")
    # Back to the offer, and once more: the order that was paid.
    assert order_from(client, listing, key=key).url == order.get_absolute_url()
    assert Order.objects.count() == 1


def test_two_tabs_at_once_place_one_order(listing: Listing, buyer: Person) -> None:
    key = uuid4()
    posts = [partial(order_from, signed_in(buyer), listing, key=key) for _ in range(4)]
    answers = at_once(posts)
    assert Order.objects.count() == 1
    order = Order.objects.with_parts().get()
    places = {getattr(answer, "url", answer) for answer in answers}
    assert places <= {order.escrow.checkout_url, order.get_absolute_url()}


def test_another_form_places_another_order(listing: Listing, buyer: Person) -> None:
    client = signed_in(buyer)
    order_from(client, listing)
    order_from(client, listing)
    assert Order.objects.count() == 2


def test_a_form_is_good_for_one_amount(listing: Listing, buyer: Person) -> None:
    client, key = signed_in(buyer), uuid4()
    order_from(client, listing, key=key)
    answer = order_from(client, listing, key=key, face_value="20.00")
    assert "placed an order already" in told(answer)[0]
    assert Order.objects.count() == 1


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"face_value": ""}, "Amount: Say how much credit you want."),
        ({"face_value": "NaN"}, "Amount: Enter a number."),
        ({"face_value": "Infinity"}, "Amount: Enter a number."),
        ({"face_value": "0"}, "Amount: Ensure this value is greater than or equal to 0.01."),
        ({"face_value": "-10"}, "Amount: Ensure this value is greater than or equal to 0.01."),
        ({"face_value": "1e309"}, "Amount: Ensure"),
        ({"face_value": "10.001"}, "Amount: Ensure that there are no more than 2 decimal places."),
        ({"face_value": "15"}, "nearest possible: $10.00 or $20.00."),
        ({"face_value": "5"}, "nearest possible: $10.00."),
        ({"face_value": "110"}, "Amount: only $100.00 is left of this offer."),
        ({"expected_price_cents": "2999"}, "Price: it has changed since you looked. It is $30.00"),
        ({"discount_bp": "5000"}, "Price: it has changed since you looked. It is $30.00 now."),
        ({"recipient": "r8_" + "a1B2c3D4e5" * 4}, "Recipient: This contains something that looks"),
        ({"key": "not a key"}, "Key: Enter a valid UUID."),
    ],
)
def test_what_cannot_be_ordered_is_said_by_field(
    data: dict[str, str], says: str, listing: Listing, buyer: Person
) -> None:
    before = rows()
    answer = order_from(signed_in(buyer), listing, **data)
    assert answer.url.startswith(f"/listings/{listing.pk}/?face_value=")
    assert says in " ".join(told(answer))
    assert rows() == before


def test_prices_are_ours_whatever_is_posted(listing: Listing, buyer: Person) -> None:
    order_from(
        signed_in(buyer),
        listing,
        price_cents="1",
        commission_cents="0",
        proceeds_cents="5000",
        currency="JPY",
        buyer="1",
        status="paid",
    )
    order = Order.objects.get()
    assert (order.price_cents, order.commission_cents, order.currency) == (30_00, 2_40, "USD")
    assert (order.buyer, order.status) == (buyer, "placed")


def test_nobody_buys_their_own(listing: Listing) -> None:
    before = rows()
    assert told(order_from(signed_in(listing.seller), listing)) == ["This is your own offer."]
    assert rows() == before


def test_who_is_signed_out_signs_in_and_comes_back(listing: Listing) -> None:
    before = rows()
    answer = order_from(Client(), listing)
    assert answer.url.startswith("/accounts/login/?next=/listings/")
    assert "face_value%3D50.00" in answer.url
    assert rows() == before


def test_reading_orders_nothing(listing: Listing, buyer: Person) -> None:
    assert signed_in(buyer).get(f"/orders/new/{listing.pk}/").status_code == 405
    assert signed_in(buyer).post(f"/orders/new/{uuid4()}/").status_code == 404


def test_without_the_processor_the_order_stands(
    listing: Listing, buyer: Person, sandbox: SandboxProcess
) -> None:
    fault = {"kind": "status_500", "method": "POST", "path": "/v1/checkout/sessions", "times": 9}
    sandbox.control("POST", "faults/", fault)
    try:
        answer = order_from(signed_in(buyer), listing)
    finally:
        sandbox.control("DELETE", "faults/")
    order = Order.objects.get()
    assert answer.url == order.get_absolute_url()
    page = signed_in(buyer).get(order.get_absolute_url()).content.decode()
    assert "Pay <data" in page
