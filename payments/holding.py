"""A payment is not held without end: the card processor allows it for so long, by country.

Stripe says 90 days, 2 years in the United States, 10 days in Thailand
(https://docs.stripe.com/connect/account-balances#holding-funds). Every state of a trade has a clock
that ends it far earlier; what has none is a payment that is kept apart, and a bank's dispute.
"""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from payments import incidents, repairs
from payments.models import Escrow, EscrowStatus, Incident

KIND = "held_long"
# Shares of the limit: when people are told, and when what is kept apart goes back by itself.
TELL_AFTER, RETURN_AFTER = 2 / 3, 5 / 6
REASON = "It was kept apart for so long that the processor would not let us hold it any longer."


def returned_after_days() -> float:
    """From then on nothing is kept apart any more, and every trade has ended by its clocks."""
    return float(settings.HOLDING_LIMIT_DAYS * RETURN_AFTER)


def _within(share: float) -> timedelta:
    return timedelta(days=settings.HOLDING_LIMIT_DAYS * share)


def due_back() -> list[UUID]:
    """Payments that were kept apart for too long."""
    rows = Escrow.objects.filter(quarantined_at__lte=Now() - _within(RETURN_AFTER))
    return list(rows.order_by("quarantined_at").values_list("pk", flat=True)[:100])


@transaction.atomic
def give_back(escrow_id: UUID) -> None:
    """Send back what was kept apart, unless a moderator has just done so."""
    escrow = Escrow.objects.select_for_update(no_key=True).get(pk=escrow_id)
    if escrow.quarantined_at is not None:
        repairs.send_back(escrow, actor=None, reason=REASON)


def report_due() -> int:
    """Tell people of payments that are held for very long, once of each; returns of how many."""
    told = Incident.objects.filter(kind=KIND, escrow__isnull=False).values("escrow")
    held = Escrow.objects.filter(
        status=EscrowStatus.HELD, created_at__lte=Now() - _within(TELL_AFTER)
    )
    found = list(held.exclude(pk__in=told).order_by("created_at")[:100])
    for escrow in found:
        incidents.report(
            key=f"{KIND}:{escrow.pk}",
            kind=KIND,
            text=f"A payment is held since {escrow.created_at:%-d %B %Y}. The processor allows "
            f"{settings.HOLDING_LIMIT_DAYS} days: settle it or send it back before.",
            escrow=escrow,
        )
    return len(found)
