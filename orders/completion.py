"""The good end of a trade: the buyer confirms, or their time to object passes."""

from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from accounts.models import Person
from accounts.refusals import NotAllowed, WrongState
from listings import stock
from orders import standing, tranches
from orders.follow import settled_well
from orders.models import Order, OrderStatus, Verdict
from orders.progress import advance, locked, machine, tell
from orders.refusals import NothingMeasured
from orders.verification.models import Verification
from orders.verification.rungs import LADDER, Case
from payments import escrow
from providers.vocabulary import Rung

S = OrderStatus
COOLED_OFF = "The cooling-off time passed."


@transaction.atomic
def confirm(order: Order, *, actor: Person) -> Order:
    """The buyer says that the credit arrived: the held payment is released.

    Of a transfer in parts, what was sent so far: only that is paid for. Raises NotAllowed for
    anybody else, WrongState if there is nothing to confirm, Contested while the buyer's bank
    disputes the payment.
    """
    order = locked(order)
    if actor.pk != order.buyer_id:
        raise NotAllowed("Only the buyer can confirm the arrival.")
    if order.status == S.TRANSFERRED and order.more_to_come:
        tranches.confirm_sent(order, actor=actor)
        return order
    if order.status == S.TRANSFERRED:
        _verified(order, actor=actor, kind="confirmed")
    elif order.status != S.VERIFIED:
        raise WrongState
    _complete(order, actor=actor, reason="The buyer confirmed the arrival.")
    return order


@transaction.atomic
def accept_silence(order: Order) -> Order:
    """The buyer had their time to object and said nothing: that counts as arrived.

    Raises WrongState unless it was sent.
    """
    order = locked(order)
    _verified(order, actor=None, kind="accepted_by_silence")
    _complete(order, actor=None, reason="The time to inspect passed without objection.")
    return order


@transaction.atomic
def accept_part(order: Order, *, actor: Person) -> Order:
    """Settle for the part that was measured: the buyer offers it, and the seller agrees.

    Both must, for either could have moved the figures: a buyer by lending the key of another
    account. What did not arrive does not go back on offer: the seller has to show it anew. Raises
    NotAllowed, WrongState unless it was sent, NothingMeasured, Contested.
    """
    order = locked(order)
    if order.status != S.TRANSFERRED:
        raise WrongState
    if not part_price(order):
        raise NothingMeasured
    offers = Verification.objects.filter(order=order)
    if actor.pk == order.buyer_id:
        if offers.filter(part_offered_at=None).update(part_offered_at=Now()):
            machine.remark(order, kind="part_offered", actor=actor)
            _tell_part(order, order.seller, "order_part_offered")
        return order
    if not offers.filter(part_offered_at__isnull=False).exists():
        raise NotAllowed("The buyer has not offered to take the part.")
    _settle_part(order, actor=actor)
    return order


def _settle_part(order: Order, *, actor: Person) -> None:
    share = part_price(order)
    advance(order, S.VERIFIED, kind="part_accepted", actor=actor)
    reason = "Both sides accepted the part that arrived."
    escrow.settle(order.escrow, seller_share_cents=share, actor=actor, reason=reason)
    advance(order, S.COMPLETED, kind="completed_in_part", actor=actor)
    stock.sell(order.listing, order.face_value_cents)
    _tell_part(order, order.buyer, "order_part_accepted_buyer")
    _tell_part(order, order.seller, "order_part_accepted_seller")


def _tell_part(order: Order, person: Person, kind: str) -> None:
    share = part_price(order)
    more: dict[str, Any] = {"share_cents": share, "rest_cents": order.price_cents - share}
    tell(order, person, kind, measured_cents=order.measured_cents, **more)


def part_price(order: Order) -> int:
    """What the measured part costs, 0 where there is no part to accept."""
    # What was paid for as a part has arrived, whatever a later reading says.
    measured = max(order.measured_cents or 0, order.parts_arrived_cents)
    settled = order.verdict in (Verdict.INCONCLUSIVE, Verdict.REFUTED)
    if not settled or not order.measured_cents or measured >= order.face_value_cents:
        return 0
    share = tranches.price_of(order, measured)
    return share if share < order.price_cents else 0


@transaction.atomic
def complete_verified(order: Order) -> Order:
    """The cooling-off time after a verified arrival has passed."""
    order = locked(order)
    if order.status != S.VERIFIED:
        raise WrongState
    _complete(order, actor=None, reason=COOLED_OFF)
    return order


def complete_disputed(order: Order, *, actor: Person | None, reason: str) -> None:
    """A dispute ended for the seller."""
    _complete(order, actor=actor, reason=reason)


def _verified(order: Order, *, actor: Person | None, kind: str) -> None:
    """The weakest rung settles it: the buyer's word, or their silence."""
    case = Case(order.face_value_cents, order.currency, buyer_confirmed=actor is not None)
    finding = LADDER[Rung.BUYER_CONFIRMATION].finding(case)
    advance(
        order,
        S.VERIFIED,
        kind=kind,
        actor=actor,
        rung=Rung.BUYER_CONFIRMATION,
        verdict=finding.verdict,
    )


def _complete(order: Order, *, actor: Person | None, reason: str) -> None:
    escrow.release(order.escrow, actor=actor, reason=reason)
    settled_well(order, actor=actor, kind="completed")
    standing.count_completed({order.seller_id: 1})
