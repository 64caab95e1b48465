"""One conditional update that tells what it left behind, in one round trip."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from django.db import connections
from django.db.models import Model, QuerySet
from django.db.models.sql import UpdateQuery

from accounts.built import with_given


def update(rows: QuerySet[Any], row: Model, **values: Any) -> bool:
    """Write `values` where `rows` still selects `row`, and read what came of them into `row`.

    False, and `row` as it was, where the conditions no longer held. Other columns stay as they
    were loaded, and so do the relations that came with them.
    """
    return _written(rows, values).apply(row, {})


class BuiltUpdate:
    """The same update again and again, built once as `accounts.built` says.

    `make` says where, and which values, with the places of those that each call brings.
    """

    def __init__(self, make: Callable[[], tuple[QuerySet[Any], dict[str, Any]]]) -> None:
        self._make = make

    @cached_property
    def _update(self) -> "_Update":
        return _written(*self._make())

    def __call__(self, row: Model, **given: Any) -> bool:
        return self._update.apply(row, given)


@dataclass(frozen=True)
class _Update:
    """An UPDATE ... RETURNING, which Django has none of its own of before 6.1."""

    alias: str
    sql: str
    params: Sequence[Any]
    fields: Sequence[Any]
    compiler: Any
    converters: Any

    def apply(self, row: Model, given: dict[str, Any]) -> bool:
        with connections[self.alias].cursor() as cursor:
            cursor.execute(self.sql, with_given(self.params, given))
            found = cursor.fetchall()
        if not found:
            return False
        assert len(found) == 1, "the conditions select one row"
        (left,) = self.compiler.apply_converters(found, self.converters)
        for field, value in zip(self.fields, left, strict=True):
            setattr(row, field.attname, value)
        return True


def _written(rows: QuerySet[Any], values: dict[str, Any]) -> _Update:
    query = cast(UpdateQuery, rows.query.chain(UpdateQuery))
    query.add_update_values(values)
    connection: Any = connections[rows.db]
    compiler = query.get_compiler(rows.db)
    sql, params = compiler.as_sql()
    fields: list[Any] = [rows.model._meta.get_field(name) for name in values]
    # As QuerySet.create does it.
    returning, _ = connection.ops.return_insert_columns(fields)
    table = rows.model._meta.db_table
    converters = compiler.get_converters([field.get_col(table) for field in fields])
    return _Update(rows.db, f"{sql} {returning}", params, fields, compiler, converters)
