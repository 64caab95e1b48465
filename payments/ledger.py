"""The only writer of postings, and the names of the accounts they move money between."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Q, Sum

from accounts import bulk
from payments.models import Escrow, Posting

# The world outside, as one side of what comes in and goes out.
CARDS = "outside:cards"
PROCESSOR = "outside:processor"
# Paid back by a bank transfer or in another way that the processor knows nothing of.
ELSEWHERE = "outside:elsewhere"
# The platform's own.
COMMISSION = "platform:commission"
FEES = "platform:fees"
LOSSES = "platform:losses"


def held(escrow_id: UUID) -> str:
    """What is held for one order."""
    return f"escrow:{escrow_id}"


def owed_to_seller(person_id: int) -> str:
    """Released, on its way to the seller's account at the processor."""
    return f"seller:{person_id}"


def owed_to_buyer(person_id: int) -> str:
    """Refunded, on its way back to the buyer's card."""
    return f"buyer:{person_id}"


def at_processor(person_id: int) -> str:
    """In the seller's account at the processor."""
    return f"account:{person_id}"


def debt(person_id: int) -> str:
    """Below zero by what a seller owes the platform; never above."""
    return f"debt:{person_id}"


def bank(person_id: int) -> str:
    """Paid out to the seller's bank."""
    return f"bank:{person_id}"


def quarantine(escrow_id: UUID) -> str:
    """Arrived, but not as agreed; a person decides."""
    return f"quarantine:{escrow_id}"


def post(
    *,
    key: str,
    source: str,
    destination: str,
    amount_cents: int,
    currency: str,
    escrow: Escrow | None = None,
) -> bool:
    """Move money, once per key; returns whether it was moved now.

    The same key for anything else is a bug and stops the caller's transaction.
    """
    assert connection.in_atomic_block, "money moves together with what it moves for"
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO payments_posting"
            " (key, source, destination, amount_cents, currency, escrow_id)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (key) DO NOTHING",
            [key, source, destination, amount_cents, currency, escrow.pk if escrow else None],
        )
        if cursor.rowcount == 1:
            return True
    before = Posting.objects.get(key=key)
    assert (before.source, before.destination) == (source, destination), f"{key} went elsewhere"
    assert (before.amount_cents, before.currency) == (amount_cents, currency), f"{key} was other"
    return False


class Movement(NamedTuple):
    """One posting of many (`post_all`)."""

    key: str
    source: str
    destination: str
    amount_cents: int
    currency: str
    escrow_id: UUID


def post_all(movements: Sequence[Movement]) -> None:
    """Move money that never moved before, all in one statement; a known key is an error."""
    assert connection.in_atomic_block, "money moves together with what it moves for"
    bulk.insert(Posting, [movement._asdict() for movement in movements])


def posted(key: str) -> bool:
    """Whether a posting of that key was made."""
    return Posting.objects.filter(key=key).exists()


def balance(account: str, currency: str) -> int:
    """What an account holds: all that came in less all that went out."""
    sums = Posting.objects.filter(
        Q(source=account) | Q(destination=account), currency=currency
    ).aggregate(
        came=Sum("amount_cents", filter=Q(destination=account), default=0),
        went=Sum("amount_cents", filter=Q(source=account), default=0),
    )
    return int(sums["came"] - sums["went"])
