"""Stripe's objects: made, found, changed. `Record.data` is what the API shows."""

import secrets
import string
from typing import Any

from sandbox import clock
from sandbox.models import Record
from sandbox.stripe.errors import missing

PLATFORM = ""
_ALPHABET = string.ascii_letters + string.digits


def new_key(prefix: str, length: int = 24) -> str:
    """A fresh id such as `ch_3…`."""
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(length))


def create(
    kind: str, data: dict[str, Any], *, account: str = PLATFORM, inner: dict[str, Any] | None = None
) -> Record:
    """Stores a new object; `data` must carry its id."""
    record = Record(
        key=data["id"], kind=kind, account=account, created=clock.timestamp(), data=data
    )
    record.inner = inner or {}
    save(record)
    return record


def save(record: Record) -> None:
    """Stores an object, with the ids that lists filter by."""
    data = record.data
    record.group = data.get("transfer_group") or ""
    record.charge = _id(data.get("charge") or data.get("source_transaction"))
    record.intent = _id(data.get("payment_intent"))
    record.parent = _id(data.get("destination") or data.get("transfer"))
    record.save()


def find(kind: str, key: str, *, account: str = PLATFORM) -> Record | None:
    """The object, or None when this account has none of that kind by that id."""
    return Record.objects.filter(key=key, kind=kind, account=account).first()


def get(
    kind: str,
    key: str,
    *,
    account: str = PLATFORM,
    param: str = "id",
    status: int = 404,
    deleted: bool = False,
) -> Record:
    """The object; raises Stripe's `resource_missing` when there is none.

    One that was deleted is none any more, but for whoever asks for what is left of it.
    """
    record = find(kind, key, account=account)
    if record is None or (record.data.get("deleted") and not deleted):
        raise missing(kind, key, param=param, status=status)
    return record


def _id(value: Any) -> str:
    return value if isinstance(value, str) else ""
