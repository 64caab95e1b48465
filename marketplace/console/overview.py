"""How the market does: figures of a period beside those of the one before it.

Kept for some minutes: they read all trades of two periods, and nobody decides by the second.
"""

import csv
import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Avg, Count, F, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.text import slugify

from marketplace.templatetags.money import money, percent
from orders.models import Dispute, Order, OrderStatus
from payments.models import Escrow, EscrowStatus

PERIODS = (7, 30, 90)
# Counted anew by the worker; shown until then.
KEPT_SECONDS, FORGOTTEN_SECONDS = 300, 86_400
CURRENCY = "USD"
AGES = (("< 1 day", 0, 1), ("1 to 7", 1, 7), ("7 to 30", 7, 30), ("older", 30, 3650))


@dataclass(frozen=True)
class Figure:
    """One figure of both periods; `kind` is how it is written: cents, count, rate or hours.

    A rate is in basis points. Nothing to count is None, not nought.
    """

    label: str
    kind: str
    now: int | None
    before: int | None

    @property
    def slug(self) -> str:
        return slugify(self.label)

    @property
    def written(self) -> str:
        """This period's, in words."""
        if self.now is None:
            return "none"
        words = {"cents": money(self.now, CURRENCY), "rate": percent(self.now)}
        return words.get(self.kind, f"{self.now:,}{' hours' if self.kind == 'hours' else ''}")

    @property
    def change_bp(self) -> int | None:
        """By how much it has grown, in basis points."""
        if not self.before or self.now is None:
            return None
        return (self.now - self.before) * 10_000 // self.before


def overview(days: int) -> dict[str, Any]:
    """All figures of the last so many days."""
    found: dict[str, Any] | None = cache.get(f"console:overview:{days}")
    return count(days) if found is None else found


def count(days: int) -> dict[str, Any]:
    """Count them anew, and keep them."""
    found = _overview(timezone.now(), timedelta(days=days))
    cache.set(f"console:overview:{days}", found, FORGOTTEN_SECONDS)
    return found


def make_due() -> int:
    """Count what was counted too long ago; returns how many periods.

    By a worker: it reads all trades of two periods, and no page should take longer the more there
    are.
    """
    due = timezone.now() - timedelta(seconds=KEPT_SECONDS)
    made = 0
    for days in PERIODS:
        known = cache.get(f"console:overview:{days}")
        if known is None or known["at"] < due:
            count(days)
            made += 1
    return made


def _overview(now: datetime, length: timedelta) -> dict[str, Any]:
    return {
        "at": now,
        "figures": _figures(now, length),
        "volume": _volume(now - length),
        "held": _held(now),
    }


def _both(rows: QuerySet[Any], column: str, now: datetime, length: timedelta, what: Any) -> Any:
    """The same aggregate over this period and the one before it; one query."""
    middle = now - length
    kind = type(what)
    found = rows.filter(**{f"{column}__gte": middle - length, f"{column}__lte": now}).aggregate(
        now=kind(*what.get_source_expressions()[:1], filter=Q(**{f"{column}__gte": middle})),
        before=kind(*what.get_source_expressions()[:1], filter=Q(**{f"{column}__lt": middle})),
    )
    return found["now"], found["before"]


def _figures(now: datetime, length: timedelta) -> list[Figure]:
    def both(rows: QuerySet[Any], column: str, what: Any) -> Any:
        return _both(rows, column, now, length, what)

    orders = Order.objects.filter(currency=CURRENCY)
    completed = orders.filter(status=OrderStatus.COMPLETED)
    refunded = orders.filter(status=OrderStatus.CANCELLED, paid_at__isnull=False)
    decided = Dispute.objects.filter(decided_by__isnull=False)
    trades = both(orders, "paid_at", Count("pk"))
    disputed = both(Dispute.objects.all(), "opened_at", Count("pk"))
    returned = both(refunded, "ended_at", Count("pk"))
    lag = both(completed, "ended_at", Avg(F("ended_at") - F("paid_at")))
    waited = both(decided, "decided_at", Avg(F("decided_at") - F("opened_at")))
    return [
        Figure("Paid", "cents", *_none_is_nought(both(orders, "paid_at", Sum("price_cents")))),
        Figure("Trades paid", "count", *trades),
        Figure(
            "Take: commission of completed trades",
            "cents",
            *_none_is_nought(both(completed, "ended_at", Sum("commission_cents"))),
        ),
        Figure("Disputes of trades paid", "rate", *_rates(disputed, trades)),
        Figure("Refunds of trades paid", "rate", *_rates(returned, trades)),
        Figure("From payment to settlement", "hours", *map(_hours, lag)),
        Figure("From dispute to a moderator's decision", "hours", *map(_hours, waited)),
    ]


def _none_is_nought(values: tuple[int | None, int | None]) -> tuple[int, int]:
    return values[0] or 0, values[1] or 0


def _rates(parts: tuple[int, int], wholes: tuple[int, int]) -> list[int | None]:
    pairs = zip(parts, wholes, strict=True)
    return [part * 10_000 // whole if whole else None for part, whole in pairs]


def _hours(span: timedelta | None) -> int | None:
    return None if span is None else round(span.total_seconds() / 3600)


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
    for heading, rows in (("Paid on", found["volume"]), ("Held for days", found["held"])):
        writer.writerows([f"{heading} {label}", "cents", cents, ""] for label, cents, _ in rows)
    return out.getvalue()
