"""What is killed by `simulator.kills`: each way that money moves, right up to its step."""

from typing import Any

from django.db import transaction

from accounts.models import Person
from listings.models import Listing
from orders import baskets, cancellation, checkout, completion, follow, transfer
from orders.models import Order
from payments import (
    chargebacks,
    collection,
    instructions,
    payouts,
    recovery,
    suspicions,
    webhooks,
)
from payments.models import Chargeback, Instruction, Payout
from payments.processor import processor
from simulator.kills import CALL, CARD, FACE_CENTS, Movement
from simulator.world import World


def _buyer(world: World, number: int) -> Person:
    return world.buyers[number % len(world.buyers)]


def _seller_offer(number: int) -> Listing:
    """Of the two sellers in turn, whose payouts follow each other."""
    return Listing.objects.order_by("created_at")[number % 2]


def _ordered(world: World, number: int) -> Order:
    buyer, listing = _buyer(world, number), _seller_offer(number)
    with transaction.atomic():
        return checkout.reserve(buyer=buyer, listing=listing, face_value_cents=FACE_CENTS)


def _filled_in(world: World, number: int) -> Order:
    """Paid on the page, and nobody here has noticed."""
    order = checkout.open_payment_page(_ordered(world, number))
    typed = {"number": CARD, "exp": "12/34", "cvc": "123", "name": "A Buyer"}
    assert world.fill_in(order.escrow.checkout_url, typed).status_code == 303
    return order


def _card_given(world: World, number: int) -> Order:
    """One of two orders whose basket was given a card, and nobody here has noticed."""
    offers = Listing.objects.order_by("created_at")[:2]
    parts = [baskets.Wanted(listing, FACE_CENTS) for listing in offers]
    basket = baskets.place(buyer=_buyer(world, number), parts=parts)
    typed = {"number": CARD, "exp": "12/34", "cvc": "123", "name": "A Buyer"}
    assert world.fill_in(basket.checkout_url, typed).status_code == 303
    return baskets.orders_of(basket)[number % 2]


def _noticed(world: World, number: int) -> Order:
    order = _filled_in(world, number)
    collection.collect(order.escrow_id)
    return follow.follow(order)


def _announced(world: World, number: int) -> Order:
    order = _filled_in(world, number)
    world.take_webhooks()
    return order


def _released(world: World, number: int) -> Order:
    order = _noticed(world, number)
    transfer.send(order, actor=order.seller, note="sent")
    return completion.confirm(order, actor=order.buyer)


def _declined(world: World, number: int) -> Order:
    order = _noticed(world, number)
    return cancellation.decline(order, actor=order.seller)


def _transferred(world: World, number: int) -> Order:
    order = _released(world, number)
    instructions.carry_out_due()
    return order


def _disputed(world: World, number: int) -> Order:
    """The bank disputes it, and nobody here has noticed."""
    order = _noticed(world, number)
    order.escrow.refresh_from_db()
    charge = order.escrow.charge_id
    assert world.control("POST", "disputes/", {"charge": charge, "reason": "fraudulent"})
    return order


def _warned(world: World, number: int) -> Order:
    order = _noticed(world, number)
    order.escrow.refresh_from_db()
    assert world.control("POST", "warnings/", {"charge": order.escrow.charge_id})
    return order


def _lost(world: World, number: int) -> Order:
    """Paid out to the seller's account, and then lost to the buyer's bank."""
    order = _transferred(world, number)
    order.escrow.refresh_from_db()
    body = {"charge": order.escrow.charge_id, "reason": "fraudulent"}
    key = world.control("POST", "disputes/", body)["id"]
    world.control("POST", f"disputes/{key}/", {"outcome": "lost"})
    chargebacks.follow(key)
    recovery.begin(Chargeback.objects.get(remote_id=key).pk)
    return order


def _asked_for(world: World, number: int) -> Payout:
    order = _transferred(world, number)
    return payouts.request_payout(order.seller)


def _on_its_way(world: World, number: int) -> Payout:
    """Arrived at the bank, and nobody here has noticed."""
    payout = _asked_for(world, number)
    instructions.carry_out_due()
    payout.refresh_from_db()
    world.control("POST", f"payouts/{payout.remote_id}/", {"outcome": "paid"})
    return payout


def _bounced(world: World, number: int) -> Payout:
    payout = _on_its_way(world, number)
    payouts.follow(payout.remote_id)
    world.control("POST", f"payouts/{payout.remote_id}/", {"outcome": "failed"})
    return payout


def _came_back(world: World, number: int) -> Instruction:
    """A refund that did not reach the card, and nobody here has noticed."""
    order = _declined(world, number)
    instructions.carry_out_due()
    refund = Instruction.objects.get(kind="refund", escrow=order.escrow_id)
    world.control("POST", f"refunds/{refund.remote_id}/", {"outcome": "failed"})
    return refund


def _calls(world: World, begun: Any) -> None:
    instructions.carry_out_due()


def _opens_page(world: World, order: Order) -> None:
    checkout.open_payment_page(order)


def _comes_back(world: World, order: Order) -> None:
    assert order.escrow.basket is not None
    baskets.returned(order.escrow.basket)


def _asks(world: World, order: Order) -> None:
    collection.collect(order.escrow_id)


def _hears(world: World, order: Order) -> None:
    for hook in world.under_way:
        world.bring(hook)
    webhooks.process_due()


def _follows_disputes(world: World, order: Order) -> None:
    for row in world.control("GET", "disputes/")["results"]:
        if row["open"] and not Chargeback.objects.filter(remote_id=row["id"]).exists():
            chargebacks.follow(row["id"])


def _follows_warnings(world: World, order: Order) -> None:
    for warned in processor().recent_warnings():
        suspicions.follow(warned.id)


def _follows_payout(world: World, payout: Payout) -> None:
    payouts.follow(payout.remote_id)


def _follows_refund(world: World, refund: Instruction) -> None:
    payouts.follow_refund(refund.remote_id)


def _charged(order: Order) -> dict[str, int]:
    return {"charged_cents": order.price_cents}


def _sent(order: Order) -> dict[str, int]:
    return {"transferred_cents": order.proceeds_cents, "refunded_cents": 0}


def _refunded(order: Order) -> dict[str, int]:
    return {"refunded_cents": order.price_cents, "transferred_cents": 0}


def _taken_back(order: Order) -> dict[str, int]:
    return {"transferred_cents": order.proceeds_cents, "reversed_cents": order.proceeds_cents}


MOVEMENTS = {
    "payment page": Movement(("order reserved", *CALL), _ordered, _opens_page),
    "payment": Movement(("payment asked about", "payment booked"), _filled_in, _asks, _charged),
    "payment with a kept card": Movement(
        ("card asked about", "card recorded", *CALL), _card_given, _comes_back, _charged, most=20
    ),
    "payment announced": Movement(
        ("event stored", "event claimed", "event followed up"), _announced, _hears, _charged
    ),
    "transfer": Movement(CALL, _released, _calls, _sent),
    "refund": Movement(CALL, _declined, _calls, _refunded),
    "reversal": Movement(CALL, _lost, _calls, _taken_back),
    "payout": Movement(CALL, _asked_for, _calls, one_by_one=True),
    "payout arrived": Movement(
        ("payout asked about",), _on_its_way, _follows_payout, one_by_one=True
    ),
    "payout came back": Movement(
        ("payout asked about",), _bounced, _follows_payout, one_by_one=True
    ),
    "refund came back": Movement(("refund asked about",), _came_back, _follows_refund),
    "bank's dispute": Movement(("dispute asked about",), _disputed, _follows_disputes),
    "suspicion": Movement(("suspicion asked about",), _warned, _follows_warnings),
}
