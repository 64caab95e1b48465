"""The books in the console: reconciliations, and the differences that they found."""

from typing import Any, ClassVar

from django.contrib import admin

from accounts.console import Act, ConsoleAdmin, amount
from accounts.models import Person
from payments import brake, reconciliation
from payments.models import Difference, Freeze, LedgerAudit, PayoutAccount, Reconciliation


def holders(account: str) -> set[int]:
    """Whose account at the processor it is; nobody's where it is the platform's own."""
    if not account:
        return set()
    found = PayoutAccount.objects.filter(remote_id=account)
    return set(found.values_list("person_id", flat=True))


@admin.register(Reconciliation)
class ReconciliationAdmin(ConsoleAdmin):
    page_template = "console/reconciliation.html"
    list_display = ("at", "lines", "matched", "found", "finished_at")
    facts: ClassVar = [
        ("Reconciliation", ("at", "since", "finished_at", "lines", "matched", "found")),
        ("Explained", ("explained",)),
    ]

    def more(self, row: Any) -> dict[str, Any]:
        return {"differences": row.differences.order_by("decided_at", "pk")[:100]}


@admin.register(Difference)
class DifferenceAdmin(ConsoleAdmin):
    list_display = ("kind", "source", "posted", "line", "found_at", "decided_at")
    posted, line = amount("posted_cents", "Posted"), amount("line_cents", "Line")
    list_filter = (("decided_at", admin.EmptyFieldListFilter), "kind")
    related = ("last_in",)
    search_fields = ("source__exact",)
    search_help_text = "Id at the processor"
    facts: ClassVar = [
        ("Difference", ("kind", "text", "source", "account", "posted_cents", "line_cents")),
        ("When", ("found_at", "last_in", "decided_at")),
    ]
    acts: ClassVar = [
        Act(
            name="decision",
            label="Decided",
            done="Decided. Payouts go on when no other difference is open.",
            do=reconciliation.decide,
            moves_money=True,
            hint="Payouts are frozen while this is open. Say what you found and what was done.",
            fits=lambda row, person: row.decided_at is None,
        ),
    ]

    def parties_of(self, row: Any) -> set[int]:
        return holders(row.account)

    def version(self, row: Any) -> str:
        return str(row.decided_at or "")


def _freeze(audit: LedgerAudit, *, actor: Person, reason: str) -> None:
    brake.freeze(actor=actor, reason=reason)


@admin.register(LedgerAudit)
class LedgerAuditAdmin(ConsoleAdmin):
    page_template = "console/ledger_audit.html"
    list_display = ("at", "is_clean", "is_whole", "count")
    list_filter = ("is_clean", "is_whole")
    facts: ClassVar = [("Audit", ("at", "is_clean", "is_whole", "through"))]
    acts: ClassVar = [
        Act(
            name="freeze",
            label="Freeze payouts",
            done="Nothing is paid out from now on. Two people let it go on.",
            do=_freeze,
            tone="danger",
            hint="At once, for everybody. Orders, refunds and releases go on; payouts wait.",
            fits=lambda row, person: not Freeze.objects.filter(ended_at=None).exists(),
        ),
    ]

    @admin.display(description="Violations")
    def count(self, row: LedgerAudit) -> int:
        return len(row.violations)


@admin.register(Freeze)
class FreezeAdmin(ConsoleAdmin):
    list_display = ("begun_at", "begun_by", "reason", "ended_at", "ended_by")
    list_select_related = ("begun_by", "ended_by")
    related = ("begun_by", "ended_by")
    facts: ClassVar = [
        ("Freeze", ("begun_at", "begun_by", "reason", "ended_at", "ended_by")),
    ]
    acts: ClassVar = [
        Act(
            name="end",
            label="Let payouts go on",
            done="Payouts go on, unless the books stop them.",
            do=brake.end,
            moves_money=True,
            hint="A second person must agree.",
            fits=lambda row, person: row.ended_at is None,
        ),
    ]
