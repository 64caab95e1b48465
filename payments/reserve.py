"""The rolling reserve: part of what a new seller earns stays a while, for refunds that come late.

It lies in the seller's own account at the processor and is theirs; it is only not paid out yet.
Nothing is booked for it: it follows from the postings, the clock and the open cases.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Now

from accounts.models import Person, Standing
from payments import ledger, money
from payments.escrow import shares
from payments.models import Escrow, Incident, Posting

# The kind of the case that holds what a sale brought (`orders.verification.watching`).
CREDIT_REVERSED = "credit_reversed"


@dataclass(frozen=True)
class Step:
    """So much becomes free at that time."""

    at: datetime
    cents: int


def is_new(person: Person) -> bool:
    """Whether a seller has finished fewer trades than free one from the reserve."""
    done = Standing.objects.filter(person=person).values_list("completed_orders", flat=True).first()
    return (done or 0) < settings.RESERVE_TRADES


def steps(person: Person, currency: str) -> list[Step]:
    """What is in reserve and when each part becomes free, the next one first."""
    if not settings.RESERVE_BP or not is_new(person):
        return []
    lasts = timedelta(seconds=settings.RESERVE_SECONDS)
    account = ledger.at_processor(person.pk)
    came = Posting.objects.filter(
        destination=account, source=ledger.owed_to_seller(person.pk), currency=currency
    )
    young = came.filter(at__gt=Now() - lasts).annotate(free_at=F("at") + lasts).order_by("at")
    return [
        Step(free_at, kept)
        for free_at, amount in young.values_list("free_at", "amount_cents")
        if (kept := money.commission_on(amount, settings.RESERVE_BP))
    ]


def reserved_cents(person: Person, currency: str) -> int:
    """All that is in reserve now, and what is in question."""
    in_reserve = sum(step.cents for step in steps(person, currency))
    return in_reserve + sum(in_question(person, currency).values())


def is_in_question(escrow: Escrow) -> bool:
    """Whether a case holds what that sale brought."""
    return Incident.objects.filter(kind=CREDIT_REVERSED, escrow=escrow, closed_at=None).exists()


def in_question(person: Person, currency: str) -> dict[str, int]:
    """What sales brought whose credit was taken back, until a moderator has closed the case:
    cents by the sale's reference.
    """
    cases = Incident.objects.filter(kind=CREDIT_REVERSED, closed_at=None)
    sales = Escrow.objects.filter(pk__in=cases.values("escrow"), seller=person, currency=currency)
    return {
        str(sale.reference): shares(
            sale, sale.refunded_cents + sale.given_back_cents
        ).to_seller_cents
        for sale in sales
    }
