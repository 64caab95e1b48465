"""The life of a trade: the transition table, and the only module that assigns its status."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models.functions import Now

from accounts import returning
from accounts.machines import Machine
from accounts.models import Person
from accounts.notifications import notice, notify, notify_all
from accounts.refusals import WrongState
from orders.models import Order, OrderEvent, OrderStatus, Verdict
from orders.verification import course

S = OrderStatus

machine = Machine(
    model=Order,
    events=OrderEvent,
    link="order",
    table={
        S.PLACED: {S.PAID, S.CANCELLED},
        S.PAID: {S.TRANSFERRED, S.DISPUTED, S.CANCELLED},
        S.TRANSFERRED: {S.VERIFIED, S.DISPUTED, S.CANCELLED},
        S.VERIFIED: {S.COMPLETED, S.DISPUTED, S.CANCELLED},
        S.DISPUTED: {S.COMPLETED, S.CANCELLED},
        S.COMPLETED: set(),
        S.CANCELLED: set(),
    },
)


def locked(order: Order) -> Order:
    """The order as it is now, locked against every other step."""
    return Order.objects.select_for_update(no_key=True, of=("self",)).with_parts().get(pk=order.pk)


def advance(
    order: Order,
    to: str,
    *,
    kind: str,
    actor: Person | None,
    note: str = "",
    within_seconds: int | None = None,
    **changes: Any,
) -> None:
    """Move an order on; `within_seconds` sets the next deadline, None ends all waiting."""
    deadline = None if within_seconds is None else Now() + timedelta(seconds=within_seconds)
    if to in machine.final:
        changes["ended_at"] = Now()
    machine.advance(order, to, kind=kind, actor=actor, note=note, deadline=deadline, **changes)
    is_unsent = to == S.DISPUTED and order.sent_at is None
    if (to in machine.final or is_unsent) and course.end_with(order):
        # A key was still held: its purpose has ended with the order, or before anything was sent.
        if not order.verdict:
            Order.objects.filter(pk=order.pk).update(verdict=Verdict.INCONCLUSIVE)
            order.verdict = Verdict.INCONCLUSIVE
        tell(order, order.buyer, "order_key_forgotten", provider=order.listing.provider.name)


def wait(order: Order, *, kind: str, actor: Person | None, within_seconds: int) -> None:
    """Something happened that leaves the state and sets another deadline. Raises WrongState."""
    deadline = Now() + timedelta(seconds=within_seconds)
    rows = Order.objects.filter(pk=order.pk, status=order.status)
    if not returning.update(rows, order, deadline=deadline):
        raise WrongState
    machine.remark(order, kind=kind, actor=actor)


def tell(
    order: Order, person: Person, kind: str, *, again: bool = False, mark: str = "", **more: Any
) -> None:
    """Let a party know where the trade stands, once; `again`: each time it is said.

    `mark` names what it is about, where that is less than the order: once for each.
    """
    key = f"order:{order.pk}:{kind}:{person.pk}" + (f":{mark}" if mark else "")
    if again:
        key += f":{order.events.count()}"
    notify(person=person, kind=kind, key=key, **_stand(order), **more)


def tell_all(orders: Iterable[Order], *, buyer: str, seller: str) -> None:
    """`tell` both parties of many orders: which kind the buyer is told, and which the seller."""
    notices = []
    for order in orders:
        stand = _stand(order)
        for person_id, kind in ((order.buyer_id, buyer), (order.seller_id, seller)):
            key = f"order:{order.pk}:{kind}:{person_id}"
            notices.append(notice(person_id=person_id, kind=kind, key=key, **stand))
    notify_all(notices)


def _stand(order: Order) -> dict[str, Any]:
    return {
        "url": order.get_absolute_url(),
        "title": order.title,
        "currency": order.currency,
        "face_value_cents": order.face_value_cents,
        "price_cents": order.price_cents,
        "proceeds_cents": order.proceeds_cents,
        "deadline": order.deadline.isoformat() if order.deadline else "",
    }
