"""Placing an order: what is offered, at which price, once."""

from functools import partial

import pytest
from django.conf import LazySettings
from django.db import ProgrammingError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Person
from accounts.refusals import Refusal
from listings import publishing
from listings.models import Listing
from listings.refusals import AmountNotOffered, InsufficientStock, NotLive
from orders import cancellation, checkout
from orders.models import Order, PlacedRequest
from orders.refusals import KeyReused, OwnListing, PriceChanged, TooManyOpenOrders
from payments.models import Escrow, Instruction
from payments.processor import processor
from tests.sandbox_process import SandboxProcess
from tests.trade import at_once, placed, settle


def refused(kind: type[Refusal], listing: Listing, buyer: Person, **terms: int) -> Refusal:
    """The order is refused, and nothing at all has changed."""
    before = Listing.objects.values().get(pk=listing.pk)
    with pytest.raises(kind) as caught:
        checkout.place(buyer=buyer, listing=listing, **{"face_value_cents": 50_00, **terms})
    assert Listing.objects.values().get(pk=listing.pk) == before
    assert not Order.objects.filter(buyer=buyer).exists()
    assert not Escrow.objects.filter(buyer=buyer).exists()
    return caught.value


def test_an_order_fixes_quote_clocks_and_parts(
    listing: Listing, buyer: Person, settings: LazySettings
) -> None:
    order = placed(buyer, listing, 50_00)
    assert order.price_cents == 30_00
    assert order.commission_cents == 2_40
    assert order.proceeds_cents == 27_60
    assert order.escrow.checkout_url.startswith(settings.SANDBOX_URL)
    listing.refresh_from_db()
    assert (listing.available_cents, listing.reserved_cents) == (50_00, 50_00)
    with pytest.raises(ProgrammingError):
        Order.objects.filter(pk=order.pk).update(price_cents=1)


def test_only_the_amounts_on_offer(listing: Listing, buyer: Person) -> None:
    assert refused(AmountNotOffered, listing, buyer, face_value_cents=15_00).extra == {
        "nearest_cents": [10_00, 20_00]
    }
    assert refused(AmountNotOffered, listing, buyer, face_value_cents=5_00).extra == {
        "nearest_cents": [10_00]
    }
    assert refused(InsufficientStock, listing, buyer, face_value_cents=110_00).extra == {
        "available_cents": 100_00
    }


def test_what_is_left_below_the_minimum_can_still_be_bought(
    sandbox: SandboxProcess, buyer: Person
) -> None:
    from tests.trade import an_offer

    offer = an_offer(min_order_cents=40_00)
    placed(buyer, offer, 80_00)
    offer.refresh_from_db()
    assert offer.offered_min_cents == 20_00
    assert placed(buyer, offer, 20_00).face_value_cents == 20_00


def test_nobody_buys_their_own(listing: Listing) -> None:
    refused(OwnListing, listing, listing.seller)


def test_a_price_that_changed_is_said_not_charged(listing: Listing, buyer: Person) -> None:
    refusal = refused(PriceChanged, listing, buyer, expected_price_cents=29_00)
    assert refusal.extra == {"price_cents": 30_00}


@pytest.mark.parametrize("how", ["pause", "withdraw", "expire"])
def test_what_is_not_live_cannot_be_bought(listing: Listing, buyer: Person, how: str) -> None:
    if how == "expire":
        Listing.objects.filter(pk=listing.pk).update(expires_on=timezone.now().date())
        listing.refresh_from_db()
    else:
        getattr(publishing, how)(listing, actor=listing.seller)
        stale = Listing.objects.get(pk=listing.pk)
        stale.status = "live"  # as a page that was opened before still believes
        refused(NotLive, stale, buyer)
        listing.refresh_from_db()
    refused(NotLive, listing, buyer)


def test_each_person_may_hold_only_a_few_unpaid_orders(
    listing: Listing, buyer: Person, settings: LazySettings
) -> None:
    settings.MAX_OPEN_ORDERS_PER_BUYER = 2
    for _ in range(2):
        placed(buyer, listing, 10_00)
    with pytest.raises(TooManyOpenOrders):
        placed(buyer, listing, 10_00)
    assert Order.objects.count() == 2


def test_many_requests_at_once_do_not_get_past_that_limit(
    listing: Listing, buyer: Person, settings: LazySettings
) -> None:
    settings.MAX_OPEN_ORDERS_PER_BUYER = 3
    results = at_once([lambda: placed(buyer, Listing.objects.get(pk=listing.pk), 10_00)] * 8)
    assert sum(isinstance(result, Order) for result in results) == 3


def once(buyer: Person, listing: Listing, key: str, face: int) -> object:
    return checkout.once(
        buyer=buyer,
        key=key,
        body={"face_value_cents": face},
        act=partial(checkout.reserve, buyer=buyer, listing=listing, face_value_cents=face),
        answer=lambda order: {"id": str(order.pk), "payment_url": checkout.payment_url(order)},
    )


def test_the_same_request_at_once_is_one_order(listing: Listing, buyer: Person) -> None:
    results = at_once([lambda: once(buyer, Listing.objects.get(pk=listing.pk), "k1", 10_00)] * 8)
    assert all(result == results[0] for result in results), results
    assert Order.objects.count() == 1
    assert once(buyer, listing, "k1", 10_00) == results[0]


def test_a_key_for_another_request_is_refused(
    listing: Listing, buyer: Person, buyer2: Person
) -> None:
    once(buyer, listing, "k1", 10_00)
    with pytest.raises(KeyReused):
        once(buyer, listing, "k1", 20_00)
    once(buyer2, listing, "k1", 20_00)
    assert Order.objects.count() == 2


def test_a_refusal_is_not_kept_under_the_key(listing: Listing, buyer: Person) -> None:
    with pytest.raises(AmountNotOffered):
        once(buyer, listing, "k1", 15_00)
    assert not PlacedRequest.objects.exists()


def test_the_payment_page_follows_when_the_processor_did_not_answer(
    listing: Listing, buyer: Person, sandbox: SandboxProcess
) -> None:
    sandbox.control(
        "POST",
        "faults/",
        {"kind": "status_429", "method": "POST", "path": "/v1/checkout", "times": 1},
    )
    order = placed(buyer, listing, 10_00)
    assert checkout.payment_url(order) is None
    Instruction.objects.update(due_at=timezone.now())
    settle(1)
    order.refresh_from_db()
    assert checkout.payment_url(order)


def page_of(order: Order) -> Instruction:
    return Instruction.objects.get(escrow=order.escrow, kind="checkout")


def test_an_order_withdrawn_before_its_page_was_opened_never_gets_one(
    listing: Listing, buyer: Person, sandbox: SandboxProcess
) -> None:
    with transaction.atomic():
        order = checkout.reserve(buyer=buyer, listing=listing, face_value_cents=10_00)
    cancellation.withdraw(order, actor=buyer)
    settle()
    assert page_of(order).status == "called_off"
    assert page_of(order).tries == 0


def test_a_page_that_opens_after_the_order_was_withdrawn_is_closed(
    listing: Listing, buyer: Person, sandbox: SandboxProcess
) -> None:
    sandbox.control(
        "POST",
        "faults/",
        {"kind": "answer_lost", "method": "POST", "path": "/v1/checkout", "times": 1},
    )
    order = placed(buyer, listing, 10_00)
    cancellation.withdraw(order, actor=buyer)
    Instruction.objects.filter(due_at__isnull=False).update(due_at=Now())
    settle()
    order.escrow.refresh_from_db()
    assert order.escrow.checkout_id
    assert processor().checkout(order.escrow.checkout_id).status == "expired"
