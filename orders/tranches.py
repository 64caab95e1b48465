"""A large transfer may come in parts: each is paid for once it has arrived, the rest stays held.

The seller says with each part how much it is, and when the rest is sent. A part arrives by the
provider's figures or by the buyer's word, never by silence. Where the rest does not come in time,
a dispute is opened for the buyer (`orders.disputes`), about what is still held.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q
from django.db.models.functions import Now

from accounts.models import Person
from accounts.refusals import Invalid, WrongState
from orders.models import Order, OrderStatus, Tranche
from orders.progress import locked, machine, tell
from payments import escrow, money
from providers.vocabulary import Rung

S = OrderStatus
# A part is at least one of so many, and so is what is left for later: so there are fewer parts.
SHARES = 10
GOING_ON = (S.TRANSFERRED, S.VERIFIED)


def least_cents(order: Order) -> int:
    """The smallest part."""
    return -(-order.face_value_cents // SHARES)


def may_come_in_parts(order: Order) -> bool:
    """Whether an order is large enough."""
    return order.face_value_cents >= settings.PARTS_FROM_CENTS


def add(order: Order, part_cents: int) -> Tranche:
    """Write down that a part is sent, with the order locked. Raises Invalid naming `part_cents`."""
    if not may_come_in_parts(order):
        least = f"{settings.PARTS_FROM_CENTS / 100:.2f} {order.currency}"
        raise Invalid("part_cents", f"Credit below {least} is sent all at once.")
    least_part, up_to = least_cents(order), order.parts_sent_cents + part_cents
    if part_cents < least_part or order.face_value_cents - up_to < least_part:
        least = f"{least_part / 100:.2f} {order.currency}"
        text = f"A part is at least {least}, and at least as much is left for later."
        raise Invalid("part_cents", text)
    number = Tranche.objects.filter(order=order).count() + 1
    part = Tranche.objects.create(order=order, number=number, up_to_cents=up_to)
    Order.objects.filter(pk=order.pk).update(parts_sent_cents=up_to, more_to_come=True)
    order.parts_sent_cents, order.more_to_come = up_to, True
    return part


def arrived(order: Order, *, cents: int, rung: str, actor: Person | None = None) -> bool:
    """The parts that `cents` cover have arrived; whether that is new. With the order locked.

    What the buyer says themselves is due at once, what was measured after the cooling-off time.
    """
    if order.parts_arrived_cents == order.parts_sent_cents:
        return False
    fresh = Tranche.objects.filter(order=order, arrived_at=None, up_to_cents__lte=cents)
    up_to = fresh.aggregate(most=Max("up_to_cents"))["most"]
    if up_to is None:
        return False
    within = timedelta(seconds=0 if actor else order.cooling_off_seconds)
    fresh.update(arrived_at=Now(), rung=rung, release_at=Now() + within)
    Order.objects.filter(pk=order.pk).update(parts_arrived_cents=up_to)
    order.parts_arrived_cents = up_to
    machine.remark(order, kind="part_arrived", actor=actor)
    for person in (order.buyer, order.seller):
        tell(order, person, "order_part_arrived", again=True, arrived_cents=up_to)
    return True


def confirm_sent(order: Order, *, actor: Person) -> None:
    """The buyer says that what was sent so far has arrived: it is paid for at once.

    With the order locked. Raises WrongState if all of that had arrived before.
    """
    sent = order.parts_sent_cents
    if not arrived(order, cents=sent, rung=Rung.BUYER_CONFIRMATION, actor=actor):
        # Measured already: the buyer's word makes it due.
        waiting = Tranche.objects.filter(order=order, arrived_at__isnull=False, released_at=None)
        if not waiting.update(release_at=Now()):
            raise WrongState("All that was sent so far is paid for. The rest is still to come.")
    _release(order, actor=actor, reason="The buyer confirmed the part.")


def price_of(order: Order, up_to_cents: int) -> int:
    """The share of the price for so much of the credit."""
    share, _rest = money.split(
        order.price_cents, [up_to_cents, order.face_value_cents - up_to_cents]
    )
    return share


def due() -> list[UUID]:
    """Orders of which a part is to be paid for, by the database's clock."""
    rows = Tranche.objects.filter(release_at__lte=Now(), released_at=None)
    free = Q(order__escrow__contested_at=None, order__escrow__suspected_at=None)
    rows = rows.filter(free, order__status__in=GOING_ON).order_by("release_at")
    return list(rows.values_list("order", flat=True)[:100])


@transaction.atomic
def release_due(order_id: UUID) -> None:
    """Pay for the parts of an order whose cooling-off time has passed.

    Raises Contested or Suspected while the payment may not move.
    """
    order = locked(Order(pk=order_id))
    if order.status in GOING_ON:
        _release(order, actor=None, reason="The cooling-off time of a part passed.")


def _release(order: Order, *, actor: Person | None, reason: str) -> None:
    parts = Tranche.objects.filter(order=order, release_at__lte=Now(), released_at=None)
    part = parts.order_by("number").last()
    if part is None:
        return
    share = price_of(order, part.up_to_cents)
    escrow.release_part(
        order.escrow, number=part.number, released_cents=share, actor=actor, reason=reason
    )
    parts.update(released_at=Now())
    machine.remark(order, kind="part_released", actor=actor)
    more: dict[str, Any] = {"arrived_cents": part.up_to_cents, "share_cents": share}
    for person in (order.buyer, order.seller):
        tell(order, person, "order_part_released", again=True, **more)
