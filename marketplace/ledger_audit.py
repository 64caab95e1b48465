"""All invariants of all apps, in one run. What it finds freezes payouts until it is clean again."""

import logging

from django.db import connection, transaction

from accounts.encryption import key_ids
from listings import audit as listings
from orders import audit as orders
from payments import audit as payments
from payments.models import LedgerAudit

log = logging.getLogger(__name__)

INVARIANTS = {**payments.INVARIANTS, **listings.INVARIANTS, **orders.INVARIANTS}
MOST_ROWS = 20


def violations() -> list[dict[str, object]]:
    """Each invariant that does not hold, with the first rows that break it.

    All are read from one snapshot, so that work under way cannot look like a violation.
    """
    found: list[dict[str, object]] = []
    alone = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if alone:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        for name, query in INVARIANTS.items():
            cursor.execute(query)
            if rows := cursor.fetchmany(MOST_ROWS):
                found.append({"invariant": name, "rows": [[str(v) for v in row] for row in rows]})
        cursor.execute(
            "SELECT id FROM listings_code WHERE key_id <> ALL(%s) LIMIT %s", [key_ids(), MOST_ROWS]
        )
        if rows := cursor.fetchall():
            found.append(
                {
                    "invariant": "every code's key is in the ring",
                    "rows": [[str(v[0])] for v in rows],
                }
            )
    return found


def run() -> list[dict[str, object]]:
    """Check everything, keep the result, and return the violations."""
    found = violations()
    LedgerAudit.objects.create(is_clean=not found, violations=found)
    for violation in found:
        log.error("ledger audit: %s: %s", violation["invariant"], violation["rows"])
    return found
