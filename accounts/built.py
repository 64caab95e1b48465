"""Queries that are built once. Django takes longer to build one than PostgreSQL to answer it.

For what nearly every request asks, alike but for its values. What is built hangs on nothing else:
neither on who asks nor on a setting.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from threading import Lock
from typing import Any, Generic, TypeVar

from django.db import connections
from django.db.models import Expression, Model, QuerySet
from django.db.models.query import ModelIterable

M = TypeVar("M", bound=Model)


class Given(Expression):
    """The place of a value that every call brings, in the form in which the database takes it."""

    def __init__(self, name: str, output_field: Any) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", [self]


def with_given(params: Sequence[Any], given: Mapping[str, Any]) -> list[Any]:
    """The parameters of one call."""
    return [given[one.name] if isinstance(one, Given) else one for one in params]


class Built(Generic[M]):
    """One query for rows of a model; `make` says which, and is called once."""

    def __init__(self, make: Callable[[], "QuerySet[M]"]) -> None:
        self._make, self._lock = make, Lock()
        self._kept: tuple[str, Any, str, list[Any]] | None = None

    def all(self, **given: Any) -> list[M]:
        """The rows, each with what was selected to come along."""
        with self._lock:
            self._kept = kept = self._kept or self._build()
        alias, compiler, sql, params = kept
        values = with_given(params, given)
        compiler = copy(compiler)
        compiler.connection, compiler.as_sql = connections[alias], lambda: (sql, values)
        return list(ModelIterable(_Asked(alias, compiler)))  # type: ignore[arg-type]

    def first(self, **given: Any) -> M | None:
        """The only row, or none."""
        found = self.all(**given)
        assert len(found) <= 1, "asked for by what is unique"
        return found[0] if found else None

    def _build(self) -> tuple[str, Any, str, list[Any]]:
        rows = self._make()
        compiler: Any = rows.query.get_compiler(rows.db)
        sql, params = compiler.as_sql()
        converters = compiler.get_converters([column for column, *_ in compiler.select])
        compiler.get_converters = lambda columns: converters
        return rows.db, compiler, sql, list(params)


class _Asked:
    """What `ModelIterable` needs of a query set: its compiler, which has done its work before."""

    _known_related_objects: dict[Any, Any] = {}

    def __init__(self, alias: str, compiler: Any) -> None:
        self.db, self.query, self._compiler = alias, self, compiler

    def get_compiler(self, using: str) -> Any:
        return self._compiler
