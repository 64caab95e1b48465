"""Pages by position, not by number: page 500 costs what page 1 costs."""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db import DataError
from django.db.models import Model, Q, QuerySet

from accounts.refusals import Invalid

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows, and the cursors of the pages around them (None where there is none)."""

    rows: list[Row]
    next: str | None
    previous: str | None


def page(rows: QuerySet[Row], *, by: str, cursor: str | None, limit: int) -> Page[Row]:
    """One page of `rows` ordered by the column `by` (with "-": descending), ties by primary key.

    Raises Invalid for a cursor that we did not make, or that belongs to another order.
    """
    falling = by.startswith("-")
    column = by.lstrip("-")
    backwards, position = _decode(cursor, by) if cursor else (False, None)
    down = falling != backwards
    sign = "-" if down else ""
    rows = rows.order_by(f"{sign}{column}", f"{sign}pk")
    if position is not None:
        value, key = position
        bound, beyond = ("lte", "gte") if down else ("gte", "lte")
        try:
            # The leading bound lets the index find the place; the rest cuts the tie.
            tie = Q(**{column: value}) & Q(**{f"pk__{beyond}": key})
            rows = rows.filter(Q(**{f"{column}__{bound}": value}) & ~tie)
            found = list(rows[: limit + 1])
        except (ValueError, TypeError, ValidationError, DataError):
            raise Invalid("cursor", "This is not a cursor of this list.") from None
    else:
        found = list(rows[: limit + 1])
    more, found = len(found) > limit, found[:limit]
    if backwards:
        found.reverse()
    if not found:
        return Page([], None, None)
    has_next = more if not backwards else True
    has_previous = more if backwards else position is not None
    return Page(
        found,
        _encode(by, found[-1], column, backwards=False) if has_next else None,
        _encode(by, found[0], column, backwards=True) if has_previous else None,
    )


def _encode(by: str, row: Model, column: str, *, backwards: bool) -> str:
    value = row
    for part in column.split("__"):
        value = getattr(value, part)
    parts = [by, backwards, value, str(row.pk)]
    return base64.urlsafe_b64encode(json.dumps(parts, default=str).encode()).decode().rstrip("=")


def _decode(cursor: str, by: str) -> tuple[bool, tuple[Any, str]]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        made_for, backwards, value, key = json.loads(text)
        # We make whole numbers and printable text; anything else might upset the database.
        ours = isinstance(value, int) or (isinstance(value, str) and value.isprintable())
        ours = ours and isinstance(key, str) and key.isprintable()
        if ours and made_for == by and isinstance(backwards, bool):
            return backwards, (value, key)
    except (binascii.Error, ValueError, TypeError, UnicodeDecodeError):
        pass
    raise Invalid("cursor", "This is not a cursor of this list.")
