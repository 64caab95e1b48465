"""Orders follow their escrow: the money engine knows no orders, so these pick up what it did."""

from uuid import UUID

from django.db import transaction

from accounts.models import Person
from listings import stock, vault
from orders import dispute_course
from orders.models import OPEN, Order, OrderStatus
from orders.progress import advance, locked, tell
from payments.models import EscrowStatus
from providers.vocabulary import TransferMethod

S = OrderStatus
SETTLED = (EscrowStatus.RELEASED, EscrowStatus.REFUNDED, EscrowStatus.SPLIT)


def due() -> list[UUID]:
    """Orders whose money has moved on without them."""
    paid = Order.objects.filter(status=S.PLACED, escrow__status=EscrowStatus.HELD)
    ended = Order.objects.filter(status__in=OPEN, escrow__status__in=SETTLED)
    keys = paid.values_list("pk", flat=True)[:100], ended.values_list("pk", flat=True)[:100]
    return [key for part in keys for key in part]


def is_behind(order: Order) -> bool:
    """Whether the escrow has moved on without the order."""
    if order.status == S.PLACED and order.escrow.status == EscrowStatus.HELD:
        return True
    # Paid and taken back before the order noticed either is an end, too.
    return order.status in OPEN and order.escrow.status in SETTLED


@transaction.atomic
def follow(order: Order) -> Order:
    """Bring an order up to its escrow; nothing if it is there already."""
    order = locked(order)
    if is_behind(order):
        if order.escrow.status == EscrowStatus.HELD:
            _paid(order)
        else:
            _ended_elsewhere(order)
    return order


def _paid(order: Order) -> None:
    advance(
        order,
        S.PAID,
        kind="paid",
        actor=order.buyer,
        within_seconds=order.deliver_within_seconds,
        paid_at=order.escrow.status_since,
    )
    tell(order, order.buyer, "order_paid_buyer", method=order.transfer_method)
    if order.transfer_method != TransferMethod.REDEEM_CODE:
        tell(order, order.seller, "order_paid_seller", recipient=order.recipient)


def _ended_elsewhere(order: Order) -> None:
    """The bank took the money back: the trade ends with it."""
    sent = order.sent_at is not None
    advance(order, S.CANCELLED, kind="taken_back_by_bank", actor=None)
    dispute_course.end_with(order, reason="The buyer's bank took the payment back.")
    return_stock(order, gone=sent)
    for person in (order.buyer, order.seller):
        tell(order, person, "order_taken_back")


def return_stock(order: Order, *, gone: bool) -> None:
    """Put what an order had reserved back on offer, unless the credit has left the seller."""
    if gone:
        stock.sell(order.listing, order.face_value_cents)
    else:
        stock.give_back(order.listing, order.face_value_cents)
        vault.give_back(order.listing, order.pk)


def settled_well(order: Order, *, actor: Person | None, kind: str) -> None:
    """The end both parties wanted: called with the escrow released in the same transaction."""
    advance(order, S.COMPLETED, kind=kind, actor=actor)
    stock.sell(order.listing, order.face_value_cents)
    tell(order, order.buyer, "order_completed_buyer")
    tell(order, order.seller, "order_completed_seller")
