"""The document on verification says what the catalogue says."""

from providers.management.commands.verification_table import DOCUMENT
from providers.verification_table import placed, table


def test_the_document_is_current() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert placed(text) == text, "run manage.py verification_table"


def test_every_provider_has_a_row() -> None:
    rows = table().splitlines()[2:]
    assert len(rows) == 68
    (vast,) = [row for row in rows if row.startswith("| vast |")]
    assert "arrival; at least so much" in vast
    (openrouter,) = [row for row in rows if row.startswith("| openrouter |")]
    assert "arrival and absence, exact sum" in openrouter
    (heygen,) = [row for row in rows if row.startswith("| heygen |")]
    assert "nothing is read" in heygen
