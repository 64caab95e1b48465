"""The control page for people."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from sandbox import clock
from sandbox.control import faults
from sandbox.models import Delivery, Fault, LoggedRequest, Record
from sandbox.stripe import connected, money, webhooks

SHOWN = 25


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Clock, money, faults, webhooks, recent objects and requests, with a button for each call."""
    counted = money.counted()
    groups = counted.pop("groups")
    if request.accepts("application/json") and not request.accepts("text/html"):
        overview = {"now": clock.iso(clock.now()), "webhooks": webhooks.mode(), "money": counted}
        return JsonResponse(overview)
    newest = {
        kind: Record.objects.filter(kind=kind).order_by("-n")[:8]
        for kind in ("charge", "refund", "dispute", "payout", "review", connected.KIND)
    }
    context = {
        "now": clock.iso(clock.now()),
        "offset": int(clock.offset()),
        "money": {name.removesuffix("_cents"): cents / 100 for name, cents in counted.items()},
        "groups": len(groups),
        "faults": Fault.objects.order_by("pk"),
        "fault_kinds": faults.KINDS,
        "mode": webhooks.mode(),
        "modes": webhooks.MODES,
        "deliveries": Delivery.objects.order_by("-pk")[:SHOWN],
        "held": Delivery.objects.filter(state="held").count(),
        "requests": LoggedRequest.objects.order_by("-n")[:SHOWN],
        "charges": newest["charge"],
        "refunds": newest["refund"],
        "disputes": newest["dispute"],
        "payouts": newest["payout"],
        "reviews": newest["review"],
        "sessions": Record.objects.filter(
            kind="checkout.session", data__payment_status="unpaid"
        ).order_by("-n")[:8],
        "accounts": newest[connected.KIND],
        "webhook_url": settings.WEBHOOK_URL,
    }
    return render(request, "sandbox/control.html", context)
