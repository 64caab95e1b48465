"""The floor of a transaction: its own SQL, recorded once and sent again without Django."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any
from uuid import UUID, uuid4

import psycopg
from django.db import connection
from psycopg.types.json import Json, Jsonb

_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


@dataclass(frozen=True)
class Recording:
    """The statements of one transaction, and the ids in them that were made for it alone."""

    statements: Sequence[tuple[str, Sequence[Any]]]
    made: frozenset[str]

    def send(self, cursor: "psycopg.Cursor[Any]", given: Mapping[str, str]) -> None:
        """Do the same once more, with other names: `given` says what takes whose place."""
        names = {**{made: str(uuid4()) for made in self.made}, **given}
        for sql, params in self.statements:
            cursor.execute(sql, [_renamed(value, names) for value in params])
            if cursor.description is not None:
                cursor.fetchall()


def record(act: Callable[[], Any], *, known: Sequence[object]) -> Recording:
    """Do `act` and keep what it sent. `known` are names that it did not make itself."""
    statements: list[tuple[str, Sequence[Any]]] = []

    def keep(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        assert not many, "one statement at a time"
        statements.append((sql, [_plain(value) for value in params or ()]))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(keep):
        act()
    texts = (str(value) for _, params in statements for value in params)
    found = {name for text in texts for name in _UUID.findall(text)}
    return Recording(statements, frozenset(found - {str(name) for name in known}))


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, Enum):
        return value.value
    # As text, PostgreSQL reads it as whatever the column is.
    return json.dumps(value.obj) if isinstance(value, Json | Jsonb) else value


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for old, new in names.items():
            if old in value:
                value = value.replace(old, new)
        return value
    if isinstance(value, UUID):
        return UUID(names.get(str(value), str(value)))
    if type(value) is int:
        return int(names.get(str(value), value))
    return value
