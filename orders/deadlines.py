"""Nobody waits forever: each state that is not final has a deadline and a default outcome."""

import logging
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.refusals import Refusal, WrongState
from orders import cancellation, completion, disputes, follow
from orders.models import Order, OrderStatus
from payments import collection
from payments.models import Escrow
from payments.processor.interface import OutcomeUnknown, ProcessorRefused

log = logging.getLogger(__name__)

RELEASING = (OrderStatus.TRANSFERRED, OrderStatus.VERIFIED)
MAY_RELEASE = (*RELEASING, OrderStatus.DISPUTED)
# How long a suspicion of fraud may wait for a person.
SUSPECTED_FOR = timedelta(days=7)

DEFAULTS: dict[str, Callable[[Order], Order]] = {
    OrderStatus.PLACED: cancellation.lapse_unpaid,
    OrderStatus.PAID: cancellation.give_up_waiting,
    OrderStatus.TRANSFERRED: disputes.inspection_over,
    OrderStatus.VERIFIED: completion.complete_verified,
    OrderStatus.DISPUTED: disputes.time_over,
}


def due() -> list[UUID]:
    """Orders whose deadline has passed, by the database's clock."""
    # While the bank disputes a payment, nothing about its order can be decided.
    rows = Order.objects.filter(deadline__lte=Now(), escrow__contested_at=None)
    # Nor is anything released that may be fraud, until that had its time too.
    rows = rows.exclude(Q(status__in=MAY_RELEASE), escrow__suspected_at__gt=Now() - SUSPECTED_FOR)
    # Whoever waited longest for a try: what is refused each time must not keep others waiting.
    rows = rows.order_by(F("tried_at").asc(nulls_first=True), "deadline")
    return list(rows.values_list("pk", flat=True)[:100])


def enforce(order_id: UUID) -> None:
    """Bring about the default outcome of one order, if it is still due."""
    if not Order.objects.filter(pk=order_id, deadline__lte=Now()).update(tried_at=Now()):
        return
    order = Order.objects.get(pk=order_id)
    if order.status == OrderStatus.PLACED and _paid_after_all(order.escrow_id):
        follow.follow(order)
        return
    try:
        if order.status in RELEASING and order.escrow.suspected_at is not None:
            cancellation.give_back_suspected(order)
        else:
            DEFAULTS[order.status](order)
    except WrongState:
        log.info("order %s had moved on", order_id)
    except Refusal as refusal:
        log.warning("order %s stays as it is: %s", order_id, refusal)


def _paid_after_all(escrow_id: UUID) -> bool:
    """Ask once more before an order is called unpaid; a webhook may be late."""
    escrow = Escrow.objects.get(pk=escrow_id)
    if not escrow.checkout_id:
        return False
    try:
        return bool(collection.collect(escrow_id).charge_id)
    except (OutcomeUnknown, ProcessorRefused):
        # No answer: the order lapses; a payment that turns up later is refunded in full.
        return False
