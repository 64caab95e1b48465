"""Whether everything runs: what is due and since when, what was set aside, what stops payouts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Min, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from accounts import audit_chain
from accounts.models import Notification
from marketplace import health, ledger_audit
from orders import editing
from orders.models import Order
from orders.verification.models import Verification
from payments import incidents, repairs, seals
from payments.models import (
    Difference,
    Freeze,
    Instruction,
    LedgerAudit,
    Reconciliation,
    WebhookEvent,
)
from providers import breaker

# Sweeps come every few seconds; what waits longer than this was not taken up.
LATE = timedelta(minutes=5)
MOST = 1000


@dataclass(frozen=True)
class Due:
    """Work that a sweep takes up: how much is due, and since when the oldest is."""

    name: str
    sweep: str
    count: int
    oldest: datetime | None

    @property
    def is_late(self) -> bool:
        return self.oldest is not None and self.oldest < timezone.now() - LATE


# What each sweep takes up, and the column that says when.
WORK: tuple[tuple[str, str, type[Any], str], ...] = (
    ("Webhooks to follow up", "sweep", WebhookEvent, "due_at"),
    ("Calls to the processor", "sweep", Instruction, "due_at"),
    ("Orders whose time is over", "sweep", Order, "deadline"),
    ("Mails to send", "sweep", Notification, "mail_due_at"),
    ("Readings to take", "measure", Verification, "next_at"),
)


def due() -> list[Due]:
    """What is due of each kind; two bounded queries each, through the index of what is due."""
    return [
        _due(name, sweep, model.objects.filter(**{f"{column}__lte": Now()}), column)
        for name, sweep, model, column in WORK
    ]


def _due(name: str, sweep: str, rows: QuerySet[Any], column: str) -> Due:
    oldest = rows.aggregate(oldest=Min(column))["oldest"]
    return Due(name, sweep, rows[:MOST].count() if oldest else 0, oldest)


def parts() -> list[tuple[str, str]]:
    """Database, broker and the rest, each with what is wrong, or nothing."""
    found = []
    for name, check in health.CHECKS.items():
        try:
            check()
            found.append((name.replace("_", " "), ""))
        except Exception as error:
            found.append((name.replace("_", " "), type(error).__name__))
    return found


def state() -> dict[str, Any]:
    """All of the page."""
    audit = LedgerAudit.objects.first()
    return {
        "frozen": incidents.payouts_frozen(),
        "outdated": editing.outdated(),
        "audit": audit,
        "is_overdue": ledger_audit.is_overdue(),
        "differences": Difference.objects.filter(decided_at=None)[:MOST].count(),
        "freeze": Freeze.objects.filter(ended_at=None).select_related("begun_by").first(),
        "reconciled": Reconciliation.objects.exclude(finished_at=None).first(),
        "due": due(),
        "parts": parts(),
        "resting": breaker.resting(),
        "stuck_calls": Instruction.objects.filter(repairs.refused())[:MOST].count(),
        "stuck_events": WebhookEvent.objects.filter(repairs.set_aside())[:MOST].count(),
        "heads": [
            ("Postings", seals.CHAIN.head()),
            ("Acts of moderators", audit_chain.CHAIN.head()),
        ],
    }
