"""All invariants of all apps, in one run. What breaks one freezes payouts until it holds again.

Alarms are reported with them but freeze nothing: being late is no reason to pay nobody.
"""

import logging
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import islice
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from accounts import audit_chain
from accounts.encryption import key_ids
from listings import audit as listings
from marketplace import audit_scope
from marketplace.console import invariants as console
from orders import audit as orders
from payments import audit as payments
from payments import open_total, seals
from payments.models import LedgerAudit

log = logging.getLogger(__name__)

INVARIANTS = {
    **payments.INVARIANTS,
    **listings.INVARIANTS,
    **orders.INVARIANTS,
    **console.INVARIANTS,
}
ALARMS = {**payments.ALARMS, **listings.ALARMS, **orders.ALARMS}
MOST_ROWS = 20
WHOLE_EVERY = timedelta(days=1)
# Longer than any transaction lasts.
SETTLED_AFTER = timedelta(minutes=15)
# It runs every ten minutes.
OVERDUE_AFTER = timedelta(minutes=45)
Finding = dict[str, Any]


def violations() -> list[Finding]:
    """Each invariant that does not hold, with the first rows that break it."""
    return [found for found in findings() if found["freezes"]]


def findings() -> list[Finding]:
    """Violations and alarms of all history."""
    return _whole()[0]


def _whole() -> tuple[list[Finding], dict[str, int]]:
    """Everything, read from one snapshot: work under way looks like neither of the two."""
    alone = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if alone:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        found = [
            *_broken(cursor, INVARIANTS, freezes=True),
            *_broken(cursor, ALARMS, freezes=False),
            *_unreadable_codes(cursor),
            *_broken_seals(),
        ]
        return found, audit_scope.grown(cursor)


def _recent(through: Mapping[str, int]) -> tuple[list[Finding], dict[str, int]]:
    """The same over what has changed; the alarms that an index answers."""
    by_account = {name: INVARIANTS[name] for name in audit_scope.BY_ACCOUNT}
    by_row = {name: query for name, query in INVARIANTS.items() if name not in by_account}
    alone = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if alone:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        grown = audit_scope.grown(cursor)
        found = _broken(cursor, {**payments.ALARMS, **orders.ALARMS}, freezes=False)
        with audit_scope.shadowed(cursor, audit_scope.ROWS, through):
            found += _broken(cursor, by_row, freezes=True)
        with audit_scope.shadowed(cursor, audit_scope.ACCOUNTS, through):
            found += _broken(cursor, by_account, freezes=True)
        return found, grown


def _broken_seals() -> Iterator[Finding]:
    chains = {"the postings": seals.CHAIN, "the entries of the audit": audit_chain.CHAIN}
    for what, chain in chains.items():
        if rows := [(text,) for text in islice(chain.broken(), MOST_ROWS)]:
            yield _finding(f"{what} are what was sealed", rows, freezes=True)


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
        "SELECT 'evidence', id FROM orders_evidence "
        "WHERE ciphertext IS NOT NULL AND key_id <> ALL(%(ring)s) UNION ALL "
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


def run(*, whole: bool = True) -> list[Finding]:
    """Check everything, keep the result, and return what was found.

    Not `whole`: only what has changed since a clean one; all of it once a day, and whenever that
    part is not clean.
    """
    through = None if whole else _checkpoint()
    found, grown = _whole() if through is None else _recent(through)
    if through is not None and any(finding["freezes"] for finding in found):
        through = None
        found, grown = _whole()
    is_clean = not any(finding["freezes"] for finding in found)
    audit = LedgerAudit.objects.create(
        is_clean=is_clean, is_whole=through is None, through=grown, violations=found
    )
    for finding in found:
        log.error("ledger audit: %s: %s", finding["invariant"], finding["rows"])
    if is_clean:
        open_total.publish(audit)
    return found


def _checkpoint() -> dict[str, int] | None:
    """How far a clean audit has seen everything; None when all is to be looked at again.

    Not the newest: what was being written at that moment came after it with an older id.
    """
    clean = LedgerAudit.objects.filter(is_clean=True)
    newest = LedgerAudit.objects.first()
    lately = clean.filter(is_whole=True, at__gte=timezone.now() - WHOLE_EVERY)
    if newest is None or not newest.is_clean or not lately.exists():
        return None
    settled = clean.filter(at__lte=timezone.now() - SETTLED_AFTER).exclude(through={}).first()
    return settled.through if settled else None


def is_overdue() -> bool:
    """Whether the newest audit is older than it may ever be."""
    newest = LedgerAudit.objects.values_list("at", flat=True).first()
    return newest is None or newest < timezone.now() - OVERDUE_AFTER
