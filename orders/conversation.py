"""Messages between the parties of a trade: plain text, without keys, without ways around us.

What somebody writes is masked before it is stored, so that nothing later has to remember to.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from accounts import audit
from accounts.contacts import MASK as MASK
from accounts.contacts import masked
from accounts.models import AuditEntry, Person
from accounts.refusals import NotAllowed, WrongState
from orders.models import Message, Order
from orders.progress import locked, tell
from orders.refusals import TooManyMessages

# So many in so long a time, by one person on all their trades.
MOST, WITHIN = 12, timedelta(minutes=10)
LOOK_LASTS = timedelta(hours=1)


@transaction.atomic
def write(order: Order, *, actor: Person, text: str) -> Message:
    """Say something to the other party. Raises NotAllowed, WrongState, TooManyMessages.

    The text has been checked for keys. Possible from payment until some days after the end.
    """
    # Or two messages at once would both be the last that is allowed.
    Person.objects.select_for_update(no_key=True).only("pk").get(pk=actor.pk)
    order = locked(order)
    actor = order.party(actor)
    if actor.pk not in (order.buyer_id, order.seller_id):
        raise NotAllowed
    if not is_open(order):
        raise WrongState("Messages are possible from payment until some days after the end.")
    mine = Message.objects.filter(by=actor, at__gt=Now() - WITHIN)
    if mine.count() >= MOST:
        raise TooManyMessages
    message = Message.objects.create(order=order, by=actor, text=masked(text, but=order.recipient))
    message.refresh_from_db(fields=["at"])
    other = order.seller if actor.pk == order.buyer_id else order.buyer
    mark, by = str(message.pk), actor.public_name
    tell(order, other, "message_new", mark=mark, text=message.text, by=by)
    return message


def is_open(order: Order) -> bool:
    """Whether the parties can still write, by the database's clock."""
    if order.paid_at is None:
        return False
    if order.ended_at is None:
        return True
    since = Now() - timedelta(seconds=settings.MESSAGES_AFTER_SECONDS)
    return Order.objects.filter(pk=order.pk, ended_at__gt=since).exists()


def of(order: Order) -> QuerySet[Message]:
    """All that was written on an order."""
    return Message.objects.filter(order=order).select_related("by")


@transaction.atomic
def look(order: Order, *, actor: Person, reason: str) -> list[Message]:
    """A moderator reads what the parties wrote; the audit keeps who did and why.

    Raises NotAllowed for a party and for anybody who is no moderator.
    """
    if not actor.is_staff or actor.pk in (order.buyer_id, order.seller_id):
        raise NotAllowed("Only a moderator who is no party reads messages here.")
    audit.record(actor=actor, act="messages_read", subject=f"order:{order.pk}", reason=reason)
    return list(of(order).order_by("at", "pk"))


def has_looked(order: Order, *, actor: Person) -> bool:
    """Whether somebody has just given a reason for reading what the parties said and showed."""
    return _looks(order, actor).filter(at__gt=Now() - LOOK_LASTS).exists()


def has_looked_since(order: Order, moment: datetime, *, actor: Person) -> bool:
    """Whether somebody has read it after a moment, and so with all that was there by then."""
    return _looks(order, actor).filter(at__gt=moment).exists()


def _looks(order: Order, actor: Person) -> QuerySet[AuditEntry]:
    return AuditEntry.objects.filter(actor=actor, act="messages_read", subject=f"order:{order.pk}")
