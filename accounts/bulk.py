"""Writing rows in few statements: many into one table, or one after the other into several."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.db.models import NOT_PROVIDED
from django.db.models.expressions import DatabaseDefault

# Values of these types are written as they are, but for JSON, where a text is a document.
AS_THEY_ARE = frozenset({bool, datetime, int, str, UUID})
# What is to be sent together: each statement with its values.
_waiting: ContextVar[list[tuple[str, Sequence[Any]]] | None] = ContextVar("waiting", default=None)


@contextmanager
def together() -> Iterator[None]:
    """What is added and inserted inside goes out at the end, in one statement.

    Whatever reads inside does not find it yet, and which row is written first is not said: foreign
    keys hold only when the transaction ends.
    """
    assert connection.in_atomic_block, "all of it or nothing"
    assert _waiting.get() is None, "one at a time"
    waiting: list[tuple[str, Sequence[Any]]] = []
    mark = _waiting.set(waiting)
    try:
        yield
    finally:
        _waiting.reset(mark)
    if waiting:
        *others, last = (sql for sql, _ in waiting)
        first = ", ".join(f"w{number} AS ({sql})" for number, sql in enumerate(others))
        sql = f"WITH {first} {last}" if others else last
        _execute(sql, [value for _, values in waiting for value in values])


def _write(sql: str, values: Sequence[Any]) -> None:
    """Now, or with the others."""
    waiting = _waiting.get()
    if waiting is None:
        _execute(sql, values)
    else:
        waiting.append((sql, values))


def _execute(sql: str, values: Sequence[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def add(row: models.Model, *, ignore_conflicts: bool = False) -> None:
    """Insert one new row. What the database fills in is read when it is asked for.

    A key that the database makes is not: such a row can be found again only by what else it is.
    """
    given: Any = row.__dict__
    values: dict[str, Any] = {}
    for name, field, is_json in _fields(type(row)):
        value = given[name]
        if isinstance(value, DatabaseDefault):
            del given[name]
        elif type(value) in AS_THEY_ARE and not is_json:
            values[field.column] = value
        elif value is not None or field.db_default is not NOT_PROVIDED:  # NULL is what is left
            values[field.column] = field.get_db_prep_save(value, connection)
    sql = _one_row(row._meta.db_table, tuple(values), ignore_conflicts)
    _write(sql, list(values.values()))
    row._state.adding, row._state.db = False, connection.alias


@cache
def _fields(model: type[models.Model]) -> list[tuple[str, Any, bool]]:
    """What a row is written of: each attribute, its field, and whether that is JSON."""
    return [
        (field.attname, field, isinstance(field, models.JSONField))
        for field in model._meta.concrete_fields
        if not field.generated
    ]


@cache
def _one_row(table: str, columns: Sequence[str], ignore_conflicts: bool) -> str:
    places = ", ".join("%s" for _ in columns)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608 - ours
        + (" ON CONFLICT DO NOTHING" if ignore_conflicts else "")
    )


def insert(
    model: type[models.Model], rows: Sequence[Mapping[str, Any]], *, ignore_conflicts: bool = False
) -> None:
    """Insert `rows`, alike in their columns (as in `escrow_id`).

    Columns that are not named take the model's default, or the database's where it has one.
    """
    if not rows:
        return
    sql, rest = _many_rows(model, tuple(rows[0]), ignore_conflicts)
    defaults = [field.get_default() for field in rest]
    _write(sql, [*defaults, json.dumps(rows, cls=DjangoJSONEncoder)])


@cache
def _many_rows(
    model: type[models.Model], columns: Sequence[str], ignore_conflicts: bool
) -> tuple[str, list[Any]]:
    """The statement, and the fields whose defaults it takes before the rows."""
    fields: dict[str, Any] = {str(field.column): field for field in model._meta.concrete_fields}
    named = [f"{name} {fields[name].db_type(connection)}" for name in columns]
    rest = {
        column: field
        for column, field in fields.items()
        if column not in columns and not field.primary_key and field.db_default is NOT_PROVIDED
    }
    values = ", ".join([*columns, *("%s" for _ in rest)])
    return (
        f"INSERT INTO {model._meta.db_table} ({', '.join([*columns, *rest])})"  # noqa: S608 - ours
        f" SELECT {values} FROM json_to_recordset(%s) AS row ({', '.join(named)})"
        + (" ON CONFLICT DO NOTHING" if ignore_conflicts else ""),
        list(rest.values()),
    )
