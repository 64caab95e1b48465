"""A chain of digests over the rows of a table that only grows, sealed in batches.

Whoever rewrites history breaks it. One worker seals what no transaction can still add to. The
newest digest, the head, is logged and published; against a head that somebody kept, even the
database's owner cannot change what is behind it unnoticed.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import pgtrigger
from django.db import connection, models, transaction
from django.db.models.functions import Now

log = logging.getLogger(__name__)
BATCH = 1000


class Link(models.Model):
    """A seal: the digest of the rows from `first_id` to `last_id`, and of the link before it."""

    number = models.PositiveBigIntegerField(primary_key=True)
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    count = models.PositiveIntegerField()
    previous = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        abstract = True
        ordering = ["number"]
        triggers: ClassVar = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.number}:{self.digest}"


@dataclass(frozen=True)
class Chain:
    """One such chain: the model of its seals, the table that they seal, and a row's digest in SQL.

    `rows` is what people call the rows.
    """

    seals: Any
    table: str
    leaf: str
    rows: str

    def seal_new(self, batch: int = BATCH) -> int:
        """Seal what is settled; returns how many rows. Called by one worker at a time."""
        horizon = self._settled()
        if horizon is None:
            return 0
        sealed = 0
        while found := self._next(horizon, batch):
            sealed += found.count
            log.info("%s up to %s are sealed; the head is %s", self.rows, found.last_id, found)
        return sealed

    def head(self) -> Any:
        """The newest seal, or None."""
        return self.seals.objects.order_by("-number").first()

    def _settled(self) -> int | None:
        """The newest row below which none can appear any more; None while that cannot be told.

        Ids are given out in order, but committed in any: so whoever was at work when the newest id
        was seen must have finished.
        """
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT clock_timestamp(), max(id) FROM {self.table}")  # noqa: S608
            seen_at, newest = cursor.fetchone()
            return newest if newest and not _at_work_since_before(seen_at) else None

    @transaction.atomic
    def _next(self, horizon: int, batch: int) -> Any:
        last = self.head()
        first_id = last.last_id + 1 if last else 1
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT max(id) FROM (SELECT id FROM {self.table}"  # noqa: S608 (constants)
                " WHERE id BETWEEN %s AND %s ORDER BY id LIMIT %s) AS batch",
                [first_id, horizon, batch],
            )
            last_id = cursor.fetchone()[0]
        if last_id is None:
            return None
        previous = last.digest if last else ""
        count, digest = self._digest(previous, first_id, last_id)
        return self.seals.objects.create(
            number=last.number + 1 if last else 1,
            first_id=first_id,
            last_id=last_id,
            count=count,
            previous=previous,
            digest=digest,
        )

    def _digest(self, previous: str, first_id: int, last_id: int) -> tuple[int, str]:
        with connection.cursor() as cursor:
            cursor.execute(
                self._sealed("%(previous)s", "%(first_id)s", "%(last_id)s"),
                {"previous": previous, "first_id": first_id, "last_id": last_id},
            )
            count, digest = cursor.fetchone()
            return count, digest

    def _sealed(self, previous: str, first_id: str, last_id: str) -> str:
        """The query of how many rows there are, and the digest of them and of the link before."""
        return f"""SELECT count(*) AS there, encode(sha256(convert_to({previous}
            || coalesce(string_agg({self.leaf}, '' ORDER BY id), ''), 'UTF8')), 'hex')
            AS digest_there FROM {self.table}
            WHERE id BETWEEN {first_id} AND {last_id}"""  # noqa: S608 (constants)

    def _with_what_is_there(self) -> Iterable[Any]:
        """Each seal with `there` and `digest_there`, in one statement."""
        found = self._sealed("seal.previous", "seal.first_id", "seal.last_id")
        return self.seals.objects.raw(
            f"SELECT seal.*, found.* FROM {self.seals._meta.db_table} seal"  # noqa: S608
            f" CROSS JOIN LATERAL ({found}) AS found ORDER BY seal.number"
        )

    def broken(self, heads: Mapping[int, str] | None = None) -> Iterator[str]:
        """Where the chain does not hold: each seal whose rows are not what was sealed.

        `heads` are digests that were kept elsewhere, by number; they find a chain made anew.
        """
        kept = dict(heads or {})
        before, next_id = "", 1
        for seal in self._with_what_is_there():
            where = f"seal {seal.number} ({self.rows} {seal.first_id} to {seal.last_id})"
            if seal.there != seal.count:
                yield f"{where}: {seal.count} {self.rows} were sealed, {seal.there} are there"
            elif seal.digest_there != seal.digest:
                yield f"{where}: one of the {self.rows} was changed after it was sealed"
            if (seal.previous, seal.first_id) != (before, next_id):
                yield f"{where} does not follow from the seal before it"
            if kept.pop(seal.number, seal.digest) != seal.digest:
                yield f"{where}: the digest kept elsewhere is another; history was rewritten"
            before, next_id = seal.digest, seal.last_id + 1
        for number in sorted(kept):
            yield f"seal {number} was kept elsewhere, and is not there any more"


def _at_work_since_before(moment: datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND xact_start <= %s)",
            [moment],
        )
        return bool(cursor.fetchone()[0])
