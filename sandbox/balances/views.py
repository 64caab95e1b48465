"""Providers' balance APIs, in the shapes that their documentation shows."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.views.decorators.http import require_GET

from sandbox.control import faults
from sandbox.models import ProviderAccount
from sandbox.serving import DroppedResponse

SLOW_SECONDS = 20.0
HUGE_CHUNKS = 200
Figures = dict[str, float]


def _vast(account: ProviderAccount, figures: Figures) -> dict[str, Any]:
    return {
        "id": 10_000 + account.pk,
        "email": "person@example.com",
        "balance": 0.0,
        "credit": figures["remaining"],
    }


def _openrouter(_account: ProviderAccount, figures: Figures) -> dict[str, Any]:
    return {"data": {"total_credits": figures["granted"], "total_usage": figures["used"]}}


def _deepseek(_account: ProviderAccount, figures: Figures) -> dict[str, Any]:
    amounts = {
        "currency": "USD",
        "total_balance": f"{figures['remaining']:.2f}",
        "granted_balance": "0.00",
        "topped_up_balance": f"{figures['remaining']:.2f}",
    }
    return {"is_available": figures["remaining"] > 0, "balance_infos": [amounts]}


Shape = Callable[[ProviderAccount, Figures], dict[str, Any]]
SHAPES: dict[tuple[str, str], Shape] = {
    ("vast", "api/v0/users/current/"): _vast,
    ("openrouter", "api/v1/credits"): _openrouter,
    ("deepseek", "user/balance"): _deepseek,
}


@require_GET
def balance(request: HttpRequest, slug: str, path: str) -> HttpResponse:
    """What the key's account holds, or the failure that was asked for."""
    shape = SHAPES.get((slug, path))
    if shape is None:
        return JsonResponse({"error": "not found"}, status=404)
    fault = faults.take_for_provider(slug)
    failed = _failed(fault)
    if failed is not None:
        return failed
    key = request.headers.get("Authorization", "").partition(" ")[2]
    account = ProviderAccount.objects.filter(provider=slug, key=key).first()
    if account is None:
        return JsonResponse({"error": "invalid api key"}, status=401)
    figures = account.earlier if fault == "lag" else account.figures
    return JsonResponse(shape(account, figures))


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
