import pytest
from django.db import ProgrammingError, connection, transaction
from django.db.utils import IntegrityError

from payments import ledger
from payments.models import Posting


def post(key: str = "a", amount: int = 500, destination: str = "seller:1") -> bool:
    with transaction.atomic():
        return ledger.post(
            key=key,
            source=ledger.CARDS,
            destination=destination,
            amount_cents=amount,
            currency="USD",
        )


@pytest.fixture(autouse=True)
def _swept() -> object:
    """These postings belong to no order, which the audit would rightly call a violation."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE payments_posting CASCADE")


def test_the_same_key_moves_money_once() -> None:
    assert post()
    assert not post()
    assert ledger.balance("seller:1", "USD") == 500
    assert ledger.balance(ledger.CARDS, "USD") == -500
    assert ledger.balance("seller:1", "EUR") == 0


@pytest.mark.parametrize("other", [{"amount": 501}, {"destination": "seller:2"}])
def test_the_same_key_for_something_else_is_a_bug(other: dict[str, object]) -> None:
    post()
    with pytest.raises(AssertionError):
        post(**other)  # type: ignore[arg-type]
    assert Posting.objects.count() == 1


def test_a_posting_needs_the_transaction_of_what_it_moves_for() -> None:
    with pytest.raises(AssertionError):
        ledger.post(key="b", source="x", destination="y", amount_cents=1, currency="USD")


def test_the_database_refuses_to_change_or_delete_a_posting() -> None:
    post()
    with pytest.raises(ProgrammingError):
        Posting.objects.update(amount_cents=1)
    with pytest.raises(ProgrammingError):
        Posting.objects.all().delete()
    assert ledger.balance("seller:1", "USD") == 500


@pytest.mark.parametrize("amount", [0, -1])
def test_a_posting_moves_something(amount: int) -> None:
    with pytest.raises(IntegrityError):
        post(amount=amount)


def test_a_posting_moves_somewhere() -> None:
    with pytest.raises(IntegrityError):
        post(destination=ledger.CARDS)
