"""Every address of the site is in the table of who may call it, and the table is up to date."""

from tests import access


def test_every_address_is_in_the_table() -> None:
    assert access.missing() == []


def test_nothing_is_in_the_table_that_is_gone() -> None:
    assert access.left_over() == []


def test_the_document_is_made_from_the_table() -> None:
    assert access.TABLE.read_text() == access.table(), "run python -m tests.access"
