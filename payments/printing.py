"""Papers about money (`payments.documents`) as PDF."""

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from payments.documents import Cents, Paper, shown


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
                cells.cell(_latin(shown(value)))
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
