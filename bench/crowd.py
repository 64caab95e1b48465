"""A market with so many orders and open cases, for the console: rows written by SQL."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from accounts.models import Person

SQL = Path(__file__).with_name("crowd.sql")
FIRST_MODERATOR, MODERATORS = 70_000_000, 20
FIRST_BUYER = 80_000_000
# Before this number are ten who sell a hundredth of everything each.
FIRST_SELLER = 90_000_010
# While rows are loaded: they can be loaded again.
LOADING = ("fsync = off", "full_page_writes = off", "max_wal_size = '16GB'")


def moderators() -> list[Person]:
    """Those who decided and decide, the first of whom looks at the pages."""
    numbers = range(FIRST_MODERATOR, FIRST_MODERATOR + MODERATORS)
    mailboxes = [f"moderator{number}@crowd.example" for number in numbers]
    return Person.objects.bulk_create(
        (
            Person(
                pk=number,
                email=mailbox,
                canonical_email=mailbox,
                password="!",
                is_staff=True,
                role=Person.Role.LEAD,
            )
            for number, mailbox in zip(numbers, mailboxes, strict=True)
        ),
        ignore_conflicts=True,
    )


def grow(first: int, last: int) -> None:
    """Add the orders from `first` to before `last`, with all that belongs to them.

    Nothing is checked and nothing answers to it: these are rows to be found, not trades.
    """
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        cursor = psycopg.ClientCursor(connection)
        for setting in LOADING:
            cursor.execute(f"ALTER SYSTEM SET {setting}")
        cursor.execute("SELECT pg_reload_conf()")
        cursor.execute("SET session_replication_role = replica; SET work_mem = '256MB'")
        with _without_indexes(cursor):
            cursor.execute(SQL.read_text(), {"first": first, "last": last})
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("ALTER SYSTEM RESET ALL")
        cursor.execute("SELECT pg_reload_conf()")


@contextmanager
def _without_indexes(cursor: Any) -> Iterator[None]:
    """To make an index once takes a fraction of keeping it through millions of rows."""
    tables = set(re.findall(r"INSERT INTO (\w+)", SQL.read_text()))
    cursor.execute(
        """SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
        WHERE NOT indisunique AND indrelid::regclass::text = ANY(%s)""",
        [sorted(tables)],
    )
    found = cursor.fetchall()
    for name, _ in found:
        cursor.execute(f"DROP INDEX {name}")
    yield
    for _, made_by in found:
        cursor.execute(made_by)
