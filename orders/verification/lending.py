"""The buyer lends a key with which the arrival is measured: taken in, encrypted, and forgotten."""

from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from accounts.encryption import encrypt, fingerprint
from accounts.models import Person
from accounts.refusals import Invalid, NotAllowed, WrongState
from orders.models import Order, OrderStatus
from orders.progress import locked, machine
from orders.refusals import NotReadable, TooManyKeys
from orders.verification import course
from orders.verification.models import Verification
from providers.catalogue_reader import Reader
from providers.readings import KeyMalformed, key_parts, reader_of

MOST_KEYS = 10


def reader_for(order: Order) -> Reader | None:
    """How the arrival of this order can be read, None where it cannot."""
    provider = order.listing.provider
    reader = reader_of(provider.slug)
    return reader if reader is not None and reader.rung in provider.ladder else None


def check_lender(order: Order, actor: Person) -> None:
    """Raises NotAllowed for anybody but the buyer, before what they send is read."""
    if actor.pk != order.buyer_id:
        raise NotAllowed("Only the buyer can lend a key: the credit arrives in their account.")


@transaction.atomic
def lend(order: Order, *, actor: Person, key: str, watch: bool = False) -> Verification:
    """Take the buyer's key and read what is there, before the seller sends.

    `watch`: the buyer lets the balance be read on after a verified arrival (`watching`).

    Raises NotAllowed for anybody else, WrongState unless it is paid and not sent, NotReadable
    where the provider cannot be read, Invalid where this cannot be a key, TooManyKeys.
    """
    check_lender(order, actor)
    order = locked(order)
    if order.status != OrderStatus.PAID:
        raise WrongState("A key can be lent once the order is paid and before the credit is sent.")
    reader = reader_for(order)
    if reader is None:
        raise NotReadable
    try:
        key_parts(reader, key)
    except KeyMalformed as error:
        raise Invalid("key", str(error)) from None
    verification = _stored(order, actor, reader, key, watch=watch)
    machine.remark(order, kind="key_lent", actor=actor)
    Order.objects.filter(pk=order.pk).update(rung=reader.rung, verdict="", measured_cents=None)
    return verification


def _stored(order: Order, actor: Person, reader: Reader, key: str, *, watch: bool) -> Verification:
    key_id, ciphertext = encrypt(key)
    kept: dict[str, Any] = {
        "watch": watch,
        "key_id": key_id,
        "ciphertext": ciphertext,
        # Equal however it was spaced: the same account must be known again.
        "key_mark": fingerprint(" ".join(key.split()), purpose=f"reading:{reader.slug}"),
    }
    found = Verification.objects.select_for_update(no_key=True).filter(order=order).first()
    if found is None:
        made = Verification.objects.create(order=order, rung=reader.rung, next_at=Now(), **kept)
        course.begin(made, actor=actor)
        return made
    if found.attempt >= MOST_KEYS:
        raise TooManyKeys
    course.restart(
        found,
        actor=actor,
        attempt=found.attempt + 1,
        rung=reader.rung,
        account_marks=[],
        lent_at=Now(),
        forgotten_at=None,
        reason="",
        **kept,
    )
    return found
