"""Papers about money: one content, shown as a page, a PDF or a CSV file."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from fpdf import FPDF
from fpdf.enums import XPos, YPos

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
                (column, _shown(value), isinstance(value, Cents))
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
    content = as_pdf(paper) if suffix == "pdf" else as_csv(paper).encode()
    kind = "application/pdf" if suffix == "pdf" else "text/csv; charset=utf-8"
    found = HttpResponse(content, content_type=kind)
    found["Content-Disposition"] = f'attachment; filename="{paper.number}.{suffix}"'
    return found


def as_csv(paper: Paper) -> str:
    """Rows only, and nothing that a spreadsheet would take for a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(paper.columns)
    for row in paper.rows:
        writer.writerow([_cell(value) for value in row])
    return out.getvalue()


def _cell(value: Any) -> str:
    text = _shown(value)
    return text if isinstance(value, Cents) else spreadsheets.cell(text)


def _shown(value: Any) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return value.isoformat() if isinstance(value, date) else str(value)


def as_pdf(paper: Paper) -> bytes:
    """A4, with a head, the table on as many pages as it needs, and the totals."""
    pdf = FPDF(orientation="landscape" if len(paper.columns) > 5 else "portrait")
    pdf.set_title(paper.title)
    pdf.set_author("Surplus")
    pdf.set_auto_page_break(auto=True, margin=18)
    pdf.add_page()
    _line(pdf, paper.title, size=18, bold=True, height=10)
    _line(pdf, f"Number {paper.number}", size=10, height=6)
    for name, value in paper.facts:
        _line(pdf, f"{name}: {value}", size=10, height=6)
    pdf.ln(4)
    pdf.set_font("Helvetica", size=9)
    aligned = tuple("RIGHT" if _is_amount(paper, n) else "LEFT" for n in range(len(paper.columns)))
    with pdf.table(text_align=aligned, line_height=5.5) as table:
        for row in (paper.columns, *paper.rows):
            cells = table.row()
            for value in row:
                cells.cell(_latin(_shown(value)))
    pdf.ln(4)
    for name, amount in paper.totals:
        _line(pdf, f"{name}: {amount} {paper.currency}", size=11, bold=True, height=6)
    for note in paper.notes:
        _line(pdf, note, size=9, height=5)
    for name, content in paper.attached:
        pdf.embed_file(bytes=content, basename=name)
    return bytes(pdf.output())


def _is_amount(paper: Paper, column: int) -> bool:
    return any(isinstance(row[column], Cents) for row in paper.rows)


def _line(pdf: FPDF, text: str, *, size: int, height: float, bold: bool = False) -> None:
    pdf.set_font("Helvetica", style="B" if bold else "", size=size)
    pdf.multi_cell(0, height, _latin(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _latin(text: str) -> str:
    """The letters that the PDF's own fonts have; the page and the CSV have them all."""
    return text.replace("…", "...").replace("’", "'").encode("latin-1", "replace").decode("latin-1")
