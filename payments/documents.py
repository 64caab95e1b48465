"""Papers about money: one content, shown as a page, a PDF or a CSV file."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from accounts import spreadsheets

FORMATS = ("", "pdf", "csv")


@dataclass(frozen=True)
class Cents:
    """An amount in a table; signed."""

    cents: int

    def __str__(self) -> str:
        whole, part = divmod(abs(self.cents), 100)
        return f"{'-' if self.cents < 0 else ''}{whole}.{part:02}"


@dataclass(frozen=True)
class Paper:
    """A statement, receipt, invoice or report. `columns` and each of `rows` belong together."""

    title: str
    number: str
    facts: Sequence[tuple[str, str]]
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    totals: Sequence[tuple[str, Cents]] = ()
    currency: str = "USD"
    notes: Sequence[str] = field(default=())
    # Files that the PDF carries along: a name and what is in it.
    attached: Sequence[tuple[str, bytes]] = ()

    @property
    def labelled_rows(self) -> list[list[tuple[str, str, bool]]]:
        """Each cell with its column's name and whether it is an amount."""
        return [
            [
                (column, shown(value), isinstance(value, Cents))
                for column, value in zip(self.columns, row, strict=True)
            ]
            for row in self.rows
        ]


def answer(request: HttpRequest, paper: Paper, suffix: str) -> HttpResponse:
    """The paper as it was asked for: "" is a page. Raises Http404 for any other suffix."""
    if suffix == "":
        return render(request, "payouts/paper.html", {"paper": paper})
    if suffix not in FORMATS:
        raise Http404
    content = _as_pdf(paper) if suffix == "pdf" else as_csv(paper).encode()
    kind = "application/pdf" if suffix == "pdf" else "text/csv; charset=utf-8"
    found = HttpResponse(content, content_type=kind)
    found["Content-Disposition"] = f'attachment; filename="{paper.number}.{suffix}"'
    return found


def _as_pdf(paper: Paper) -> bytes:
    # Its library takes a fifth of the time in which a process starts, and few ever need it.
    from payments.printing import as_pdf

    return as_pdf(paper)


def as_csv(paper: Paper) -> str:
    """Rows only, and nothing that a spreadsheet would take for a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(paper.columns)
    for row in paper.rows:
        writer.writerow([_cell(value) for value in row])
    return out.getvalue()


def _cell(value: Any) -> str:
    text = shown(value)
    return text if isinstance(value, Cents) else spreadsheets.cell(text)


def shown(value: Any) -> str:
    """A cell of a paper as text."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return value.isoformat() if isinstance(value, date) else str(value)
