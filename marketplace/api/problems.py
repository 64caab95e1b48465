"""Errors of the API as problem documents (RFC 9457), each with a stable code."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from accounts.refusals import Invalid, Refusal


def handler(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """DRF's exception handler."""
    if isinstance(error, Invalid):
        return problem(
            400, "invalid", "Some of this cannot be accepted.", errors={error.field: [str(error)]}
        )
    if isinstance(error, Refusal):
        return problem(error.status, error.code, str(error), **error.extra)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    response = exception_handler(error, context)
    if response is None or not isinstance(error, exceptions.APIException):
        return response
    if isinstance(error, exceptions.ValidationError):
        errors = error.detail if isinstance(error.detail, dict) else {"": error.detail}
        found = problem(400, "invalid", "Some of this cannot be accepted.", errors=errors)
    else:
        code = error.get_codes()
        found = problem(
            error.status_code, code if isinstance(code, str) else "error", str(error.detail)
        )
    for name in ("Retry-After", "WWW-Authenticate", "Allow"):
        if value := response.headers.get(name):
            found.headers[name] = value
    return found


def problem(status: int, code: str, detail: str, **more: Any) -> Response:
    """One problem document."""
    document = {"type": "about:blank", "status": status, "code": code, "detail": detail, **more}
    return Response(document, status=status, content_type="application/problem+json")


def not_found(request: Any, path: str = "") -> JsonResponse:
    """What the API answers where there is nothing."""
    document = {
        "type": "about:blank",
        "status": 404,
        "code": "not_found",
        "detail": "There is nothing here.",
    }
    return JsonResponse(document, status=404, content_type="application/problem+json")
