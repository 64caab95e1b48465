"""Trades whose cooling-off time has passed are completed many at a time.

What is not plain (a key still lent, a dispute at the bank, a suspicion, a seller in debt) is left
to `orders.deadlines`, which takes one at a time. The meaning is that of `completion`.
"""

from collections import Counter
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from listings import stock
from orders import standing
from orders.completion import COOLED_OFF
from orders.models import Order, OrderStatus
from orders.progress import machine, tell_all
from orders.verification.models import Course, Verification
from payments import escrow, recovery
from payments.models import EscrowStatus

S = OrderStatus
# Of each trade; to load all of it would take as long as the rest.
NEEDED = (
    *("listing", "buyer", "seller", "title", "currency"),
    *("face_value_cents", "price_cents", "proceeds_cents"),
    *("escrow__reference", "escrow__seller", "escrow__currency", "escrow__charge_id"),
    *("escrow__commission_cents", "escrow__proceeds_cents"),
)
SIZE = 500


@transaction.atomic
def complete_due(size: int = SIZE) -> int:
    """Complete up to `size` trades in one transaction; returns how many.

    Several workers may do this at once: each takes rows that no other has.
    """
    orders = _taken(size)
    if not orders:
        return 0
    escrow.release_all([order.escrow for order in orders], reason=COOLED_OFF)
    keys = [order.pk for order in orders]
    machine.advance_all(
        keys, S.VERIFIED, S.COMPLETED, kind="completed", deadline=None, ended_at=Now()
    )
    sold: Counter[UUID] = Counter()
    for order in orders:
        order.deadline = None  # as the row is now, for what the parties are told
        sold[order.listing_id] += order.face_value_cents
    stock.sell_all(sold)
    tell_all(orders, buyer="order_completed_buyer", seller="order_completed_seller")
    standing.count_completed(Counter(order.seller_id for order in orders))
    return len(orders)


def _taken(size: int) -> list[Order]:
    due = (
        Order.objects.filter(
            status=S.VERIFIED,
            deadline__lte=Now(),
            escrow__status=EscrowStatus.HELD,
            escrow__contested_at=None,
            escrow__suspected_at=None,
            escrow__released_cents=0,
        )
        .exclude(pk__in=Verification.objects.exclude(status=Course.DONE).values("order"))
        .select_related("escrow")
        .only(*NEEDED)
        .order_by("deadline")
    )
    taken = list(due.select_for_update(skip_locked=True, no_key=True, of=("self", "escrow"))[:size])
    indebted = recovery.ever_owed({order.seller_id for order in taken})
    return [order for order in taken if order.seller_id not in indebted]
