"""The sandbox's own count of money that moved, kept apart from the objects that report it."""

from typing import Any

from django.db.models import Sum

from sandbox.models import Movement

KINDS = ("charged", "refunded", "transferred", "reversed", "paid_out", "disputed")


def count(kind: str, cents: int, *, group: str | None, reference: str) -> None:
    """Records money that moved; negative when a refund or payout came back."""
    Movement.objects.create(kind=kind, cents=cents, group=group or "", reference=reference)


def counted(group: str | None = None) -> dict[str, Any]:
    """Totals in minor units, and the same for each transfer group (or for the one asked for)."""
    rows = Movement.objects.all() if group is None else Movement.objects.filter(group=group)
    groups: dict[str, dict[str, int]] = {}
    total = dict.fromkeys((f"{kind}_cents" for kind in KINDS), 0)
    for row in rows.values("group", "kind").annotate(cents=Sum("cents")):
        name = f"{row['kind']}_cents"
        total[name] += row["cents"]
        if row["group"]:
            part = groups.setdefault(row["group"], dict.fromkeys(total, 0))
            part[name] = row["cents"]
    return {**total, "groups": groups}
