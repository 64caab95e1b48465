"""What anybody may know of a seller, and how a standing is earned."""

from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.models import Person, Standing, Tier
from listings import limits
from listings.models import PUBLIC, Listing
from orders import ratings
from orders.standing import rules

SHOWN, RATINGS_SHOWN = 24, 10
# The newest sales say how quick somebody is; those of years ago do not.
SALES_MEASURED = 200


@require_safe
def detail(request: HttpRequest, person_id: int) -> HttpResponse:
    """A seller's page; only who has offered something to everybody has one."""
    offered = Listing.objects.filter(status__in=PUBLIC)
    sellers = Person.objects.filter(
        Exists(offered.filter(seller=OuterRef("pk")))
        | Exists(offered.filter(seller__merged_into=OuterRef("pk")))
    )
    seller = get_object_or_404(
        sellers.filter(is_active=True).select_related("standing"), pk=person_id
    )
    standing = getattr(seller, "standing", None) or Standing()
    ended = standing.completed_orders + standing.failed_orders
    live = Listing.objects.live().for_cards().filter(seller=seller)
    context = {
        "seller": seller,
        "standing": standing,
        "completion_bp": standing.completed_orders * 10_000 // ended if ended else None,
        "ratings": ratings.about(seller)[:RATINGS_SHOWN],
        "median_seconds": _median_delivery(seller),
        "listings": live.order_by("-created_at", "-pk")[:SHOWN],
    }
    return render(request, "sellers/detail.html", context)


def _median_delivery(seller: Person) -> int | None:
    """From payment to "sent", in the middle of the newest sales; codes need no sending."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT percentile_cont(0.5) WITHIN GROUP (
                ORDER BY extract(epoch FROM sent_at - paid_at))
            FROM (SELECT sent_at, paid_at FROM orders_order
                WHERE seller_id = ANY(%s) AND status = 'completed' AND sent_at IS NOT NULL
                    AND paid_at IS NOT NULL AND transfer_method <> 'redeem_code'
                ORDER BY placed_at DESC LIMIT %s) AS newest""",
            [seller.selves, SALES_MEASURED],
        )
        median = cursor.fetchone()[0]
    return None if median is None else max(round(median), 1)


@require_safe
def standing(request: HttpRequest) -> HttpResponse:
    """The tiers: what each asks for, and what it allows."""
    tiers: list[dict[str, Any]] = [
        {
            "name": tier.label,
            "asks": rules()["tiers"].get(tier.value),
            "limit_cents": limits.limit_cents(tier),
            "cooling_off_seconds": settings.NEW_SELLER_COOLING_OFF_SECONDS
            if tier == Tier.NEW
            else settings.COOLING_OFF_SECONDS,
        }
        for tier in Tier
    ]
    return render(request, "sellers/standing.html", {"tiers": tiers, "rules": rules()})
