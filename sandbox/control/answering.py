"""How a control call is read and answered: JSON for scripts, a way back for the page's forms."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from sandbox.stripe.errors import StripeError

Answer = dict[str, Any]
View = Callable[..., Answer]


class Invalid(Exception):
    """A control call that makes no sense; its text says why."""


def call(*methods: str) -> Callable[[View], Callable[..., HttpResponse]]:
    """Makes a view of a function that takes the given values and returns the answer as a dict."""

    def wrap(function: View) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @wraps(function)
        def view(request: HttpRequest, **ids: str) -> HttpResponse:
            if request.method not in methods:
                return JsonResponse({"error": f"use {' or '.join(methods)}"}, status=405)
            form = (request.content_type or "").startswith("application/x-www-form-urlencoded")
            try:
                answer = function(request, _given(request, form), **ids)
            except (Invalid, StripeError) as error:
                status = error.status if isinstance(error, StripeError) else 400
                return JsonResponse({"error": str(error)}, status=status)
            if (
                form
                and request.method == "POST"
                and "text/html" in request.headers.get("Accept", "")
            ):
                return HttpResponse(status=303, headers={"Location": "/_control/"})
            return JsonResponse(answer)

        return view

    return wrap


def _given(request: HttpRequest, form: bool) -> Answer:
    if request.method == "GET":
        return request.GET.dict()
    if form:
        return request.POST.dict()
    try:
        given = json.loads(request.body or b"{}")
    except ValueError as error:
        raise Invalid("the body is not JSON") from error
    if not isinstance(given, dict):
        raise Invalid("the body is not a JSON object")
    return given


def number(given: Answer, name: str, default: float | None = None) -> float:
    """A number out of JSON or a form; raises Invalid."""
    value = given.get(name, default)
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise Invalid(f"{name} must be a number") from error


def choice(given: Answer, name: str, options: tuple[str, ...]) -> str:
    """One of the options; raises Invalid."""
    value = given.get(name)
    if value not in options:
        raise Invalid(f"{name} must be one of {', '.join(options)}")
    return str(value)


def flag(given: Answer, name: str) -> bool:
    """A truth value out of JSON or a form; raises Invalid."""
    value = given.get(name)
    if value in (True, "true", "1", "on"):
        return True
    if value in (False, "false", "0", ""):
        return False
    raise Invalid(f"{name} must be true or false")
