"""What a fee or limit would have meant lately, or would mean for what is there now."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from django.db import connection
from django.db.models import Count, Sum
from django.db.models.functions import Now, TruncHour

from accounts import dials
from accounts.models import MoneyDecision, Tier
from listings.limits import ON_OFFER
from orders.models import Dispute, Order, OrderStatus

LATELY = timedelta(days=30)


def preview(name: str, value: int) -> str:
    """A sentence on what the dial at `value` would mean."""
    return PREVIEWS[name](value)


def _commission(value: int) -> str:
    lately = Order.objects.filter(paid_at__gte=Now() - LATELY)
    found = lately.aggregate(count=Count("pk"), price=Sum("price_cents", default=0))
    then, today = (found["price"] * bp // 10_000 for bp in (value, dials.now("COMMISSION_BP")))
    return (
        f"Of the {found['count']:,} orders paid in the last 30 days, {_dollars(then)} would have"
        f" been commission; at today's rate it is {_dollars(today)}."
    )


def _sellers(tier: Tier) -> Callable[[int], str]:
    def above(value: int) -> str:
        with connection.cursor() as cursor:
            cursor.execute(SELLERS_ABOVE, [list(ON_OFFER), tier, value])
            (count,) = cursor.fetchone()
        return f"{count:,} {tier.label.lower()} sellers have more than that open now; it stays."

    return above


# The better of the two tiers counts, as in Standing.counts_as.
SELLERS_ABOVE = """
    SELECT count(*) FROM (
        SELECT l.seller_id FROM listings_listing l
        LEFT JOIN accounts_standing s ON s.person_id = l.seller_id
        WHERE l.status = ANY(%s) AND %s = CASE
            WHEN 'trusted' IN (s.tier, s.granted) THEN 'trusted'
            WHEN 'established' IN (s.tier, s.granted) THEN 'established' ELSE 'new' END
        GROUP BY l.seller_id
        HAVING sum((l.available_cents + l.reserved_cents) * (10000 - l.discount_bp) / 10000) > %s
    ) sellers"""


def _open_orders(value: int) -> str:
    unpaid = Order.objects.filter(status=OrderStatus.PLACED).values("buyer")
    count = unpaid.annotate(count=Count("pk")).filter(count__gt=value).count()
    return f"{count:,} buyers have more unpaid orders than that now; theirs stay."


def _two_people(value: int) -> str:
    decided = Dispute.objects.filter(decided_by__isnull=False, decided_at__gte=Now() - LATELY)
    above = decided.filter(order__price_cents__gt=value).count()
    return (
        f"{above:,} of the {decided.count():,} disputes that somebody decided in the last 30 days"
        " would have needed two."
    )


def _hourly(value: int) -> str:
    lately = MoneyDecision.objects.filter(at__gte=Now() - LATELY)
    hours = lately.annotate(hour=TruncHour("at")).values("person", "hour")
    busy = hours.annotate(count=Count("pk")).filter(count__gt=value).count()
    return f"In {busy:,} hours of the last 30 days somebody made more decisions than that."


def _dollars(cents: int) -> str:
    return f"${cents / 100:,.2f}"


PREVIEWS: Mapping[str, Callable[[int], str]] = {
    "COMMISSION_BP": _commission,
    "NEW_SELLER_OPEN_CENTS": _sellers(Tier.NEW),
    "ESTABLISHED_SELLER_OPEN_CENTS": _sellers(Tier.ESTABLISHED),
    "MAX_OPEN_ORDERS_PER_BUYER": _open_orders,
    "FOUR_EYES_ABOVE_CENTS": _two_people,
    "MONEY_DECISIONS_PER_HOUR": _hourly,
}
