"""Placing an order: stock, quote and escrow in one transaction, then a payment page."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction
from django.db.models import DateTimeField, Func
from django.urls import reverse

from accounts import bulk, dials, one_person, restrictions
from accounts.models import Person, Restriction
from accounts.refusals import NotAllowed
from listings import stock, vault
from listings.models import Listing
from listings.refusals import AmountNotOffered
from orders import standing
from orders.models import Order, OrderStatus, PlacedRequest
from orders.progress import machine, tell
from orders.refusals import KeyReused, OwnListing, PriceChanged, TooManyOpenOrders
from payments import baskets, declines, escrow, failpoints, instructions, money
from payments.models import Basket, Instruction, InstructionStatus
from payments.processor import processor
from payments.refusals import TooManyDeclines
from providers.clocks import clocks_of
from providers.vocabulary import TransferMethod

# How long a repeated request waits for the first one's payment page.
PATIENCE_SECONDS = 8
# When this transaction began. Not CURRENT_TIMESTAMP, in whose place nobody can put a clock of
# their own: the simulator does that with now().
BEGAN = Func(function="now", output_field=DateTimeField())
DIALS = ("MAX_OPEN_ORDERS_PER_BUYER", "COMMISSION_BP")
# What an order hangs on beside the offer: whether the buyer may buy at all, and of this seller,
# when this transaction began, and what the dials were turned to. Their row stays locked.
BUYER = f"""
    SELECT is_active, restricted, %s IN ({one_person.SAME_AS}), now(),
        (SELECT json_object_agg(dial_id, value) FROM ({dials.TURNED}) AS turned)
    FROM accounts_person WHERE id = %s FOR NO KEY UPDATE OF accounts_person"""  # noqa: S608
UNPAID = "SELECT count(*) FROM orders_order WHERE buyer_id = %s AND status = 'placed'"


def place(
    *,
    buyer: Person,
    listing: Listing,
    face_value_cents: int,
    expected_price_cents: int | None = None,
    recipient: str = "",
) -> Order:
    """Reserve stock at a fixed quote and open the payment page.

    Raises OwnListing, NotLive, InsufficientStock, AmountNotOffered, PriceChanged or
    TooManyOpenOrders. Where the processor does not answer, the order stands and the page follows.
    """
    with transaction.atomic():
        order = reserve(
            buyer=buyer,
            listing=listing,
            face_value_cents=face_value_cents,
            expected_price_cents=expected_price_cents,
            recipient=recipient,
        )
    return open_payment_page(order)


def reserve(
    *,
    buyer: Person,
    listing: Listing,
    face_value_cents: int,
    expected_price_cents: int | None = None,
    recipient: str = "",
    basket: Basket | None = None,
    order_id: UUID | None = None,
) -> Order:
    """The part of `place` that is one transaction, the caller's; alone or as part of a basket."""
    assert connection.in_atomic_block
    if buyer.pk == listing.seller_id:
        raise OwnListing
    stock.require_offered(listing, face_value_cents)
    price = money.price_of(face_value_cents, listing.discount_bp)
    if price < money.LEAST_CHARGE_CENTS:
        raise AmountNotOffered("This costs too little to be charged to a card.")
    if expected_price_cents is not None and expected_price_cents != price:
        raise PriceChanged(price_cents=price)
    now, dial = _require_may_buy(buyer, listing)
    commission = money.commission_on(price, dial["COMMISSION_BP"])
    order = _quoted(buyer, listing, face_value_cents, price, commission, now)
    order.pk, order.recipient = order_id or order.pk, recipient
    with bulk.together():
        _await_payment(order, basket, now)
        bulk.add(order)
        machine.begin(order, kind="placed", actor=buyer)
        if basket is None:
            tell(order, buyer, "order_placed")
    # Last: all others who buy of this offer wait for its row until this transaction has ended.
    stock.reserve(listing, face_value_cents)
    if listing.transfer_method == TransferMethod.REDEEM_CODE:
        vault.reserve(listing, order.pk, face_value_cents)
    return order


def _quoted(
    buyer: Person,
    listing: Listing,
    face_value_cents: int,
    price_cents: int,
    commission_cents: int,
    now: datetime,
) -> Order:
    """An order with its quote and clocks fixed."""
    clocks = clocks_of(listing.provider_id)
    pay_before = now + timedelta(seconds=settings.PAY_WITHIN_SECONDS)
    return Order(
        listing=listing,
        buyer=buyer,
        seller=listing.seller,
        title=listing.title,
        currency=listing.currency,
        face_value_cents=face_value_cents,
        discount_bp=listing.discount_bp,
        price_cents=price_cents,
        commission_cents=commission_cents,
        proceeds_cents=price_cents - commission_cents,
        transfer_method=listing.transfer_method,
        deliver_within_seconds=clocks.deliver_seconds,
        inspect_within_seconds=clocks.inspect_seconds,
        cooling_off_seconds=standing.cooling_off_seconds(listing.seller),
        pay_before=pay_before,
        deadline=pay_before,
    )


def _await_payment(order: Order, basket: Basket | None, now: datetime) -> None:
    """Open the escrow, and ask for the payment page."""
    order.escrow = escrow.open_escrow(
        reference=order.pk,
        buyer=order.buyer,
        seller=order.seller,
        currency=order.currency,
        price_cents=order.price_cents,
        commission_cents=order.commission_cents,
        basket=basket,
    )
    escrow.open_checkout(
        order.escrow,
        title=order.title,
        success_url=settings.SITE_ORIGIN + reverse("orders:returned", args=[order.pk]),
        cancel_url=settings.SITE_ORIGIN + order.get_absolute_url(),
        expires_at=processor().earliest_expiry(order.pay_before, now),
    )


def _require_may_buy(buyer: Person, listing: Listing) -> tuple[datetime, Mapping[str, int]]:
    """Raises NotAllowed, Restricted, OwnListing, or TooManyOpenOrders: unpaid orders keep stock
    from others.

    The person's row is locked, or many requests at once would all count too few. Returns the
    moment at which this transaction began, by the one clock that decides, and the dials.
    """
    with connection.cursor() as cursor:
        cursor.execute(BUYER, [listing.seller_id, buyer.pk, list(DIALS), buyer.pk])
        is_active, restricted, is_seller, now, turned = cursor.fetchone()
        # By a statement of its own, which sees what others did before the row was ours.
        cursor.execute(UNPAID, [buyer.pk])
        (unpaid,) = cursor.fetchone()
    if is_seller:
        raise OwnListing
    if not is_active:
        raise NotAllowed("This account is closed.")
    if restricted:
        restrictions.require_free(buyer, Restriction.Kind.BUYING)
    dial = dials.all_of(DIALS, turned=turned or {})
    if unpaid >= dial["MAX_OPEN_ORDERS_PER_BUYER"]:
        raise TooManyOpenOrders
    return now, dial


def open_payment_page(order: Order) -> Order:
    """Have the processor open the page, unless it did; the sweep tries again if it cannot now.

    Returns the order as it stands then, with its parts.
    """
    failpoints.reached("order reserved")
    await_page(Instruction.objects.get(escrow=order.escrow_id, kind="checkout"))
    return Order.objects.with_parts().get(pk=order.pk)


def await_page(page: Instruction) -> None:
    """Have a page opened that is to be opened, and wait where somebody else does just that."""
    page = instructions.carry_out(page.pk)
    patience = time.monotonic() + PATIENCE_SECONDS
    while page.status == InstructionStatus.SENT and not page.error and time.monotonic() < patience:
        # A second request for the same order: the first is just asking for the page.
        time.sleep(0.1)
        page.refresh_from_db()


def require_may_pay(buyer: Person, *, network: str, key: str | None = None) -> None:
    """Before anything is ordered: raises TooManyDeclines where too many cards were declined.

    A request with a `key` that was answered before is answered the same all the same.
    """
    try:
        declines.require_few(buyer.pk, network=network)
    except TooManyDeclines:
        answered = PlacedRequest.objects.filter(buyer=buyer, key=key or "", answer__isnull=False)
        if not answered.exists():
            raise


def once(
    *, buyer: Person, key: str, body: Any, act: Callable[..., Order], answer: Callable[[Order], Any]
) -> Any:
    """Do `act`, `reserve` of an `order_id`, once per key, and give the same answer ever after.

    Raises KeyReused where the key came with another body, or for a basket. A refusal is not kept:
    nothing happened, so the same request may be made again.
    """
    with transaction.atomic():
        new = uuid4()
        request = claimed(buyer=buyer, key=key, body=body, order_id=new)
        if request.order_id is None:
            raise KeyReused
        if request.order_id == new:
            request.order = act(order_id=new)
    if request.answer is None:
        assert request.order is not None
        order = open_payment_page(request.order)
        return kept_answer(request, answer(order), is_final=bool(payment_url(order)))
    return request.answer


def claimed(*, buyer: Person, key: str, body: Any, order_id: UUID | None = None) -> PlacedRequest:
    """The row of a key, locked: a second request with it waits until the first has ended.

    A new one names the order that this transaction is to make. Raises KeyReused where the key came
    with another body.
    """
    assert connection.in_atomic_block
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), default=str)
    digest = hashlib.sha256(text.encode()).hexdigest()
    request = PlacedRequest(buyer=buyer, key=key, body_digest=digest, order_id=order_id)
    with connection.cursor() as cursor:
        # What most requests are, new, takes one round trip.
        cursor.execute(
            "INSERT INTO orders_placedrequest (buyer_id, key, body_digest, order_id)"
            " VALUES (%s, %s, %s, %s) ON CONFLICT (buyer_id, key) DO NOTHING RETURNING id",
            [buyer.pk, key, digest, order_id],
        )
        if written := cursor.fetchone():
            request.pk = written[0]
            return request
    request = PlacedRequest.objects.select_for_update(of=("self",)).get(buyer=buyer, key=key)
    if request.body_digest != digest:
        raise KeyReused
    return request


def kept_answer(request: PlacedRequest, given: Any, *, is_final: bool) -> Any:
    """The first answer with a payment page is the one that is given ever after."""
    if is_final:
        kept = PlacedRequest.objects.filter(pk=request.pk, answer__isnull=True)
        kept.update(answer=given)
    request.refresh_from_db()
    return request.answer or given


def payment_url(order: Order) -> str | None:
    """Where the buyer pays, while they can: a page of the order's own, or of its basket's."""
    escrow = order.escrow
    if order.status != OrderStatus.PLACED or escrow.status != "awaiting":
        return None
    return escrow.checkout_url or (baskets.page_url(escrow.basket) if escrow.basket else None)
