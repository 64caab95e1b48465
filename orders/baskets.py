"""Several orders placed at once and paid on one page: all of them, or none.

Each part is an ordinary order with a payment of its own; `payments.baskets` has the card charged.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.models import Person
from accounts.notifications import notify
from accounts.refusals import Invalid, Refusal, WrongState
from listings.models import Listing
from orders import cancellation, checkout, follow
from orders.models import Order, OrderStatus
from orders.progress import locked, machine, tell
from orders.refusals import BasketRefused, KeyReused, TooManyOpenOrders
from payments import baskets, collection, failpoints, instructions
from payments.models import Basket, Instruction, InstructionStatus
from payments.processor import processor
from payments.processor.interface import OutcomeUnknown, ProcessorRefused
from providers.vocabulary import TransferMethod

log = logging.getLogger(__name__)
LEAST_PARTS, MOST_PARTS = 2, 10
# So long a visitor may wait while the parts are charged; the sweep does the rest.
PATIENCE_SECONDS = 6
DECLINED = "card_declined"


@dataclass(frozen=True)
class Wanted:
    """Some of one offer, at the price that the buyer has seen."""

    listing: Listing
    face_value_cents: int
    expected_price_cents: int | None = None
    recipient: str = ""


def wanted(buyer: Person, parts: Sequence[Mapping[str, Any]]) -> list[Wanted]:
    """The parts with the offers that they name. Raises BasketRefused where there is none."""
    keys = [_key(part["listing"]) for part in parts]
    visible = Listing.objects.visible_to(buyer).select_related("seller__standing")
    found = visible.in_bulk({key for key in keys if key})
    missing = [part for part, key in zip(parts, keys, strict=True) if key not in found]
    if missing:
        why = {"code": "not_found", "detail": "There is no offer with this id."}
        raise BasketRefused(parts=[{"listing": str(part["listing"]), **why} for part in missing])
    return [
        Wanted(**{**part, "listing": found[key]})
        for part, key in zip(parts, keys, strict=True)
        if key
    ]


def _key(given: UUID | str) -> UUID | None:
    try:
        return UUID(str(given))
    except ValueError:
        return None


def place(*, buyer: Person, parts: Sequence[Wanted]) -> Basket:
    """Reserve all parts and open the page. Raises Invalid, BasketRefused or TooManyOpenOrders."""
    with transaction.atomic():
        basket = reserve(buyer=buyer, parts=parts)
    return open_page(basket)


def reserve(*, buyer: Person, parts: Sequence[Wanted]) -> Basket:
    """The part of `place` that is one transaction, the caller's.

    The offers are taken in one order, so that two baskets never wait for each other in a circle.
    """
    assert connection.in_atomic_block
    _require_sensible(parts)
    now = Person.objects.values_list(checkout.BEGAN, flat=True).get(pk=buyer.pk)
    basket = baskets.open_basket(
        buyer=buyer,
        currency=parts[0].listing.currency,
        pay_before=now + timedelta(seconds=settings.PAY_WITHIN_SECONDS),
    )
    orders, refused = [], []
    for part in sorted(parts, key=lambda part: part.listing.pk):
        try:
            orders.append(_reserve(basket, part))
        except TooManyOpenOrders:
            raise
        except Refusal as refusal:
            refused.append(_complaint(part, refusal))
    if refused:
        raise BasketRefused(parts=refused)
    _ask_for_page(basket, orders, closes=processor().earliest_expiry(basket.pay_before, now))
    notify(
        person=buyer,
        kind="order_basket_placed",
        key=f"basket:{basket.pk}:placed",
        url=url(basket),
        count=len(orders),
        currency=basket.currency,
        price_cents=sum(order.price_cents for order in orders),
        deadline=basket.pay_before.isoformat(),
    )
    return basket


def _require_sensible(parts: Sequence[Wanted]) -> None:
    if not LEAST_PARTS <= len(parts) <= MOST_PARTS:
        raise Invalid("parts", f"Give {LEAST_PARTS} to {MOST_PARTS} parts.")
    if len({part.listing.pk for part in parts}) < len(parts):
        raise Invalid("parts", "Name each offer once, with all that you want of it.")
    if len({part.listing.currency for part in parts}) > 1:
        raise Invalid("parts", "All offers must be in one currency.")


def _reserve(basket: Basket, part: Wanted) -> Order:
    # Codes are shown here; there is nowhere that they are sent to.
    by_code = part.listing.transfer_method == TransferMethod.REDEEM_CODE
    return checkout.reserve(
        buyer=basket.buyer,
        listing=part.listing,
        face_value_cents=part.face_value_cents,
        expected_price_cents=part.expected_price_cents,
        recipient="" if by_code else part.recipient,
        basket=basket,
    )


def _complaint(part: Wanted, refusal: Refusal) -> dict[str, Any]:
    about = {"listing": str(part.listing.pk), "title": part.listing.title}
    return about | {"code": refusal.code, "detail": str(refusal), **refusal.extra}


def _ask_for_page(basket: Basket, orders: Sequence[Order], *, closes: datetime) -> None:
    total = sum(order.price_cents for order in orders)
    note = render_to_string("orders/basket_note.txt", {"orders": orders, "total": total})
    baskets.open_page(
        basket,
        note=" ".join(note.split()),
        success_url=settings.SITE_ORIGIN + reverse("orders:basket-returned", args=[basket.pk]),
        cancel_url=settings.SITE_ORIGIN + url(basket),
        expires_at=closes,
    )


def url(basket: Basket) -> str:
    """The basket's page."""
    return reverse("orders:basket", args=[basket.pk])


def open_page(basket: Basket) -> Basket:
    """Have the processor open the page, unless it did; the sweep tries again if it cannot now."""
    failpoints.reached("order reserved")
    checkout.await_page(Instruction.objects.get(basket=basket, kind="setup"))
    basket.refresh_from_db()
    return basket


def once(
    *,
    buyer: Person,
    key: str,
    body: Any,
    act: Callable[[], Basket],
    answer: Callable[[Basket], Any],
) -> Any:
    """`checkout.once`, for a basket."""
    with transaction.atomic():
        request = checkout.claimed(buyer=buyer, key=key, body=body)
        if request.order is not None:
            raise KeyReused
        if request.basket is None:
            request.basket = act()
            request.save(update_fields=["basket"])
    basket = request.basket
    if request.answer is None:
        basket = open_page(basket)
        return checkout.kept_answer(request, answer(basket), is_final=bool(basket.checkout_url))
    return request.answer


def orders_of(basket: Basket) -> list[Order]:
    """Its orders, in the order in which they are charged."""
    rows = Order.objects.with_parts().filter(escrow__basket=basket)
    return list(rows.order_by("price_cents", "pk"))


def returned(basket: Basket) -> None:
    """The buyer is back from the page, which itself proves nothing: ask, and have the parts paid.

    As far as they may be kept waiting; whatever is left, the sweep does.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    basket = _asked(baskets.collect, basket.pk) or basket
    for order in orders_of(basket):
        if time.monotonic() > until:
            break
        for charge in Instruction.objects.filter(escrow=order.escrow, kind="charge"):
            instructions.carry_out(charge.pk)
            _asked(collection.collect, order.escrow_id)
        follow.follow(order)
        tell_declined(order.pk)
    baskets.tidy(basket.pk)


def _asked(ask: Callable[[UUID], Any], key: UUID) -> Any:
    try:
        return ask(key)
    except (OutcomeUnknown, ProcessorRefused):
        log.warning("could not ask about %s", key, exc_info=True)
        return None


def declined() -> list[UUID]:
    """Orders whose basket's card was declined, and whose buyer does not know yet."""
    refused = InstructionStatus.REFUSED
    rows = Order.objects.filter(
        status=OrderStatus.PLACED,
        escrow__instructions__kind="charge",
        escrow__instructions__status=refused,
    )
    return list(rows.exclude(events__kind=DECLINED).values_list("pk", flat=True)[:100])


@transaction.atomic
def tell_declined(order_id: UUID) -> None:
    """Write into the order why its card was declined, and tell the buyer how to go on; once."""
    order = locked(Order(pk=order_id))
    charge = Instruction.objects.filter(escrow=order.escrow_id, kind="charge").first()
    refused = charge is not None and charge.status == InstructionStatus.REFUSED
    if order.status != OrderStatus.PLACED or not refused:
        return
    if charge and not order.events.filter(kind=DECLINED).exists():
        why = reason(charge)
        machine.remark(order, kind=DECLINED, actor=None, note=why)
        tell(order, order.buyer, "order_card_declined", reason=why)


def reason(charge: Instruction) -> str:
    """Why a card was declined, in words for its owner."""
    code, _, said = charge.error.partition(": ")
    if code == "authentication_required":
        return "Your bank wants you to confirm this payment yourself."
    return said or "Your card was declined."


def page_url(basket: Basket) -> str | None:
    """Where the buyer gives a card, while one is waited for."""
    return baskets.page_url(basket)


def cancel(basket: Basket, *, actor: Person) -> None:
    """The buyer takes back what is not paid, and the page is closed. Raises WrongState."""
    withdrawn = 0
    for order in orders_of(basket):
        try:
            cancellation.withdraw(order, actor=actor)
            withdrawn += 1
        except WrongState:
            continue
    if not withdrawn:
        raise WrongState("There is nothing left to cancel: each order was paid or has ended.")
    baskets.tidy(basket.pk)
    for page in Instruction.objects.filter(basket=basket, kind="expire"):
        instructions.carry_out(page.pk)
