"""Who did what, and why. Called inside the transaction of the act itself."""

from typing import Any

from django.db import connection

from accounts.models import AuditEntry, Person


def record(
    *, actor: Person | None, act: str, subject: str, reason: str = "", **details: Any
) -> AuditEntry:
    """Add an entry; `subject` names the row, such as `listing:…`. No entry, no act."""
    assert connection.in_atomic_block, "an act and its audit entry belong to one transaction"
    return AuditEntry.objects.create(
        actor=actor, act=act, subject=subject, reason=reason, details=details
    )
