"""Messages between the parties of a trade: plain text, without keys, without ways around us; and
pictures with them, which are kept as evidence is (`orders.handing_in`).

What somebody writes is masked before it is stored, so that nothing later has to remember to.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from accounts import audit
from accounts.contacts import MASK as MASK
from accounts.contacts import masked
from accounts.models import AuditEntry, Person
from accounts.refusals import NotAllowed, WrongState
from orders import handing_in
from orders.models import Message, Order
from orders.progress import locked, tell
from orders.refusals import TooManyMessages

# So many in so long a time, by one person on all their trades.
MOST, WITHIN = 12, timedelta(minutes=10)
LOOK_LASTS = timedelta(hours=1)


def write(
    order: Order,
    *,
    actor: Person,
    text: str,
    picture: UploadedFile | None = None,
    nonce: str = "",
) -> Message:
    """Say something to the other party. Raises NotAllowed, WrongState, TooManyMessages.

    The text has been checked for keys. Possible from payment until some days after the end. With
    a picture, Invalid names `picture` or `nonce` where it is not taken; nothing is said then.
    """
    drawn = None
    if picture is not None:
        drawn = handing_in.draw(order, actor=actor, picture=picture, nonce=nonce)
    return _write(order, actor=actor, text=text, drawn=drawn)


@transaction.atomic
def _write(order: Order, *, actor: Person, text: str, drawn: handing_in.Drawn | None) -> Message:
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
    if drawn is not None:
        handing_in.attach(message, drawn)
    other = order.seller if actor.pk == order.buyer_id else order.buyer
    mark, by = str(message.pk), actor.public_name
    shown = drawn is not None
    tell(order, other, "message_new", mark=mark, text=message.text, by=by, picture=shown)
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
    """All that was written on an order, with what is known of the pictures that came along."""
    written = Message.objects.filter(order=order).select_related("by", "picture")
    return written.defer("picture__ciphertext")


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
