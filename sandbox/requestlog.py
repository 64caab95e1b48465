"""Every request that the sandbox was sent, kept with its answer, secrets masked."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse

from sandbox.models import LoggedRequest
from sandbox.serving import DroppedResponse
from sandbox.writing import writing

# The control page asks about the log, so it is not part of it.
UNLOGGED = ("/_control/", "/healthz")
# Pages on which people type card and account numbers.
TYPED_PAGES = ("/stripe/pay/", "/stripe/onboarding/")
KEEP = 50_000
MASK = "****"
IN_FORM = re.compile(
    r"(^|&)(account_number|api_key|client_secret|code|code_verifier|cvc|exp|number|password)=[^&]*"
)
IN_JSON = re.compile(
    r'"(access_token|api_key|client_secret|id_token|password)"(\s*:\s*)"(?:[^"\\]|\\.)*"'
)
AFTER_SCHEME = re.compile(r"^(\S+\s+(?:sk_test_)?)\S+.*$")
# Where providers other than those with a bearer token want their key.
KEY_HEADERS = {"x-api-key", "x-auth-token", "x-key", "x-ovh-consumer", "xi-api-key"}
LONG_NUMBER = re.compile(r"\d(?:[ -]?\d){5,18}")


class RequestLogMiddleware:
    """Writes one row per request, when its answer is known."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(UNLOGGED):
            return self.get_response(request)
        at = datetime.now(UTC)
        body = request.body.decode(errors="replace")
        response = self.get_response(request)
        lost = isinstance(response, DroppedResponse)
        answer = "" if response.streaming else response.content.decode(errors="replace")
        with writing():
            row = LoggedRequest.objects.create(
                at=at,
                method=request.method or "",
                path=request.path[:500],
                query=_masked(request.META.get("QUERY_STRING", "")),
                headers=_headers(request),
                body=_masked(body),
                status=None if lost else response.status_code,
                response=_masked(answer, typed=request.path.startswith(TYPED_PAGES)),
            )
            if row.n % 1000 == 0:
                LoggedRequest.objects.filter(n__lte=row.n - KEEP).delete()
        return response


def _headers(request: HttpRequest) -> dict[str, str]:
    headers = dict(request.headers)
    if "Authorization" in headers:
        headers["Authorization"] = AFTER_SCHEME.sub(rf"\1{MASK}", headers["Authorization"])
    for name in KEY_HEADERS & {name.lower() for name in headers}:
        headers[name.title()] = MASK
    headers.pop("Cookie", None)
    return headers


def _masked(text: str, *, typed: bool = False) -> str:
    if typed:
        return LONG_NUMBER.sub(MASK, text)
    if text[:1] in ("{", "["):
        return IN_JSON.sub(rf'"\1"\2"{MASK}"', text)
    return IN_FORM.sub(rf"\1\2={MASK}", text)
