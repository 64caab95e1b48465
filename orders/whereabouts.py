"""Where an order's money and its credit are now, as far as anybody has shown or said."""

from orders.models import Order, OrderStatus
from orders.verification.models import WatchEnd
from payments.models import EscrowStatus
from providers.vocabulary import TransferMethod

S, E = OrderStatus, EscrowStatus


def money_at(order: Order) -> str:
    """buyer, held, seller or returned. Of a split the seller's share counts, if there is one."""
    escrow = order.escrow
    match escrow.status:
        case E.HELD:
            return "held"
        case E.RELEASED | E.SPLIT:
            return "seller" if escrow.released_cents > escrow.given_back_cents else "returned"
        case E.REFUNDED:
            return "returned"
    return "buyer"


def money_cents(order: Order) -> int:
    """How much of the price is there."""
    escrow = order.escrow
    match money_at(order):
        case "held":
            return escrow.held_cents
        case "seller":
            return escrow.released_cents - escrow.given_back_cents
        case "returned":
            return escrow.refunded_cents + escrow.given_back_cents
    return order.price_cents


def credit_at(order: Order) -> str:
    """seller, moving or buyer; "gone" where it had arrived and was taken back by the provider."""
    watch = getattr(order, "watch", None)
    by_code = order.transfer_method == TransferMethod.REDEEM_CODE
    if order.status == S.COMPLETED and watch and watch.outcome == WatchEnd.DROPPED:
        return "gone"
    if order.status in (S.VERIFIED, S.COMPLETED) or order.revealed_at:
        return "buyer"
    # Codes lie in our vault from the day they were listed.
    return "moving" if by_code or order.sent_at else "seller"


def credit_cents(order: Order) -> int | None:
    """How much of the credit is there; None where a split was agreed on or decided without a
    figure of what arrived.
    """
    escrow, at = order.escrow, credit_at(order)
    if at == "moving":
        return order.face_value_cents - order.parts_arrived_cents
    in_part = escrow.status == E.SPLIT or (escrow.status == E.HELD and order.more_to_come)
    if at == "buyer" and in_part:
        return max(order.measured_cents or 0, order.parts_arrived_cents) or None
    return order.face_value_cents
