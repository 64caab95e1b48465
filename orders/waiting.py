"""What of somebody's orders waits for a word of theirs, for the list: two queries, however many."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models.functions import Now

from accounts.models import Person
from orders.models import OPEN, Message, Order, ProposedSplit, ProposedSplitStatus


def waiting(orders: Iterable[Order], *, person: Person) -> dict[UUID, list[str]]:
    """By order: "proposal" where the other side proposed a split that can be accepted, "message"
    where the last word is the other's. Orders that are over wait for nothing.
    """
    going_on = [order.pk for order in orders if order.status in OPEN]
    found: dict[UUID, list[str]] = {}
    proposals = ProposedSplit.objects.filter(
        dispute__order__in=going_on, status=ProposedSplitStatus.OPEN, expires_at__gt=Now()
    ).exclude(by=person)
    for order_id in proposals.values_list("dispute__order", flat=True):
        found.setdefault(order_id, []).append("proposal")
    last = Message.objects.filter(order__in=going_on).order_by("order", "-at", "-pk")
    for order_id, by in last.distinct("order").values_list("order", "by"):
        if by != person.pk:
            found.setdefault(order_id, []).append("message")
    return found
