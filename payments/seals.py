"""A chain of digests over all postings, sealed in batches: whoever rewrites history breaks it.

One worker seals what no transaction can still add to. The newest digest, the head, is logged and
published; against a head that somebody kept, even the database's owner cannot change what is
behind it unnoticed.
"""

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime

from django.db import connection, transaction

from payments.models import Seal

log = logging.getLogger(__name__)
BATCH = 1000

_LEAF = """encode(sha256(convert_to(concat_ws('|', id, key, source, destination, amount_cents,
    currency, coalesce(escrow_id::text, '-'), extract(epoch FROM at)), 'UTF8')), 'hex')"""
_DIGEST = f"""
SELECT count(*), encode(sha256(convert_to(
    %(previous)s || coalesce(string_agg({_LEAF}, '' ORDER BY id), ''), 'UTF8')), 'hex')
FROM payments_posting WHERE id BETWEEN %(first)s AND %(last)s"""  # noqa: S608 (constants)


def seal_new() -> int:
    """Seal what is settled; returns how many postings. Called by one worker at a time."""
    horizon = _settled()
    if horizon is None:
        return 0
    sealed = 0
    while found := _next(horizon):
        sealed += found.count
        log.info("postings up to %s are sealed; the head is %s", found.last_id, found)
    return sealed


def _settled() -> int | None:
    """The newest posting below which none can appear any more; None while that cannot be told.

    Ids are given out in order, but committed in any: so whoever was at work when the newest id was
    seen must have finished.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp(), max(id) FROM payments_posting")
        seen_at, newest = cursor.fetchone()
        return newest if newest and not _at_work_since_before(seen_at) else None


def _at_work_since_before(moment: datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND xact_start <= %s)",
            [moment],
        )
        return bool(cursor.fetchone()[0])


@transaction.atomic
def _next(horizon: int) -> Seal | None:
    last = Seal.objects.order_by("-number").first()
    first_id = last.last_id + 1 if last else 1
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(id) FROM (SELECT id FROM payments_posting WHERE id BETWEEN %s AND %s"
            " ORDER BY id LIMIT %s) AS batch",
            [first_id, horizon, BATCH],
        )
        last_id = cursor.fetchone()[0]
    if last_id is None:
        return None
    previous = last.digest if last else ""
    count, digest = _digest(previous, first_id, last_id)
    return Seal.objects.create(
        number=last.number + 1 if last else 1,
        first_id=first_id,
        last_id=last_id,
        count=count,
        previous=previous,
        digest=digest,
    )


def _digest(previous: str, first_id: int, last_id: int) -> tuple[int, str]:
    with connection.cursor() as cursor:
        cursor.execute(_DIGEST, {"previous": previous, "first": first_id, "last": last_id})
        count, digest = cursor.fetchone()
        return count, digest


def broken(heads: Mapping[int, str] | None = None) -> Iterator[str]:
    """Where the chain does not hold: each seal whose postings are not what was sealed.

    `heads` are digests that were kept elsewhere, by number; they find a chain that was made anew.
    """
    kept = dict(heads or {})
    before, next_id = "", 1
    for seal in Seal.objects.iterator():
        where = f"seal {seal.number} (postings {seal.first_id} to {seal.last_id})"
        count, digest = _digest(seal.previous, seal.first_id, seal.last_id)
        if count != seal.count:
            yield f"{where}: {seal.count} postings were sealed, {count} are there"
        elif digest != seal.digest:
            yield f"{where}: a posting was changed after it was sealed"
        if (seal.previous, seal.first_id) != (before, next_id):
            yield f"{where} does not follow from the seal before it"
        if kept.pop(seal.number, seal.digest) != seal.digest:
            yield f"{where}: the digest that was kept elsewhere is another; history was rewritten"
        before, next_id = seal.digest, seal.last_id + 1
    for number in sorted(kept):
        yield f"seal {number} was kept elsewhere, and is not there any more"
