"""Providers' balance APIs: the figures that the control was given, and the failures on demand."""

import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.views.decorators.csrf import csrf_exempt

from sandbox.balances.answers import apis, key_of
from sandbox.control import faults
from sandbox.models import ProviderAccount
from sandbox.serving import DroppedResponse

SLOW_SECONDS = 20.0
HUGE_CHUNKS = 200
Figures = dict[str, Any]


@csrf_exempt
def balance(request: HttpRequest, slug: str, path: str = "") -> HttpResponse:
    """What the key's account holds, or the failure that was asked for."""
    api = apis().get(slug)
    if api is None or not api.matches(request.method or "", path):
        return JsonResponse({"error": "not found"}, status=404)
    fault = faults.take_for_provider(slug)
    failed = _failed(fault)
    if failed is not None:
        return failed
    account = _account(slug, key_of(request, api.key))
    if account is None:
        return JsonResponse({"error": "invalid api key"}, status=401)
    figures = account.earlier if fault == "lag" else account.figures
    names = {name: Decimal(str(figures[name])) for name in ("remaining", "granted", "used")}
    grants = _grants(figures)
    names |= {"id": Decimal(10_000 + account.pk), "grants": Decimal(len(grants))}
    return JsonResponse(api.fill(names, grants))


def _account(slug: str, key: str) -> ProviderAccount | None:
    """The account of a key; where a key has parts, the control may name all or the secret."""
    if not key:
        return None
    named = Q(key=key) | Q(key__endswith=f" {key}") | Q(key__contains=f" {key} ")
    return ProviderAccount.objects.filter(named, provider=slug).order_by("-pk").first()


def _grants(figures: Figures) -> list[dict[str, Decimal]]:
    """Each grant with what is left of it; the oldest is spent first."""
    spent, rows = Decimal(str(figures["used"])), []
    for number, amount in enumerate(figures.get("grants") or [figures["granted"]], start=1):
        grant = Decimal(str(amount))
        used = min(spent, grant)
        spent -= used
        left = {"grant": grant, "grant_used": used, "left": grant - used}
        rows.append({"n": Decimal(number), **left})
    return rows


def _failed(fault: str | None) -> HttpResponse | None:
    if fault == "slow":
        time.sleep(SLOW_SECONDS)
    if fault == "status_500":
        return JsonResponse({"error": "internal error"}, status=500)
    if fault == "redirect":
        return HttpResponse(status=302, headers={"Location": "http://169.254.169.254/latest/"})
    if fault == "garbage":
        return HttpResponse("<html>{not json", content_type="application/json")
    if fault == "huge":
        # A streaming answer is a response like any other to the server.
        return StreamingHttpResponse(_endless(), content_type="application/json")  # type: ignore[return-value]
    if fault == "reset":
        return DroppedResponse()
    return None


def _endless() -> Iterator[bytes]:
    yield b'{"padding": "'
    for _ in range(HUGE_CHUNKS):
        yield b"x" * 1_000_000
    yield b'"}'
