"""State machines: one transition table each, and one way to move a row.

A move is a conditional update on the old state that must touch exactly one row, with one
append-only event row in the same transaction.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pgtrigger
from django.conf import settings
from django.db import connection, models
from django.db.models.functions import Now

from accounts import bulk, returning
from accounts.refusals import WrongState


class Event(models.Model):
    """Who moved a row, when, from where to where, and why. Never changed, never deleted."""

    at = models.DateTimeField(db_default=Now(), editable=False)
    kind = models.CharField(max_length=40)
    from_status = models.CharField(max_length=20, blank=True)
    to_status = models.CharField(max_length=20, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    note = models.TextField(blank=True)

    class Meta:
        abstract = True
        ordering = ["id"]
        triggers: ClassVar = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.from_status} → {self.to_status}"


class Machine:
    """The transition table of one model's `status`, and the only writer of that column.

    The model has `status` and `status_since`; its event model points back through `link`.
    """

    def __init__(
        self, *, model: type[Any], events: type[Any], link: str, table: Mapping[str, set[str]]
    ) -> None:
        self.model, self.events, self.link, self.table = model, events, link, table

    @property
    def final(self) -> set[str]:
        """The states that nothing leaves."""
        return {status for status, targets in self.table.items() if not targets}

    def begin(self, row: Any, *, kind: str, actor: Any, note: str = "") -> None:
        """Record how a new row came to be."""
        self._record(row, kind=kind, old="", new=row.status, actor=actor, note=note)

    def advance(
        self,
        row: Any,
        to: str,
        *,
        kind: str,
        actor: Any,
        note: str = "",
        only_if: models.Q | None = None,
        **changes: Any,
    ) -> None:
        """Move `row` to `to`, with `changes` to other columns. Raises WrongState, changing nothing.

        `only_if` adds conditions that must still hold in the database at that moment.
        """
        assert connection.in_atomic_block, "a move and its event belong to one transaction"
        old = row.status
        if to not in self.table[old]:
            raise WrongState
        rows = self.model.objects.filter(pk=row.pk, status=old)
        if only_if is not None:
            rows = rows.filter(only_if)
        if not returning.update(rows, row, status=to, status_since=Now(), **changes):
            raise WrongState
        self._record(row, kind=kind, old=old, new=to, actor=actor, note=note)

    def advance_all(
        self,
        keys: Sequence[Any],
        old: str,
        to: str,
        *,
        kind: str,
        note: str = "",
        only_if: models.Q | None = None,
        **changes: Any,
    ) -> None:
        """Move many rows from `old` to `to` that nobody moves by hand, with an event for each.

        All or, where one is elsewhere by now, none: raises WrongState for the caller's transaction.
        """
        assert connection.in_atomic_block, "a move and its event belong to one transaction"
        if to not in self.table[old]:
            raise WrongState
        rows = self.model.objects.filter(pk__in=keys, status=old)
        if only_if is not None:
            rows = rows.filter(only_if)
        if rows.update(status=to, status_since=Now(), **changes) != len(keys):
            raise WrongState
        event = {"kind": kind, "from_status": old, "to_status": to, "note": note}
        bulk.insert(self.events, [{f"{self.link}_id": key, **event} for key in keys])

    def remark(self, row: Any, *, kind: str, actor: Any, note: str = "") -> None:
        """Record something that happened without a change of state."""
        self._record(row, kind=kind, old=row.status, new=row.status, actor=actor, note=note)

    def _record(self, row: Any, *, kind: str, old: str, new: str, actor: Any, note: str) -> None:
        about = {f"{self.link}_id": row.pk, "actor_id": actor and actor.pk}
        bulk.add(self.events(**about, kind=kind, from_status=old, to_status=new, note=note))
