"""The door of the API: who asks, what for, is it allowed, was it asked before, and the answer."""

import json
import logging
import time
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from sandbox.control import faults
from sandbox.serving import DroppedResponse
from sandbox.stripe import idempotency, parameters, records
from sandbox.stripe.calls import Call, Endpoint, current_request, route
from sandbox.stripe.errors import StripeError, internal
from sandbox.stripe.expand import expanded
from sandbox.stripe.idempotency import Saved
from sandbox.writing import writing

logger = logging.getLogger("sandbox.stripe")

VERSION = "2026-10-28.endive"
SLOW_SECONDS = 5.0


@csrf_exempt
def serve(request: HttpRequest, path: str) -> HttpResponse:
    """Answers one request under /stripe/v1 or /stripe/v2."""
    path = "/" + path
    request_id = records.new_key("req_", 14)
    key = request.headers.get("Idempotency-Key")
    current_request.set({"id": request_id, "idempotency_key": key})
    fault = None
    try:
        api_key = _api_key(request)
        fault = faults.take(request.method or "GET", path)
        _fail_before(fault)
        function, call = _call(request, path)
        if request.method == "POST":
            answer = _write(function, call, f"{api_key}:{call.account}", key, fault)
        elif request.method == "DELETE":
            # What is gone is gone, however often it is asked for: a key has no effect.
            answer = _write(function, call, "", None, fault)
        else:
            answer = _read(function, call, fault)
    except StripeError as error:
        answer = _refused(error)
    except Exception:
        logger.exception("The sandbox failed at %s %s", request.method, path)
        answer = _refused(internal())
    return _response(request, answer, request_id, key, lost=fault == "answer_lost")


def _response(
    request: HttpRequest, answer: Saved, request_id: str, key: str | None, *, lost: bool
) -> HttpResponse:
    response = (DroppedResponse if lost else HttpResponse)(
        answer.body, status=answer.status, content_type="application/json"
    )
    response["Request-Id"] = request_id
    response["Stripe-Version"] = request.headers.get("Stripe-Version", VERSION)
    if key and request.method == "POST":
        response["Idempotency-Key"] = key
    if answer.replayed:
        response["Idempotent-Replayed"] = "true"
    if answer.status >= 500 and answer.kept:
        # The key would only replay this answer, so Stripe tells its clients not to bother.
        response["Stripe-Should-Retry"] = "false"
    return response


def _read(function: Endpoint, call: Call, fault: str | None) -> Saved:
    if fault == "slow":
        time.sleep(SLOW_SECONDS)
    answer = _answered(function, call)
    return _refused(internal()) if fault == "done_then_500" else answer


def _write(function: Endpoint, call: Call, scope: str, key: str | None, fault: str | None) -> Saved:
    """Does the work once per key, and saves its answer in the same transaction."""
    if key:
        fingerprint = idempotency.digest([call.params, call.expand])
        saved = idempotency.claim(scope, key, call.url, fingerprint)
        if saved:
            return saved
    try:
        if fault == "slow":
            time.sleep(SLOW_SECONDS)
        with writing():
            answer = _answered_or_undone(function, call)
            if fault == "done_then_500":
                answer = _refused(internal())
            if key:
                answer = replace(answer, kept=True)
                idempotency.finish(scope, key, answer)
        return answer
    finally:
        if key:
            idempotency.release(scope, key)


def _answered_or_undone(function: Endpoint, call: Call) -> Saved:
    """A refusal undoes what the endpoint wrote, unless it is an outcome such as a decline."""
    point = transaction.savepoint()
    try:
        answer = expanded(function(call), call.expand)
    except StripeError as error:
        if not error.stays:
            transaction.savepoint_rollback(point)
        return _refused(error)
    return Saved(200, json.dumps(answer))


def _answered(function: Endpoint, call: Call) -> Saved:
    return Saved(200, json.dumps(expanded(function(call), call.expand)))


def _refused(error: StripeError) -> Saved:
    body = error.body(current_request.get()["id"] or "")
    return Saved(error.status, json.dumps(body))


def _api_key(request: HttpRequest) -> str:
    scheme, _, api_key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not api_key.startswith("sk_test_"):
        raise StripeError("Invalid API Key provided.", status=401)
    return api_key


def _fail_before(fault: str | None) -> None:
    """The faults that refuse a request before anything is done or saved."""
    if fault == "status_500":
        raise internal()
    if fault == "status_409":
        raise idempotency.in_flight()
    if fault == "status_429":
        message = "Request rate limit exceeded."
        raise StripeError(message, status=429, code="rate_limit")


def _call(request: HttpRequest, path: str) -> tuple[Endpoint, Call]:
    found = route(request.method or "GET", path)
    if found is None:
        message = f"Unrecognized request URL ({request.method}: {path})."
        raise StripeError(message, status=404)
    name, function, ids = found
    account = request.headers.get("Stripe-Account", records.PLATFORM)
    if account:
        records.get("v2.core.account", account, param="Stripe-Account", status=403)
    form = request.method != "POST" or path.startswith("/v1/")
    params = parameters.checked(name, _given(request, path), form=form)
    call = Call(
        params=params,
        ids=ids,
        account=account,
        url=path,
        origin=f"{request.scheme}://{request.get_host()}",
        expand=params.pop("expand", []),
    )
    return function, call


def _given(request: HttpRequest, path: str) -> Any:
    """The parameters as sent: a query string, a form (v1) or JSON (v2)."""
    if request.method != "POST":
        query = request.META.get("QUERY_STRING", "")
        return parameters.decode_form(parse_qsl(query, keep_blank_values=True))
    body = request.body.decode(errors="replace")
    if path.startswith("/v1/"):
        return parameters.decode_form(parse_qsl(body, keep_blank_values=True))
    try:
        return json.loads(body or "{}")
    except ValueError as error:
        raise StripeError("The request body is not JSON.") from error
