"""The audit as a file: what a search of it found, for a spreadsheet."""

import csv
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from accounts import spreadsheets
from accounts.models import AuditEntry

COLUMNS = ("number", "at", "act", "subject", "actor", "reason", "details")
MOST = 50_000


class _Echo:
    """What a writer writes is handed on, line by line."""

    def write(self, text: str) -> str:
        return text


def lines(entries: QuerySet[AuditEntry]) -> Iterator[str]:
    """The newest entries first, one a line."""
    writer: Any = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    rows = entries.order_by("-id").values_list(
        "id", "at", "act", "subject", "actor__email", "reason", "details"
    )
    for number, at, *words in rows[:MOST].iterator():
        told = (spreadsheets.cell(str(word or "")) for word in words)
        yield writer.writerow([number, at.isoformat(), *told])
