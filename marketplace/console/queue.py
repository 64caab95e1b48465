"""What waits for a moderator: one list over all apps, the most urgent first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef
from django.urls import reverse

from accounts import one_person
from accounts.models import Likeness
from listings.models import Consent, Listing, ListingStatus, Report
from marketplace import figures, ledger_audit
from orders.models import Dispute
from payments import repairs
from payments.models import (
    Difference,
    Incident,
    Instruction,
    InstructionStatus,
    LedgerAudit,
    WebhookEvent,
)

# As many of a kind as anybody reads; each kind is one query, however many wait.
MOST = 100


@dataclass(frozen=True)
class Item:
    """One thing to do. `rank` is its urgency, 0 the highest; `tone` says so by colour and icon."""

    rank: int
    kind: str
    tone: str
    title: str
    detail: str
    since: datetime
    url: str
    deadline: datetime | None = None


def overview() -> dict[str, Any]:
    """The queue, the newest audit, and the figures that everybody may see."""
    audit = LedgerAudit.objects.first()
    found = sorted(_items(), key=lambda item: (item.rank, item.since))
    return {
        "items": found,
        "audit": audit,
        "frozen": audit is not None and not audit.is_clean,
        "figures": figures.trust(),
        "most": MOST,
    }


def _items() -> Iterator[Item]:
    instructions = list(Instruction.objects.filter(repairs.refused()).order_by("created_at")[:MOST])
    events = list(WebhookEvent.objects.filter(repairs.set_aside()).order_by("received_at")[:MOST])
    # Each of these has raised an incident too; one line for each is enough.
    shown = {f"{what}:{row.purpose}" for row in instructions for what in ("refused", "set_aside")}
    shown |= {f"webhook:{row.event_id}" for row in events}
    yield from _overdue_audit()
    yield from _differences()
    yield from _incidents(shown)
    yield from _disputes()
    for row in instructions:
        what = "Refused" if row.status == InstructionStatus.REFUSED else "Set aside"
        title = f"{what}: {row.get_kind_display()}"
        yield Item(
            2, "Instruction", "bad", title, row.error, row.created_at, _page(row, "instruction")
        )
    for event in events:
        yield Item(
            3,
            "Webhook set aside",
            "attention",
            event.type,
            event.error,
            event.received_at,
            _page(event, "webhookevent"),
        )
    yield from _likenesses()
    yield from _reports()
    yield from _reviews()


def _page(row: Any, model: str, app: str = "payments") -> str:
    return reverse(f"admin:{app}_{model}_change", args=[row.pk])


def _incidents(shown: set[str]) -> Iterator[Item]:
    rows = Incident.objects.filter(closed_at=None).exclude(key__in=shown).order_by("raised_at")
    for row in rows[:MOST]:
        title = row.kind.replace("_", " ").capitalize()
        yield Item(0, "Incident", "bad", title, row.text, row.raised_at, _page(row, "incident"))


def _overdue_audit() -> Iterator[Item]:
    newest = LedgerAudit.objects.first()
    if newest is not None and ledger_audit.is_overdue():
        detail = "It should run every ten minutes: look at the scheduler and the worker."
        title = "The newest ledger audit is old"
        yield Item(0, "Alarm", "bad", title, detail, newest.at, _page(newest, "ledgeraudit"))


def _differences() -> Iterator[Item]:
    rows = Difference.objects.filter(decided_at=None).order_by("found_at")
    for row in rows[:MOST]:
        title = f"Payouts are frozen: {row.get_kind_display()}"
        yield Item(0, "Difference", "bad", title, row.text, row.found_at, _page(row, "difference"))


def _disputes() -> Iterator[Item]:
    rows = Dispute.objects.undecided().select_related("order").order_by("opened_at")
    for row in rows[:MOST]:
        yield Item(
            1,
            "Dispute",
            "attention",
            row.order.title,
            row.get_reason_display(),
            row.opened_at,
            _page(row, "dispute", "orders"),
            row.order.deadline,
        )


def _likenesses() -> Iterator[Item]:
    rows = Likeness.objects.filter(decision="").select_related("first", "second")
    for row in rows.order_by("raised_at")[:MOST]:
        words = " ".join(one_person.KINDS[kind] for kind in row.evidence)
        url = _page(row, "likeness", "accounts")
        yield Item(4, "One person?", "attention", str(row), words, row.raised_at, url)


def _reports() -> Iterator[Item]:
    rows = Report.objects.filter(closed_at=None).select_related("listing").order_by("at")
    for row in rows[:MOST]:
        yield Item(
            4,
            "Report",
            "attention",
            row.listing.title,
            row.get_reason_display(),
            row.at,
            _page(row, "report", "listings"),
        )


def _reviews() -> Iterator[Item]:
    consent = Consent.objects.filter(listing=OuterRef("pk"))
    rows = Listing.objects.filter(status=ListingStatus.IN_REVIEW).select_related("provider")
    for row in rows.annotate(has_consent=Exists(consent)).order_by("status_since")[:MOST]:
        consent_words = ", consent to examine" if row.has_consent else ""
        yield Item(
            5,
            "Review",
            "waiting",
            row.title,
            f"{row.provider.name}: {row.provider.get_resale_policy_display()}{consent_words}",
            row.status_since,
            _page(row, "listing", "listings"),
        )
