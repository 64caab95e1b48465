"""Errors of the API as problem documents (RFC 9457), each with a stable code."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from accounts.refusals import Invalid, Refusal
from accounts.shapes import TooLarge, by_field

MEDIA_TYPE = "application/problem+json"
NOT_ACCEPTED = "Some of this cannot be accepted."
NOTHING_HERE = "There is nothing here."


def handler(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """DRF's exception handler."""
    if isinstance(error, Invalid):
        return problem(400, "invalid", NOT_ACCEPTED, errors={error.field: [str(error)]})
    if isinstance(error, Refusal):
        return problem(error.status, error.code, str(error), **error.extra)
    if isinstance(error, Http404):
        error = exceptions.NotFound(NOTHING_HERE)
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, RequestDataTooBig):
        error = TooLarge()
    elif isinstance(error, SuspiciousOperation):
        error = exceptions.ParseError()
    response = exception_handler(error, context)
    if response is None or not isinstance(error, exceptions.APIException):
        return response
    if isinstance(error, exceptions.ValidationError):
        found = problem(400, "invalid", NOT_ACCEPTED, errors=by_field(error.detail))
    else:
        code = error.get_codes()
        # 401 may have become 403 where no authentication could help.
        found = problem(
            response.status_code, code if isinstance(code, str) else "error", str(error.detail)
        )
    for name in ("Retry-After", "WWW-Authenticate", "Allow"):
        if value := response.headers.get(name):
            found.headers[name] = value
    return found


def _document(status: int, code: str, detail: str, **more: Any) -> dict[str, Any]:
    title = HTTPStatus(status).phrase
    return {
        "type": "about:blank",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        **more,
    }


def problem(status: int, code: str, detail: str, **more: Any) -> Response:
    """One problem document."""
    headers = {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else None
    document = _document(status, code, detail, **more)
    return Response(document, status=status, headers=headers, content_type=MEDIA_TYPE)


@csrf_exempt
def not_found(request: HttpRequest, path: str = "") -> JsonResponse:
    """What the API answers where there is nothing, whatever the method."""
    document = _document(404, "not_found", NOTHING_HERE)
    return JsonResponse(document, status=404, content_type=MEDIA_TYPE)


def server_problem(status: int) -> JsonResponse:
    """What the API answers where something of ours broke (500), or is away for a while (503)."""
    code, detail = {
        500: ("server_error", "Something broke here, and nothing was half done."),
        503: ("unavailable", "Part of us is away for a moment, and nothing was done. Try again."),
    }[status]
    document = _document(status, code, detail)
    return JsonResponse(document, status=status, content_type=MEDIA_TYPE)
