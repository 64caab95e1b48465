"""The early end of a trade: withdrawn or unpaid, declined or not delivered."""

from django.db import transaction

from accounts.models import Person
from accounts.refusals import NotAllowed, WrongState
from listings import stock
from orders import standing
from orders.follow import return_stock
from orders.models import Order, OrderStatus
from orders.progress import advance, locked, tell
from payments import escrow
from payments.models import EscrowStatus
from providers.vocabulary import TransferMethod

S = OrderStatus


def cancel(order: Order, *, actor: Person) -> Order:
    """The buyer withdraws an unpaid order, or the seller declines a paid one.

    Raises NotAllowed or WrongState.
    """
    if actor.pk == order.seller_id:
        return decline(order, actor=actor)
    return withdraw(order, actor=actor)


@transaction.atomic
def withdraw(order: Order, *, actor: Person) -> Order:
    """The buyer takes back an order that is not paid."""
    order = locked(order)
    if actor.pk != order.buyer_id:
        raise NotAllowed
    if order.status != S.PLACED:
        raise WrongState(
            "A paid order can no longer be withdrawn. Open a dispute if it goes wrong."
        )
    _unpaid(order, actor=actor, kind="withdrawn")
    return order


@transaction.atomic
def lapse_unpaid(order: Order) -> Order:
    """The time to pay has passed."""
    order = locked(order)
    if order.status != S.PLACED:
        raise WrongState
    _unpaid(order, actor=None, kind="not_paid_in_time")
    tell(order, order.buyer, "order_lapsed")
    return order


def _unpaid(order: Order, *, actor: Person | None, kind: str) -> None:
    if order.escrow.status == EscrowStatus.HELD:
        raise WrongState("Your payment has just arrived, so this order goes on.")
    escrow.lapse(order.escrow, actor=actor, reason=kind)
    advance(order, S.CANCELLED, kind=kind, actor=actor)
    return_stock(order, gone=False)


@transaction.atomic
def decline(order: Order, *, actor: Person) -> Order:
    """The seller will not deliver: the buyer gets everything back."""
    order = locked(order)
    if actor.pk != order.seller_id:
        raise NotAllowed
    if order.status != S.PAID:
        raise WrongState
    _refunded(order, actor=actor, kind="declined", reason="The seller declined.")
    tell(order, order.buyer, "order_declined")
    return order


@transaction.atomic
def give_up_waiting(order: Order) -> Order:
    """The credit did not come in time: the buyer gets everything back."""
    order = locked(order)
    if order.status != S.PAID:
        raise WrongState
    by_code = order.transfer_method == TransferMethod.REDEEM_CODE
    kind = "never_revealed" if by_code else "not_delivered"
    _refunded(order, actor=None, kind=kind, reason="The credit was not handed over in time.")
    if not by_code:
        stock.pause_undelivered(order.listing, actor=None)
        standing.count_failed(order.seller)
        tell(order, order.seller, "order_not_delivered_seller")
    tell(order, order.buyer, "order_not_delivered_buyer", kind_of_end=kind)
    return order


@transaction.atomic
def give_back_suspected(order: Order) -> Order:
    """Fraud is suspected, and nobody decided otherwise in time: the buyer gets everything back."""
    order = locked(order)
    if order.status not in (S.TRANSFERRED, S.VERIFIED) or order.escrow.suspected_at is None:
        raise WrongState
    escrow.refund(order.escrow, actor=None, reason="Fraud was suspected and not ruled out.")
    # Parts that were paid for stay so: then it is a trade of these.
    paid_in_part = order.escrow.released_cents > 0
    if paid_in_part and order.status == S.TRANSFERRED:
        advance(order, S.VERIFIED, kind="parts_kept", actor=None, within_seconds=0)
    ends = S.COMPLETED if paid_in_part else S.CANCELLED
    advance(order, ends, kind="fraud_suspected", actor=None)
    return_stock(order, gone=True)
    for person in (order.buyer, order.seller):
        tell(order, person, "order_suspected")
    return order


def _refunded(order: Order, *, actor: Person | None, kind: str, reason: str) -> None:
    escrow.refund(order.escrow, actor=actor, reason=reason)
    advance(order, S.CANCELLED, kind=kind, actor=actor)
    return_stock(order, gone=False)
