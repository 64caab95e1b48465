"""After a test on real transactions, its rows go.

Django truncates every table and asks all apps to set themselves up again, which takes longer
than most tests; here only tables with rows are touched, and what migrations made stays.
"""

from functools import cache
from typing import Any

from django.db import connection
from django.test import TransactionTestCase

# Made once by migrating; no test changes them.
KEPT = {"django_migrations", "django_content_type", "auth_permission"}


def empty_tables() -> None:
    """Delete all rows, whatever triggers and foreign keys say; needs a superuser's rights."""
    quoted = {name: connection.ops.quote_name(name) for name in _tables()}
    filled = " UNION ALL ".join(
        f"SELECT '{name}' WHERE EXISTS (SELECT FROM {table})" for name, table in quoted.items()
    )
    with connection.cursor() as cursor:
        cursor.execute(filled)
        names = [name for (name,) in cursor.fetchall()]
        if names:
            deletions = "".join(f"DELETE FROM {quoted[name]};" for name in names)
            cursor.execute(
                f"BEGIN; SET LOCAL session_replication_role = replica; {deletions} COMMIT"
            )


def _tables() -> list[str]:
    return [name for name in connection.introspection.django_table_names() if name not in KEPT]


@cache
def _is_superuser() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT usesuper FROM pg_user WHERE usename = current_user")
        return bool(cursor.fetchone()[0])


def pytest_configure(config: Any) -> None:
    slowly = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def quickly(self: TransactionTestCase) -> None:
        if _is_superuser():
            empty_tables()
        else:
            slowly(self)

    TransactionTestCase._fixture_teardown = quickly  # type: ignore[attr-defined]
