"""Arithmetic, and postings by themselves: the exact cent, the exact row."""

from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Person
from payments import ledger, money
from payments.models import Posting
from tests.money.rows import awaiting


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (101, [1, 1, 1], [34, 34, 33]),
        (0, [1, 2], [0, 0]),
        (5, [0, 7], [0, 5]),
        (1, [1], [1]),
        (10, [1, 2, 3], [2, 3, 5]),
        (7, [3, 3, 1], [3, 3, 1]),
        (1, [1, 1], [1, 0]),
    ],
)
def test_the_largest_remainder_gets_the_cent_and_ties_go_to_the_first(
    total: int, weights: list[int], parts: list[int]
) -> None:
    """Cases 27 and 28: rounding."""
    assert money.split(total, weights) == parts
    assert all(type(part) is int for part in money.split(total, weights))


@pytest.mark.parametrize(
    ("total", "weights"), [(-1, [1]), (1, [0]), (1, [0, 0]), (1, [2, -1]), (5, [-1, -1])]
)
def test_nothing_is_divided_by_nothing(total: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match="one weight must count"):
        money.split(total, weights)


@pytest.mark.parametrize(
    ("face", "discount", "price"),
    [(100_00, 4000, 60_00), (1, 4000, 1), (1, 6000, 0), (333, 3000, 233), (99, 5000, 49)],
)
def test_a_price(face: int, discount: int, price: int) -> None:
    """Half a cent is the buyer's gain."""
    assert money.price_of(face, discount) == price
    assert money.LEAST_CHARGE_CENTS == 50


@pytest.mark.parametrize(
    ("price", "share", "cents"),
    [(30_00, 800, 2_40), (30_00, 0, 0), (30_00, 10_000, 30_00), (6, 800, 0), (7, 800, 1)],
)
def test_a_commission(price: int, share: int, cents: int) -> None:
    assert money.commission_on(price, share) == cents


def test_names_of_accounts_stay() -> None:
    """Case 59: postings of years are kept under them, and versions run side by side."""
    assert (ledger.CARDS, ledger.PROCESSOR, ledger.ELSEWHERE) == (
        "outside:cards",
        "outside:processor",
        "outside:elsewhere",
    )
    assert (ledger.COMMISSION, ledger.FEES, ledger.LOSSES) == (
        "platform:commission",
        "platform:fees",
        "platform:losses",
    )
    one = uuid4()
    assert (ledger.held(one), ledger.quarantine(one)) == (f"escrow:{one}", f"quarantine:{one}")
    people = (ledger.owed_to_seller, ledger.owed_to_buyer, ledger.at_processor)
    assert [account(7) for account in people] == ["seller:7", "buyer:7", "account:7"]
    assert [account(7) for account in (ledger.debt, ledger.bank)] == ["debt:7", "bank:7"]


@pytest.fixture
def posting() -> dict[str, object]:
    return {
        "key": "k",
        "source": "a",
        "destination": "b",
        "amount_cents": 5,
        "currency": "USD",
    }


@pytest.mark.django_db
def test_a_posting_is_kept_as_it_was_said(
    posting: dict[str, object], buyer: Person, seller: Person
) -> None:
    escrow = awaiting(buyer, seller)
    assert ledger.post(**posting, escrow=escrow) is True  # type: ignore[arg-type]
    assert ledger.post(**posting, escrow=escrow) is False  # type: ignore[arg-type]
    assert ledger.post(**(posting | {"key": "k2"})) is True  # type: ignore[arg-type]
    kept = Posting.objects.order_by("pk").values_list("key", *list(posting)[1:], "escrow")
    assert list(kept) == [("k", "a", "b", 5, "USD", escrow.pk), ("k2", "a", "b", 5, "USD", None)]
    assert ledger.posted("k")
    assert not ledger.posted("k3")
    assert (ledger.balance("a", "USD"), ledger.balance("b", "USD")) == (-10, 10)
    assert (ledger.balance("b", "EUR"), ledger.balance("c", "USD")) == (0, 0)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "other", [{"source": "c"}, {"destination": "c"}, {"amount_cents": 6}, {"currency": "EUR"}]
)
def test_a_key_is_of_one_posting(posting: dict[str, object], other: dict[str, object]) -> None:
    ledger.post(**posting)  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match=r"^k "):
        ledger.post(**(posting | other))  # type: ignore[arg-type]


@pytest.mark.django_db
def test_many_at_once(buyer: Person, seller: Person) -> None:
    escrow = awaiting(buyer, seller)
    moves = [ledger.Movement(f"m{n}", "a", "b", n, "USD", escrow.pk) for n in (1, 2)]
    ledger.post_all(moves)
    kept = Posting.objects.order_by("key").values_list("key", "amount_cents", "escrow")
    assert list(kept) == [("m1", 1, escrow.pk), ("m2", 2, escrow.pk)]
    with pytest.raises(IntegrityError), transaction.atomic():
        ledger.post_all(moves)
