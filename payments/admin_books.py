"""The books in the console: reconciliations, and the differences that they found."""

from typing import Any, ClassVar

from django.contrib import admin

from accounts.console import Act, ConsoleAdmin
from payments import reconciliation
from payments.models import Difference, PayoutAccount, Reconciliation


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
    list_display = ("kind", "source", "posted_cents", "line_cents", "found_at", "decided_at")
    list_filter = (("decided_at", admin.EmptyFieldListFilter), "kind")
    related = ("last_in",)
    search_fields = ("source", "text")
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
