"""What anybody may check: the sums of the ledger, its last audit, and the chain's head."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.db.models import F, Q, Sum
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts import audit_chain
from accounts.people import SignedInRequest
from marketplace import figures
from orders.models import Order, OrderStatus
from payments import open_total
from payments.models import Escrow, EscrowStatus, Seal

KEPT_SECONDS = 30


def facts() -> dict[str, Any]:
    """The published figures; kept for half a minute, since everybody may ask."""
    found: dict[str, Any] | None = cache.get("figures:transparency")
    if found is None:
        found = {
            **figures.trust(),
            "disputed_cents": _disputed_cents(),
            "total": open_total.newest(),
            "seal": Seal.objects.order_by("-number").first(),
            "acts": audit_chain.CHAIN.head(),
        }
        cache.set("figures:transparency", found, KEPT_SECONDS)
    return found


def _disputed_cents() -> int:
    """Held payments that the parties or a bank dispute."""
    disputed = Q(order__status=OrderStatus.DISPUTED) | Q(contested_at__isnull=False)
    held = F("price_cents") - F("released_cents") - F("refunded_cents")
    rows = Escrow.objects.filter(disputed, status=EscrowStatus.HELD)
    return int(rows.aggregate(sum=Sum(held, default=0))["sum"])


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Money held, released, refunded and disputed, for people."""
    return render(request, "transparency.html", {"facts": facts()})


@require_safe
def told(request: HttpRequest) -> JsonResponse:
    """The same for programs."""
    found = facts()
    total, seal, acts = found["total"], found["seal"], found["acts"]
    sums = ("held_cents", "released_cents", "refunded_cents", "disputed_cents", "completed_orders")
    return JsonResponse(
        {
            **{name: found[name] for name in sums},
            "audited_at": found["audited_at"],
            "open_orders": total
            and {
                "count": total.count,
                "held_cents": total.held_cents,
                "currency": total.currency,
                "root": total.root,
                "at": total.audit.at,
            },
            "chain": seal
            and {
                "seal": seal.number,
                "postings_through": seal.last_id,
                "head": seal.digest,
                "at": seal.at,
            },
            "audit_chain": acts
            and {
                "seal": acts.number,
                "entries_through": acts.last_id,
                "head": acts.digest,
                "at": acts.at,
            },
        }
    )


@require_safe
@login_required
def proof(request: SignedInRequest, order_id: UUID) -> HttpResponse:
    """A file with which either party can check that their order is in the published total."""
    order = get_object_or_404(Order.objects.visible_to(request.user), pk=order_id)
    found = open_total.proof(str(order.pk))
    if found is None:
        raise Http404("This order was not held at the last audit.")
    answer = JsonResponse(found, json_dumps_params={"indent": 2})
    answer["Content-Disposition"] = f'attachment; filename="proof-{order.pk}.json"'
    return answer
