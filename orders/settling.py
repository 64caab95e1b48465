"""The end of a dispute: the held payment moves as it was decided or agreed, in one transaction."""

from typing import Any

from django.db.models.functions import Now

from accounts.models import Person
from listings import stock
from orders import dispute_course, standing
from orders.completion import complete_disputed
from orders.decisions import outcome_of
from orders.follow import return_stock
from orders.models import Dispute, Order, OrderStatus
from orders.progress import advance, tell
from payments import escrow

S = OrderStatus
# How a dispute ends that somebody lost; to agree or to give in is no failure.
DECIDED = ("accepted", "stands", "appeal_decided")


def settle(
    order: Order,
    dispute: Dispute,
    *,
    refund_cents: int,
    kind: str,
    actor: Person | None,
    reason: str,
    **known: Any,
) -> None:
    """Give `refund_cents` back, release the rest, and end dispute and order.

    `known` are the columns of the decision that is carried out; without any, it is an agreement.
    Called with the order locked. Raises Contested, Suspected or WrongState, changing nothing.
    """
    known = known or {"decided_by": None, "decision": reason, "decided_at": Now()}
    known |= {"refund_cents": refund_cents, "outcome": outcome_of(order, refund_cents)}
    dispute_course.end(dispute, kind=kind, actor=actor, **known)
    if refund_cents == 0:
        complete_disputed(order, actor=actor, reason=reason)
    elif refund_cents == order.price_cents:
        escrow.refund(order.escrow, actor=actor, reason=reason)
        advance(order, S.CANCELLED, kind="dispute_refunded", actor=actor, note=reason)
        # Once codes were seen or credit was sent, it cannot be offered again.
        return_stock(order, gone=order.sent_at is not None)
    else:
        share = order.price_cents - refund_cents
        escrow.settle(order.escrow, seller_share_cents=share, actor=actor, reason=reason)
        advance(order, S.COMPLETED, kind="dispute_split", actor=actor, note=reason)
        stock.sell(order.listing, order.face_value_cents)
    if kind in DECIDED and refund_cents == order.price_cents:
        # After the offer, as in every ending: whoever took them the other way round would wait
        # for one who waits for them.
        standing.count_failed(order.seller)
    for person in (order.buyer, order.seller):
        tell(order, person, "dispute_settled", reason=reason, **moved(order, refund_cents))


def moved(order: Order, refund_cents: int) -> dict[str, Any]:
    """What an outcome moves, for notices and pages."""
    shares = escrow.shares(order.escrow, refund_cents)
    return {
        "outcome": outcome_of(order, refund_cents),
        "to_buyer_cents": shares.to_buyer_cents,
        "to_seller_cents": shares.to_seller_cents,
        "commission_cents": shares.commission_cents,
    }
