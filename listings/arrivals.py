"""Since when offers may have come to the market that nobody can see yet."""

from datetime import datetime

from django.db import connection

from accounts.kept import Kept

# The beginning of a transaction is seen by others a moment later.
GRACE_SECONDS, LONGEST_OPEN_SECONDS = 5, 60
KEPT_SECONDS = 5
_since: Kept[datetime | None] = Kept(seconds=KEPT_SECONDS, most=1)


def since() -> datetime | None:
    """A moment such that whoever looks at the offers from now on misses none but those whose status
    moved after it. None where a transaction has been open for so long that it helps nobody.

    An earlier moment is as true, so it is asked for once in some seconds.
    """
    return _since.get((), _oldest_beginning)


def _oldest_beginning() -> datetime | None:
    """When the oldest transaction began that is still open, as `now()` is in it; None where that
    is long ago. Of other roles' transactions we know only with the role `pg_read_all_stats`."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT now() - (pg_catalog.now() - min(xact_start)) - make_interval(secs => %s)
            FROM pg_stat_activity
            WHERE datname = current_database() AND backend_type = 'client backend'
            HAVING pg_catalog.now() - min(xact_start) < make_interval(secs => %s)
            """,
            [GRACE_SECONDS, LONGEST_OPEN_SECONDS],
        )
        found = cursor.fetchone()
    return found[0] if found else None
