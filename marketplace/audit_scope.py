"""The audit over what has changed, not over all history.

An invariant is a query over whole tables. Here, temporary tables of the same names stand before
the real ones (PostgreSQL looks there first) and hold only what changed since a clean audit, with
all that belongs to it: so the very same queries answer for that part. Whatever they find is
confirmed by a whole audit before it freezes anything.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db.backends.utils import CursorWrapper

# How far each append-only table has grown; every change of state adds a row to one of them.
GROWING = {
    "posting": "payments_posting",
    "escrowevent": "payments_escrowevent",
    "orderevent": "orders_orderevent",
    "listingevent": "listings_listingevent",
}
# These add up accounts over all escrows; the others look at one escrow, order or listing at a time.
BY_ACCOUNT = (
    "no account but the outside's and the platform's is below zero",
    "no seller has paid back more than they owed",
    "what is owed to sellers and buyers has an instruction on its way",
)


def _tables(group: str) -> Sequence[tuple[str, str]]:
    """The parts of `audit_scope.sql` for a group of invariants: names and queries, in order."""
    parts = re.split(r"^-- (\w+): (\w+)$", _FILE.read_text(), flags=re.MULTILINE)[1:]
    found = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    return [(name, query.strip()) for of, name, query in found if of == group]


_FILE = Path(__file__).with_suffix(".sql")
ROWS, ACCOUNTS = _tables("rows"), _tables("accounts")


@contextmanager
def shadowed(
    cursor: CursorWrapper, tables: Sequence[tuple[str, str]], through: Mapping[str, int]
) -> Iterator[None]:
    """Inside, these names mean what changed since `through`."""
    made: list[str] = []
    try:
        for name, query in tables:
            cursor.execute(f'CREATE TEMP TABLE "{name}" ON COMMIT DROP AS {query}', through)
            made.append(name)
            cursor.execute(f'ANALYZE pg_temp."{name}"')
        yield
    finally:
        for name in reversed(made):
            cursor.execute(f'DROP TABLE pg_temp."{name}"')


def grown(cursor: CursorWrapper) -> dict[str, Any]:
    """How far the append-only tables have grown."""
    found = {}
    for name, table in GROWING.items():
        cursor.execute(f"SELECT coalesce(max(id), 0) FROM public.{table}")  # noqa: S608 (constants)
        found[name] = cursor.fetchone()[0]
    return found
