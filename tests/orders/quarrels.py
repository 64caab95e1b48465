"""Disputes at every stage; offers and payments are rows only, and nothing is sent anywhere."""

from collections.abc import Sequence
from typing import Any

from django.db.models.functions import Now

from accounts.models import Person
from orders import deadlines, disputes, transfer
from orders.models import Dispute, Order
from payments import escrow
from providers.vocabulary import TransferMethod
from tests.factories import a_listing
from tests.verification.measured import paid

PRICE, AMOUNT = 30_00, 50_00
WORDS = "Only half of it is there, as far as I can see."


def a_sent_order(buyer: Person, **terms: Any) -> Order:
    """$50 of credit for $30, handed over; the payment is held."""
    order = paid(buyer, a_listing(**terms), AMOUNT)
    if order.transfer_method == TransferMethod.REDEEM_CODE:
        transfer.reveal(order, actor=buyer)
    else:
        transfer.send(order, actor=order.seller, note="Reference 17.")
    return now(order)


def a_disputed_order(buyer: Person, *, reason: str = "other", **terms: Any) -> Order:
    """The same in dispute: the seller is to answer."""
    order = a_sent_order(buyer, **terms)
    disputes.open_dispute(order, actor=buyer, reason=reason, text=WORDS)
    return now(order)


def an_answered_order(buyer: Person) -> Order:
    """The same, and the seller has answered."""
    order = a_disputed_order(buyer)
    disputes.answer(order, actor=order.seller, text=WORDS)
    return now(order)


def a_decided_order(buyer: Person, moderator: Person, outcome: str, back: int | None) -> Order:
    """The same, decided for the first time."""
    order = a_disputed_order(buyer)
    decide(order, moderator, outcome, back)
    return now(order)


def decide(order: Order, moderator: Person, outcome: str, back: int | None = None) -> None:
    disputes.decide(
        now(order).dispute, actor=moderator, outcome=outcome, reason="I read it.", refund_cents=back
    )


def now(order: Order) -> Order:
    """The order as it is now, with its dispute."""
    return Order.objects.with_parts().get(pk=order.pk)


def make_due(order: Order) -> Order:
    """The clock of the present state runs out."""
    Order.objects.filter(pk=order.pk).update(deadline=Now())
    deadlines.enforce(order.pk)
    return now(order)


def ended(order: Order) -> tuple[str, str, int, int]:
    """Where order and money are, and what went where."""
    order = now(order)
    held = order.escrow
    return order.status, held.status, held.refunded_cents, held.released_cents


HELD = ("disputed", "held", 0, 0)
REFUNDED = ("cancelled", "refunded", PRICE, 0)
RELEASED = ("completed", "released", 0, PRICE)


def split(back: int) -> tuple[str, str, int, int]:
    return ("completed", "split", back, PRICE - back)


def everything(order: Order) -> Sequence[Any]:
    """What a refusal must leave as it is."""
    return (
        Order.objects.values().get(pk=order.pk),
        Dispute.objects.values().get(order=order),
        escrow.Escrow.objects.values().get(pk=order.escrow_id),
        list(order.dispute.events.values()),
        list(order.events.values()),
        list(order.dispute.proposals.values()),
        list(order.escrow.postings.values()),
    )
