"""Pages by position, not by number: page 500 costs what page 1 costs."""

import base64
import binascii
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db import DataError
from django.db.models import F, Lookup, Q, QuerySet

from accounts.refusals import Invalid

Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows, and the cursors of the pages around them (None where there is none)."""

    rows: list[Row]
    next: str | None
    previous: str | None


def page(rows: QuerySet[Any, Row], *, by: str, cursor: str | None, limit: int) -> Page[Row]:
    """One page of `rows` ordered by the column `by` (with "-": descending), ties by primary key.

    Raises Invalid for a cursor that we did not make, or that belongs to another order.
    """
    ordered = _from(rows, by, cursor)
    column, backwards = by.lstrip("-"), ordered.backwards
    with _readable():
        found = list(ordered.rows[: limit + 1])
    more, found = len(found) > limit, found[:limit]
    if backwards:
        found.reverse()
    if not found:
        return Page([], None, None)
    has_next = more if not backwards else True
    has_previous = more if backwards else ordered.placed
    return Page(
        found,
        _encode(by, found[-1], column, backwards=False) if has_next else None,
        _encode(by, found[0], column, backwards=True) if has_previous else None,
    )


def edge(rows: QuerySet[Any, Any], *, by: str, cursor: str | None, beyond: int) -> Q | None:
    """What holds for the next so many of `rows` and, ties apart, for no others; None if there are
    fewer. Raises Invalid as `page` does."""
    ordered, column = _from(rows, by, cursor), by.lstrip("-")
    with _readable():
        last = list(ordered.rows.values_list(column, flat=True)[beyond : beyond + 1])
    return Q(**{f"{column}__{'gte' if ordered.down else 'lte'}": last[0]}) if last else None


@dataclass(frozen=True)
class _Ordered(Generic[Row]):
    rows: QuerySet[Any, Row]
    down: bool
    backwards: bool
    placed: bool


def _from(rows: QuerySet[Any, Row], by: str, cursor: str | None) -> _Ordered[Row]:
    """The rows in the order in which they are read, from the cursor's place on."""
    falling, column = by.startswith("-"), by.lstrip("-")
    backwards, position = _decode(cursor, by) if cursor else (False, None)
    down = falling != backwards
    sign = "-" if down else ""
    rows = rows.order_by(f"{sign}{column}", f"{sign}pk")
    if position is not None:
        rows = rows.filter(_Beyond(column, sign="<" if down else ">", at=position))
    return _Ordered(rows, down, backwards, position is not None)


class _Beyond(Lookup):
    """`(column, pk) < (value, key)`: rows compared whole, which one index answers."""

    prepare_rhs = False

    def __init__(self, column: str, *, sign: str, at: tuple[Any, str]) -> None:
        super().__init__(F(column), at)
        self.sign = sign

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        key = compiler.query.model._meta.pk.get_col(compiler.query.base_table)
        sides, values = [], []
        for part, given in zip((self.lhs, key), self.rhs, strict=True):
            field = part.output_field
            # What the column does not take is refused here, and never reaches the database.
            value = field.to_python(given)
            field.run_validators(value)
            sides.append(compiler.compile(part)[0])
            values.append(field.get_db_prep_value(value, connection))
        return f"({', '.join(sides)}) {self.sign} (%s, %s)", tuple(values)


@contextmanager
def _readable() -> Iterator[None]:
    """A value that no column takes came from a cursor that we did not make."""
    try:
        yield
    except (ValueError, TypeError, ValidationError, DataError):
        raise Invalid("cursor", "This is not a cursor of this list.") from None


def _encode(by: str, row: Any, column: str, *, backwards: bool) -> str:
    value = row
    for part in column.split("__"):
        value = getattr(value, part)
    parts = [by, backwards, value if isinstance(value, int) else str(value), str(row.pk)]
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


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
