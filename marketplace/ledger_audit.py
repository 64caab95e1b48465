"""All invariants of all apps, in one run. What breaks one freezes payouts until it holds again.

Alarms are reported with them but freeze nothing: being late is no reason to pay nobody.
"""

import logging
from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from accounts.encryption import key_ids
from listings import audit as listings
from orders import audit as orders
from payments import audit as payments
from payments.models import LedgerAudit

log = logging.getLogger(__name__)

INVARIANTS = {**payments.INVARIANTS, **listings.INVARIANTS, **orders.INVARIANTS}
ALARMS = {**payments.ALARMS, **listings.ALARMS, **orders.ALARMS}
MOST_ROWS = 20
Finding = dict[str, Any]


def violations() -> list[Finding]:
    """Each invariant that does not hold, with the first rows that break it."""
    return [found for found in findings() if found["freezes"]]


def findings() -> list[Finding]:
    """Violations and alarms, all read from one snapshot: work under way looks like neither."""
    alone = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if alone:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return [
            *_broken(cursor, INVARIANTS, freezes=True),
            *_broken(cursor, ALARMS, freezes=False),
            *_unreadable_codes(cursor),
        ]


def _broken(cursor: CursorWrapper, queries: Mapping[str, str], *, freezes: bool) -> list[Finding]:
    found = []
    for name, query in queries.items():
        cursor.execute(query)
        if rows := cursor.fetchmany(MOST_ROWS):
            found.append(_finding(name, rows, freezes=freezes))
    return found


def _unreadable_codes(cursor: CursorWrapper) -> list[Finding]:
    cursor.execute(
        "SELECT 'code', id FROM listings_code WHERE key_id <> ALL(%(ring)s) UNION ALL "
        "SELECT 'key of fingerprints', id FROM listings_fingerprintkey "
        "WHERE key_id <> ALL(%(ring)s) LIMIT %(most)s",
        {"ring": key_ids(), "most": MOST_ROWS},
    )
    rows = cursor.fetchall()
    return [_finding("every code's key is in the ring", rows, freezes=False)] if rows else []


def _finding(name: str, rows: list[tuple[Any, ...]], *, freezes: bool) -> Finding:
    return {
        "invariant": name,
        "freezes": freezes,
        "rows": [[str(value) for value in row] for row in rows],
    }


def run() -> list[Finding]:
    """Check everything, keep the result, and return what was found."""
    found = findings()
    is_clean = not any(finding["freezes"] for finding in found)
    LedgerAudit.objects.create(is_clean=is_clean, violations=found)
    for finding in found:
        log.error("ledger audit: %s: %s", finding["invariant"], finding["rows"])
    return found
