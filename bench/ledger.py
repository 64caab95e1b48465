"""A ledger that has grown: postings of others, before anything is measured."""

from django.db import connection, transaction

POSTINGS = """
INSERT INTO payments_posting (key, source, destination, amount_cents, currency, at)
SELECT 'bench:' || n, 'bench:' || n %% 1000003, 'bench:x' || n %% 999983, 100, 'USD', now()
FROM generate_series(%s, %s) AS n
"""
# Every index but that of the primary key, each with what makes it again.
INDEXES = """
SELECT coalesce('ALTER TABLE payments_posting DROP CONSTRAINT ' || conname,
        'DROP INDEX ' || indexrelid::regclass),
    coalesce('ALTER TABLE payments_posting ADD CONSTRAINT ' || conname || ' '
        || pg_get_constraintdef(pg_constraint.oid), pg_get_indexdef(indexrelid))
FROM pg_index LEFT JOIN pg_constraint ON conindid = indexrelid AND contype = 'u'
WHERE indrelid = 'payments_posting'::regclass AND NOT indisprimary
"""
WITHOUT_TRIGGERS = "SET LOCAL session_replication_role = replica"


def fill(size: int) -> None:
    """Have so many postings of others in the ledger, or more; then clean up as by the night.

    The indexes are made anew afterwards: ten million rows, one by one into each, take far longer.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM payments_posting WHERE key LIKE 'bench:%'")
        (before,) = cursor.fetchone()
        if before >= size:
            return
        cursor.execute(f"{WITHOUT_TRIGGERS}; SET LOCAL maintenance_work_mem = '1GB'")
        cursor.execute(INDEXES)
        indexes = cursor.fetchall()
        for drop, _ in indexes:
            cursor.execute(drop)
        cursor.execute(POSTINGS, [before + 1, size])
        for _, make in indexes:
            cursor.execute(make)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def forget() -> None:
    """Take them out again: they are of no trade, and the audit would say so."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(WITHOUT_TRIGGERS)
        cursor.execute("DELETE FROM payments_posting WHERE key LIKE 'bench:%'")
