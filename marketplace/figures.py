"""Figures across all apps: sums over the ledger and over live offers."""

from typing import Any

from django.core.cache import cache
from django.db.models import Count, F, Max, Min, Q, Sum

from listings.models import Listing
from orders.models import Order, OrderStatus
from payments.models import Escrow, EscrowStatus, LedgerAudit
from providers.models import Provider

KEPT_SECONDS = 30
# The steps of the market's depth: from so many basis points to so many.
DEPTH_BP = ((3000, 3999), (4000, 4999), (5000, 5999), (6000, 7000))


def trust() -> dict[str, Any]:
    """What the ledger says: held, released and refunded cents, trades, the last audit.

    Kept for half a minute, since every visitor sees it.
    """
    found = cache.get("figures:trust")
    if found is None:
        found = _trust()
        cache.set("figures:trust", found, KEPT_SECONDS)
    return found


def _trust() -> dict[str, Any]:
    held = Escrow.objects.filter(status=EscrowStatus.HELD)
    settled = Escrow.objects.exclude(status__in=[EscrowStatus.AWAITING, EscrowStatus.LAPSED])
    sums = settled.aggregate(
        released=Sum("released_cents", default=0), refunded=Sum("refunded_cents", default=0)
    )
    return {
        "held_cents": held.aggregate(
            sum=Sum(F("price_cents") - F("released_cents") - F("refunded_cents"), default=0)
        )["sum"],
        "released_cents": sums["released"],
        "refunded_cents": sums["refunded"],
        "completed_orders": Order.objects.filter(status=OrderStatus.COMPLETED).count(),
        "audited_at": LedgerAudit.objects.filter(is_clean=True)
        .values_list("at", flat=True)
        .order_by("-id")
        .first(),
    }


def by_provider(only: str = "") -> list[Provider]:
    """Providers with live offers, the one with most on offer first; or `only` this one.

    Each has a `market`: offers, best and least discount, what is left, and the same by discount
    (`depth`: cents at 30, 40, 50 and 60 percent or more below face value).
    """
    steps = {
        f"depth_{step}": Sum(
            "available_cents",
            filter=Q(discount_bp__range=(step, last)),
            default=0,
        )
        for step, last in DEPTH_BP
    }
    rows = Listing.objects.live()
    live = (rows.filter(provider=only) if only else rows).values("provider_id")
    offers: dict[str, dict[str, Any]] = {
        row["provider_id"]: {**row}
        for row in live.annotate(
            **steps,
            offers=Count("id"),
            best_discount_bp=Max("discount_bp"),
            least_discount_bp=Min("discount_bp"),
            # Last: from here on the name is that of the sum.
            available_cents=Sum("available_cents"),
        )
    }
    providers = list(Provider.objects.filter(slug__in=offers))
    for provider in providers:
        found = offers[provider.slug]
        found["depth"] = [(step, found.pop(f"depth_{step}")) for step, _ in DEPTH_BP]
        provider.market = found  # type: ignore[attr-defined]
    providers.sort(key=lambda p: (-p.market["available_cents"], p.name))  # type: ignore[attr-defined]
    return providers
