"""Writing rows in few statements: many into one table, or one after the other into several."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.db.models import NOT_PROVIDED
from django.db.models.expressions import DatabaseDefault

# What is to be sent together: each statement with its values.
_waiting: ContextVar[list[tuple[str, Sequence[Any]]] | None] = ContextVar("waiting", default=None)


@contextmanager
def together() -> Iterator[None]:
    """What is added and inserted inside goes out at the end, in one statement.

    Whatever reads inside does not find it yet. Foreign keys hold when the transaction ends, so
    the order of the rows is of no matter.
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
    """Insert one new row. What the database fills in is read when it is asked for."""
    values, left = {}, []
    for field in row._meta.concrete_fields:
        value = row.__dict__.get(field.attname)
        if (
            field.generated
            or isinstance(value, DatabaseDefault)
            or (value is None and field.primary_key)
        ):
            left.append(field.attname)
        else:
            values[str(field.column)] = field.get_db_prep_save(value, connection)
    sql = _one_row(row._meta.db_table, tuple(values), ignore_conflicts)
    _write(sql, list(values.values()))
    for name in left:
        row.__dict__.pop(name, None)
    row._state.adding, row._state.db = False, connection.alias


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
    fields = {str(field.column): field for field in model._meta.concrete_fields}
    named = [f"{name} {fields[name].db_type(connection)}" for name in rows[0]]
    rest = {
        column: field.get_default()
        for column, field in fields.items()
        if column not in rows[0] and not field.primary_key and field.db_default is NOT_PROVIDED
    }
    columns = ", ".join([*rows[0], *rest])
    values = ", ".join([*rows[0], *("%s" for _ in rest)])
    _write(
        f"INSERT INTO {model._meta.db_table} ({columns}) SELECT {values}"  # noqa: S608 - ours
        f" FROM json_to_recordset(%s) AS row ({', '.join(named)})"
        + (" ON CONFLICT DO NOTHING" if ignore_conflicts else ""),
        [*rest.values(), json.dumps(rows, cls=DjangoJSONEncoder)],
    )
