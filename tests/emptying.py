"""After a test on real transactions, its rows go.

Django truncates every table and asks all apps to set themselves up again, which takes longer
than most tests; here only tables with rows are touched, and what migrations made stays.
"""

import os
from functools import cache
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import TransactionTestCase

# Made once by migrating; no test changes them.
KEPT = {"django_migrations", "django_content_type", "auth_permission"}
_sessions: dict[int, BaseDatabaseWrapper] = {}


def empty_tables() -> None:
    """Delete all rows, whatever triggers and foreign keys say; needs a superuser's rights."""
    with _session().cursor() as cursor:
        cursor.execute("SELECT pg_temp.empty_tables()")


def _session() -> BaseDatabaseWrapper:
    """Of its own: no session goes on with its plans once triggers are off, nor after that.

    Foreign keys, triggers and the audit (`simulator.audit`) are planned once in that of the tests.
    """
    process = os.getpid()
    if process not in _sessions:
        # Kept, for a process that is forked must not say goodbye on the connection of the other.
        _sessions[process] = session = connection.copy()
        with session.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica; SET lock_timeout = '30s'")
            cursor.execute(
                "CREATE FUNCTION pg_temp.empty_tables() RETURNS void LANGUAGE plpgsql AS"
                f" $empty$ BEGIN {''.join(map(_emptied, _tables()))} END $empty$"
            )
    return _sessions[process]


def _emptied(name: str) -> str:
    table = connection.ops.quote_name(name)
    return f"IF EXISTS (SELECT FROM {table}) THEN DELETE FROM {table}; END IF;"


def close() -> None:
    """Before the database goes."""
    if session := _sessions.pop(os.getpid(), None):
        session.close()


def _tables() -> list[str]:
    return [name for name in connection.introspection.django_table_names() if name not in KEPT]


@cache
def _is_superuser() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT usesuper FROM pg_user WHERE usename = current_user")
        return bool(cursor.fetchone()[0])


def _is_unclean(_test: TransactionTestCase) -> bool:
    """Whether a test has left the session in a transaction."""
    return connection.in_atomic_block or not connection.get_autocommit()


def pytest_configure(config: Any) -> None:
    slowly = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def quickly(self: TransactionTestCase) -> None:
        if _is_superuser():
            empty_tables()
        else:
            slowly(self)

    TransactionTestCase._fixture_teardown = quickly  # type: ignore[attr-defined]
    # A session that goes on has its plans, of the audit and of foreign keys, at hand.
    TransactionTestCase._should_reload_connections = _is_unclean  # type: ignore[attr-defined]
