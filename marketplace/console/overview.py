"""How the market does: figures of a period beside those of the one before it.

Kept for some minutes: they read all trades of two periods, and nobody decides by the second.
"""

import csv
import io
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import F, Q, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from marketplace.console import figures
from marketplace.templatetags.money import money
from orders.models import Order
from payments.models import Escrow, EscrowStatus

PERIODS = (7, 30, 90)
# Counted anew by the worker; shown until then.
KEPT_SECONDS, FORGOTTEN_SECONDS = 300, 86_400
CURRENCY = "USD"
AGES = (("< 1 day", 0, 1), ("1 to 7", 1, 7), ("7 to 30", 7, 30), ("older", 30, 3650))


def overview(days: int) -> dict[str, Any]:
    """All figures of the last so many days."""
    found: dict[str, Any] | None = cache.get(f"console:figures:{days}")
    return count(days) if found is None else found


def count(days: int) -> dict[str, Any]:
    """Count them anew, and keep them."""
    found = _overview(timezone.now(), timedelta(days=days))
    cache.set(f"console:figures:{days}", found, FORGOTTEN_SECONDS)
    return found


def make_due() -> int:
    """Count what was counted too long ago; returns how many periods.

    By a worker: it reads all trades of two periods, and no page should take longer the more there
    are.
    """
    due = timezone.now() - timedelta(seconds=KEPT_SECONDS)
    made = 0
    for days in PERIODS:
        known = cache.get(f"console:figures:{days}")
        if known is None or known["at"] < due:
            count(days)
            made += 1
    return made


def _overview(now: datetime, length: timedelta) -> dict[str, Any]:
    return {
        "at": now,
        "figures": figures.figures(now, length),
        "providers": figures.providers(now, length),
        "volume": _volume(now - length),
        "held": _held(now),
    }


def _volume(since: datetime) -> list[tuple[str, int, str]]:
    """What was paid each day, as the chart wants it; days without a trade are noughts."""
    rows = Order.objects.filter(currency=CURRENCY, paid_at__gte=since)
    by_day = dict(
        rows.annotate(day=TruncDate("paid_at"))
        .values_list("day")
        .annotate(sum=Sum("price_cents"))
        .order_by("day")
    )
    first, today = since.date(), timezone.now().date()
    days = [first + timedelta(days=n) for n in range((today - first).days + 1)]
    return [
        (f"{day.day} {day:%b}", int(by_day.get(day, 0)), money(int(by_day.get(day, 0)), CURRENCY))
        for day in days
    ]


def _held(now: datetime) -> list[tuple[str, int, str]]:
    """What is held, by how long ago its order was opened; one query."""
    left = F("price_cents") - F("released_cents") - F("refunded_cents")
    rows = Escrow.objects.filter(status=EscrowStatus.HELD, currency=CURRENCY)
    sums = rows.aggregate(
        **{
            f"age_{n}": Sum(
                left,
                filter=Q(
                    created_at__lte=now - timedelta(days=least),
                    created_at__gt=now - timedelta(days=most),
                ),
                default=0,
            )
            for n, (_, least, most) in enumerate(AGES)
        }
    )
    return [
        (label, int(sums[f"age_{n}"]), money(int(sums[f"age_{n}"]), CURRENCY))
        for n, (label, _, _) in enumerate(AGES)
    ]


def as_csv(found: dict[str, Any]) -> str:
    """All that the overview shows, for a spreadsheet: cents, basis points and hours as numbers."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["figure", "unit", "now", "before"])
    for one in found["figures"]:
        writer.writerow([one.label, one.kind, one.now, one.before])
    for one in found["providers"]:
        for unit, value in one.numbers().items():
            writer.writerow([f"{one.name}: {unit}", one.UNITS[unit], value, ""])
    for heading, rows in (("Paid on", found["volume"]), ("Held for days", found["held"])):
        writer.writerows([f"{heading} {label}", "cents", cents, ""] for label, cents, _ in rows)
    return out.getvalue()
