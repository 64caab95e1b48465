"""When the parties do not agree: no money moves until a moderator decides, or time decides."""

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from accounts import audit
from accounts.models import Person
from accounts.refusals import NotAllowed, WrongState
from orders.completion import accept_silence, complete_disputed
from orders.follow import return_stock
from orders.models import Dispute, Order, OrderStatus, Verdict
from orders.progress import advance, locked, tell
from payments import escrow

S = OrderStatus
RELEASE, REFUND = "release", "refund"


@transaction.atomic
def open_dispute(order: Order, *, actor: Person, reason: str, text: str) -> Order:
    """The buyer says that something is wrong; nothing is released from now on.

    Raises NotAllowed for anybody else, WrongState unless the payment is held.
    """
    order = locked(order)
    if actor.pk != order.buyer_id:
        raise NotAllowed("Only the buyer can open a dispute. As the seller you can decline.")
    if order.status not in (S.PAID, S.TRANSFERRED, S.VERIFIED):
        raise WrongState
    Dispute.objects.create(order=order, opened_by=actor, reason=reason, text=text)
    advance(
        order,
        S.DISPUTED,
        kind="disputed",
        actor=actor,
        note=reason,
        within_seconds=settings.DECIDE_WITHIN_SECONDS,
    )
    tell(order, order.seller, "order_disputed_seller", text=text)
    tell(order, order.buyer, "order_disputed_buyer")
    return order


@transaction.atomic
def inspection_over(order: Order) -> Order:
    """The buyer said nothing in time: that counts as arrived, unless the readings refute it.

    Then a dispute is opened for the buyer, and a moderator decides.
    """
    order = locked(order)
    if order.status != S.TRANSFERRED or order.verdict != Verdict.REFUTED:
        return accept_silence(order)
    text = "Opened by Surplus: the readings of the balance do not show what was agreed."
    reason = "less_than_agreed" if order.measured_cents else "not_received"
    Dispute.objects.create(order=order, opened_by=order.buyer, reason=reason, text=text)
    advance(
        order,
        S.DISPUTED,
        kind="disputed",
        actor=None,
        note=reason,
        within_seconds=settings.DECIDE_WITHIN_SECONDS,
    )
    tell(order, order.seller, "order_disputed_seller", text=text)
    tell(order, order.buyer, "order_disputed_buyer")
    return order


def decide(dispute: Dispute, *, actor: Person, outcome: str, reason: str) -> Order:
    """A moderator releases to the seller or refunds the buyer, with a reason both will read.

    Raises NotAllowed for a party or anybody who is no moderator, WrongState if it was decided.
    """
    if not actor.is_staff or actor.pk in (dispute.order.buyer_id, dispute.order.seller_id):
        raise NotAllowed("Nobody decides on their own trade.")
    with transaction.atomic():
        order = _end(dispute.order, actor=actor, outcome=outcome, reason=reason)
        audit.record(
            actor=actor,
            act=f"dispute_{outcome}",
            subject=f"order:{order.pk}",
            reason=reason,
            price_cents=order.price_cents,
        )
    return order


@transaction.atomic
def decide_by_time(order: Order) -> Order:
    """Nobody decided in time: the published default is that the buyer gets the money back."""
    return _end(
        order,
        actor=None,
        outcome=REFUND,
        reason="No decision was made in time, so the payment goes back to the buyer.",
    )


def _end(order: Order, *, actor: Person | None, outcome: str, reason: str) -> Order:
    assert outcome in (RELEASE, REFUND)
    order = locked(order)
    if order.status != S.DISPUTED:
        raise WrongState
    Dispute.objects.filter(order=order, decided_at=None).update(
        decided_by=actor, outcome=outcome, decision=reason, decided_at=Now()
    )
    if outcome == RELEASE:
        complete_disputed(order, actor=actor, reason=reason)
    else:
        escrow.refund(order.escrow, actor=actor, reason=reason)
        advance(order, S.CANCELLED, kind="dispute_refunded", actor=actor, note=reason)
        # Once codes were seen or credit was sent, it cannot be offered again.
        return_stock(order, gone=order.sent_at is not None)
    for person in (order.buyer, order.seller):
        tell(order, person, "dispute_decided", outcome=outcome, reason=reason)
    return order
