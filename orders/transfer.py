"""The credit's way from seller to buyer: sent by the seller, or revealed from the vault."""

from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from accounts import returning
from accounts.models import Person
from accounts.refusals import NotAllowed, WrongState
from listings import vault
from orders import tranches
from orders.models import Order, OrderStatus
from orders.progress import advance, locked, machine, tell, wait
from orders.verification import course
from providers.vocabulary import TransferMethod

S = OrderStatus


@transaction.atomic
def name_recipient(order: Order, *, actor: Person, recipient: str) -> Order:
    """Say where the credit is to go. Raises WrongState once it was sent."""
    order = locked(order)
    if actor.pk != order.buyer_id:
        raise NotAllowed("Only the buyer says where the credit goes.")
    if order.status not in (S.PLACED, S.PAID):
        raise WrongState
    Order.objects.filter(pk=order.pk).update(recipient=recipient)
    order.recipient = recipient
    machine.remark(order, kind="recipient_named", actor=actor)
    if order.status == S.PAID and order.transfer_method != TransferMethod.REDEEM_CODE:
        tell(order, order.seller, "order_recipient_named", again=True, recipient=recipient)
    return order


@transaction.atomic
def send(order: Order, *, actor: Person, note: str, part_cents: int | None = None) -> Order:
    """The seller says that the credit is sent; the buyer's time to inspect begins.

    `part_cents`: that only so much of it is, and more will come; then the time to deliver begins
    anew. Raises NotAllowed for anybody else, WrongState if it is not paid or moves by code,
    Invalid where it cannot come in such a part.
    """
    order = locked(order)
    if actor.pk != order.seller_id:
        raise NotAllowed("Only the seller can say that the credit was sent.")
    if order.transfer_method == TransferMethod.REDEEM_CODE:
        raise WrongState("The codes of this order are handed over by Surplus itself.")
    is_more = order.status == S.TRANSFERRED and order.more_to_come
    if order.status != S.PAID and not is_more:
        raise WrongState
    if part_cents is not None:
        tranches.add(order, part_cents)
    kind = "sent" if part_cents is None else "part_sent"
    (_more if is_more else _transferred)(order, actor=actor, kind=kind, note=note)
    if part_cents is None:
        tell(order, order.buyer, "order_sent")
    else:
        sent: dict[str, Any] = {"part_cents": part_cents, "sent_cents": order.parts_sent_cents}
        tell(order, order.buyer, "order_part_sent", again=True, **sent)
    return order


def _more(order: Order, *, actor: Person, kind: str, note: str) -> None:
    """Another part, or the rest: the clock of the one or of the other begins."""
    is_rest = kind == "sent"
    within = order.inspect_within_seconds if is_rest else order.deliver_within_seconds
    notes = "\n".join(text for text in (order.sent_note, note) if text)
    changes: dict[str, Any] = {"sent_at": Now(), "sent_note": notes, "more_to_come": not is_rest}
    returning.update(Order.objects.filter(pk=order.pk), order, **changes)
    wait(order, kind=kind, actor=actor, within_seconds=within)
    course.read_again(order)


@transaction.atomic
def reveal(order: Order, *, actor: Person) -> list[str]:
    """The codes of a paid order, to its buyer; the first time starts the time to inspect.

    Raises NotAllowed for anybody else, WrongState if nothing is paid or held any more.
    """
    order = locked(order)
    actor = order.party(actor)
    if actor.pk != order.buyer_id:
        raise NotAllowed("Only the buyer sees the codes.")
    if order.transfer_method != TransferMethod.REDEEM_CODE:
        raise WrongState("This order has no codes.")
    seen_before = order.revealed_at is not None
    # A dispute that ended for the seller may have begun before anything was seen.
    if order.status not in (S.PAID, S.COMPLETED) and not seen_before:
        raise WrongState
    codes = vault.reveal(order.pk)
    if seen_before:
        machine.remark(order, kind="revealed_again", actor=actor)
    elif order.status == S.COMPLETED:
        Order.objects.filter(pk=order.pk).update(revealed_at=Now())
        machine.remark(order, kind="revealed", actor=actor)
    else:
        _transferred(order, actor=actor, kind="revealed", note="")
        tell(order, order.seller, "order_revealed")
    return codes


def _transferred(order: Order, *, actor: Person, kind: str, note: str) -> None:
    in_parts = kind == "part_sent"
    advance(
        order,
        S.TRANSFERRED,
        kind=kind,
        actor=actor,
        # What was written is in the order alone: an event could never forget it.
        within_seconds=order.deliver_within_seconds if in_parts else order.inspect_within_seconds,
        sent_at=Now(),
        sent_note=note,
        revealed_at=Now() if kind == "revealed" else None,
    )
    course.sent(order)
