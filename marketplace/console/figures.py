"""The figures of the overview: trade, proof, queues and fraud, each beside the period before."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db import connection
from django.db.models import Aggregate, Avg, Count, F, Q, QuerySet, Sum
from django.utils.text import slugify

from accounts.models import AuditEntry, Likeness
from listings.models import Report
from marketplace.templatetags.money import money, percent
from orders.models import Dispute, Order, OrderStatus
from orders.verification.models import BalanceReading, Course, Verification
from payments.models import Chargeback, Incident, Suspicion
from providers.models import Provider

CURRENCY = "USD"
# As many providers as anybody compares at once: those with most trades.
PROVIDERS = 12
Both = Callable[[QuerySet[Any], str, Aggregate], Any]


@dataclass(frozen=True)
class Figure:
    """One figure of both periods; `kind` is how it is written: cents, count, rate or hours.

    A rate is in basis points. Nothing to count is None, not nought.
    """

    label: str
    kind: str
    now: int | None
    before: int | None
    group: str = ""

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


@dataclass(frozen=True)
class Health:
    """How one provider's trades went in a period; rates in basis points, None of nothing."""

    UNITS: ClassVar = {
        "trades": "count",
        "disputed": "rate",
        "readings": "count",
        "not answered": "rate",
    }
    name: str
    slug: str
    trades: int
    disputed_bp: int | None
    readings: int
    unanswered_bp: int | None

    def numbers(self) -> dict[str, int | None]:
        """For a spreadsheet, by the names of `UNITS`."""
        values = (self.trades, self.disputed_bp, self.readings, self.unanswered_bp)
        return dict(zip(self.UNITS, values, strict=True))


def figures(now: datetime, length: timedelta) -> list[Figure]:
    """All of them: of the period that ends now, and of the one before it."""

    def both(rows: QuerySet[Any], column: str, what: Aggregate) -> Any:
        """The same aggregate over both periods; one query."""
        middle = now - length
        kind, of = type(what), what.get_source_expressions()[:1]
        found = rows.filter(**{f"{column}__gte": middle - length, f"{column}__lte": now})
        sums = found.aggregate(
            now=kind(*of, filter=Q(**{f"{column}__gte": middle})),
            before=kind(*of, filter=Q(**{f"{column}__lt": middle})),
        )
        return sums["now"], sums["before"]

    reviews = _reviews(now, length)
    return [*_trade(both), *_proof(both), *_queues(both, reviews), *_fraud(both)]


def _trade(both: Both) -> list[Figure]:
    orders = Order.objects.filter(currency=CURRENCY)
    completed = orders.filter(status=OrderStatus.COMPLETED)
    refunded = orders.filter(status=OrderStatus.CANCELLED, paid_at__isnull=False)
    trades = both(orders, "paid_at", Count("pk"))
    disputed = both(Dispute.objects.all(), "opened_at", Count("pk"))
    returned = both(refunded, "ended_at", Count("pk"))
    lag = both(completed, "ended_at", Avg(F("ended_at") - F("paid_at")))
    paid = both(orders, "paid_at", Sum("price_cents"))
    take = both(completed, "ended_at", Sum("commission_cents"))
    return [
        Figure("Paid", "cents", *_none_is_nought(paid), "Trade"),
        Figure("Trades paid", "count", now=trades[0], before=trades[1], group="Trade"),
        Figure("Take: commission of completed trades", "cents", *_none_is_nought(take), "Trade"),
        Figure("Disputes of trades paid", "rate", *_rates(disputed, trades), "Trade"),
        Figure("Refunds of trades paid", "rate", *_rates(returned, trades), "Trade"),
        Figure("From payment to settlement", "hours", *_hours(lag), "Trade"),
    ]


def _proof(both: Both) -> list[Figure]:
    """How the arrival of credit was measured; a buyer's word needs no measuring."""
    done = Verification.objects.filter(status=Course.DONE, order__sent_at__isnull=False)
    clear = done.exclude(order__verdict__in=["inconclusive", ""])
    took = both(clear, "status_since", Avg(F("status_since") - F("order__sent_at")))
    ended = both(done, "status_since", Count("pk"))
    unclear = both(done.filter(order__verdict="inconclusive"), "status_since", Count("pk"))
    readings = BalanceReading.objects.all()
    read = both(readings, "at", Count("pk"))
    failed = both(readings.exclude(problem=""), "at", Count("pk"))
    return [
        Figure("From sending to a measured verdict", "hours", *_hours(took), "Proof"),
        Figure("Measured, and inconclusive", "rate", *_rates(unclear, ended), "Proof"),
        Figure("Balance readings without an answer", "rate", *_rates(failed, read), "Proof"),
    ]


def _queues(both: Both, reviews: tuple[timedelta | None, timedelta | None]) -> list[Figure]:
    """How long cases had waited that were decided in the period."""
    decided = Dispute.objects.filter(decided_by__isnull=False)
    waits = [
        (
            "From dispute to a moderator's decision",
            both(decided, "decided_at", Avg(F("decided_at") - F("opened_at"))),
        ),
        ("From handing in to the review of an offer", reviews),
        (
            "From a report to its closing",
            both(Report.objects.all(), "closed_at", Avg(F("closed_at") - F("at"))),
        ),
        (
            "From an incident to its closing",
            both(Incident.objects.all(), "closed_at", Avg(F("closed_at") - F("raised_at"))),
        ),
        (
            "From a likeness to a decision",
            both(Likeness.objects.all(), "decided_at", Avg(F("decided_at") - F("raised_at"))),
        ),
    ]
    return [Figure(label, "hours", *_hours(wait), "Queues") for label, wait in waits]


def _fraud(both: Both) -> list[Figure]:
    """What was stopped, and what was not seen in time."""
    acts, incidents = AuditEntry.objects.all(), Incident.objects.all()

    def done(*names: str) -> Any:
        return both(acts.filter(act__in=names), "at", Count("pk"))

    return [
        Figure(label, "count", now=counted[0], before=counted[1], group="Fraud")
        for label, counted in (
            ("People suspended or restricted", done("person_suspended", "person_restricted")),
            ("Offers rejected or removed", done("listing_rejected", "listing_removed")),
            (
                "Payments suspected of fraud",
                both(Suspicion.objects.all(), "opened_at", Count("pk")),
            ),
            (
                "People stopped after declined cards",
                both(incidents.filter(kind="cards_declined"), "raised_at", Count("pk")),
            ),
            (
                "Credit that was gone again",
                both(incidents.filter(kind="credit_reversed"), "raised_at", Count("pk")),
            ),
            (
                "Payments disputed at a bank",
                both(Chargeback.objects.all(), "opened_at", Count("pk")),
            ),
        )
    ]


def _reviews(now: datetime, length: timedelta) -> tuple[timedelta | None, timedelta | None]:
    """How long offers had waited that a moderator put on the market or rejected; one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT avg(a.at - e.at) FILTER (WHERE a.at >= %(middle)s),
                avg(a.at - e.at) FILTER (WHERE a.at < %(middle)s)
            FROM accounts_auditentry a, LATERAL (
                SELECT at FROM listings_listingevent WHERE kind = 'submitted' AND at <= a.at
                AND listing_id = substr(a.subject, length('listing:') + 1)::uuid
                ORDER BY id DESC LIMIT 1) e
            WHERE a.act IN ('listing_approved', 'listing_rejected')
                AND a.at BETWEEN %(first)s AND %(now)s
            """,
            {"now": now, "middle": now - length, "first": now - 2 * length},
        )
        row: tuple[timedelta | None, timedelta | None] = cursor.fetchone()
    return row


def providers(now: datetime, length: timedelta) -> list[Health]:
    """Those with most trades in the period that ends now; three queries."""
    span = (now - length, now)
    most = Order.objects.filter(paid_at__range=span).values_list("listing__provider")
    trades = dict(most.annotate(n=Count("pk")).order_by("-n", "listing__provider")[:PROVIDERS])
    quarrels = Dispute.objects.filter(opened_at__range=span).values_list("order__listing__provider")
    disputed = dict(quarrels.annotate(n=Count("pk")))
    by = "verification__order__listing__provider"
    rows = BalanceReading.objects.filter(at__range=span).values_list(by)
    counted = rows.annotate(n=Count("pk"), failed=Count("pk", filter=~Q(problem="")))
    read = {key: (n, failed) for key, n, failed in counted}
    known = Provider.objects.in_bulk(list(trades))
    return [
        Health(
            known[key].name,
            known[key].slug,
            n,
            _rate(disputed.get(key, 0), n),
            read.get(key, (0, 0))[0],
            _rate(*reversed(read.get(key, (0, 0)))),
        )
        for key, n in trades.items()
    ]


def _none_is_nought(values: tuple[int | None, int | None]) -> tuple[int, int]:
    return values[0] or 0, values[1] or 0


def _rate(part: int, whole: int) -> int | None:
    return part * 10_000 // whole if whole else None


def _rates(parts: tuple[int, int], wholes: tuple[int, int]) -> tuple[int | None, int | None]:
    return _rate(parts[0], wholes[0]), _rate(parts[1], wholes[1])


def _hours(spans: tuple[timedelta | None, timedelta | None]) -> tuple[int | None, int | None]:
    now, before = (None if span is None else round(span.total_seconds() / 3600) for span in spans)
    return now, before
