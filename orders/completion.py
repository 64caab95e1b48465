"""The good end of a trade: the buyer confirms, or their time to object passes."""

from django.db import transaction
from django.db.models import F

from accounts.models import Person, Standing
from accounts.refusals import NotAllowed, WrongState
from orders.follow import settled_well
from orders.models import Order, OrderStatus, Verdict
from orders.progress import advance, locked
from payments import escrow
from providers.vocabulary import Rung

S = OrderStatus


@transaction.atomic
def confirm(order: Order, *, actor: Person) -> Order:
    """The buyer says that the credit arrived: the held payment is released.

    Raises NotAllowed for anybody else, WrongState if there is nothing to confirm, Contested
    while the buyer's bank disputes the payment.
    """
    order = locked(order)
    if actor.pk != order.buyer_id:
        raise NotAllowed("Only the buyer can confirm the arrival.")
    if order.status == S.TRANSFERRED:
        _verified(order, actor=actor, kind="confirmed", note="")
    elif order.status != S.VERIFIED:
        raise WrongState
    _complete(order, actor=actor, reason="The buyer confirmed the arrival.")
    return order


@transaction.atomic
def accept_silence(order: Order) -> Order:
    """The buyer had their time to object and said nothing: that counts as arrived."""
    order = locked(order)
    if order.status != S.TRANSFERRED:
        raise WrongState
    _verified(order, actor=None, kind="accepted_by_silence", note="")
    _complete(order, actor=None, reason="The time to inspect passed without objection.")
    return order


@transaction.atomic
def complete_verified(order: Order) -> Order:
    """The cooling-off time after a verified arrival has passed."""
    order = locked(order)
    if order.status != S.VERIFIED:
        raise WrongState
    _complete(order, actor=None, reason="The cooling-off time passed.")
    return order


def complete_disputed(order: Order, *, actor: Person | None, reason: str) -> None:
    """A moderator decided for the seller."""
    _complete(order, actor=actor, reason=reason)


def _verified(order: Order, *, actor: Person | None, kind: str, note: str) -> None:
    advance(
        order,
        S.VERIFIED,
        kind=kind,
        actor=actor,
        note=note,
        within_seconds=order.cooling_off_seconds,
        rung=Rung.BUYER_CONFIRMATION,
        verdict=Verdict.VERIFIED if actor else Verdict.INCONCLUSIVE,
    )


def _complete(order: Order, *, actor: Person | None, reason: str) -> None:
    escrow.release(order.escrow, actor=actor, reason=reason)
    settled_well(order, actor=actor, kind="completed")
    Standing.objects.get_or_create(person=order.seller)
    Standing.objects.filter(person=order.seller).update(completed_orders=F("completed_orders") + 1)
