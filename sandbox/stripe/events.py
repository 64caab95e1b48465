"""Events: what happened, kept for listing and sent as webhooks."""

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sandbox import clock
from sandbox.models import Delivery, Record
from sandbox.stripe import listing, records, webhooks
from sandbox.stripe.calls import Answer, Call, current_request, endpoint
from sandbox.stripe.errors import missing

API_VERSION = "2026-10-28.endive"

_muted: ContextVar[bool] = ContextVar("muted", default=False)


@contextmanager
def muted() -> Iterator[None]:
    """Inside, nothing is told: for books that are written after the fact."""
    token = _muted.set(True)
    try:
        yield
    finally:
        _muted.reset(token)


def emit(
    kind: str,
    data: dict[str, Any],
    *,
    account: str = records.PLATFORM,
    before: dict[str, Any] | None = None,
) -> None:
    """Records that something happened to an object and queues its webhook.

    `before` holds the old values of changed fields; `account` is set for Connect events.
    """
    if _muted.get():
        return
    event: dict[str, Any] = {
        "id": records.new_key("evt_3"),
        "object": "event",
        "api_version": API_VERSION,
        "created": clock.timestamp(),
        "data": {"object": copy.deepcopy(data)},
        "livemode": False,
        "pending_webhooks": 1,
        "request": current_request.get(None) or {"id": None, "idempotency_key": None},
        "type": kind,
    }
    if before is not None:
        event["data"]["previous_attributes"] = before
    if account:
        event["account"] = account
    records.create("event", event, account=account)
    webhooks.enqueue(event["id"], kind, json.dumps(event))


def emit_thin(kind: str, key: str) -> None:
    """Records a v2 event: it names an object by URL and carries no data."""
    created = clock.now()
    event = {
        "id": records.new_key("evt_test_"),
        "object": "v2.core.event",
        "changes": None,
        "context": None,
        "created": clock.iso(created),
        "livemode": False,
        "reason": None,
        "related_object": {
            "id": key,
            "type": "v2.core.account",
            "url": f"/v2/core/accounts/{key}",
        },
        "type": kind,
    }
    records.create("v2.core.event", event)
    webhooks.enqueue(str(event["id"]), kind, json.dumps(event))


@endpoint("GET", "/v1/events")
def list_events(call: Call) -> Answer:
    """Events, newest first; `delivery_success=false` finds those that no webhook delivered."""
    rows = Record.objects.filter(kind="event", account=call.account)
    if "type" in call.params:
        rows = rows.filter(data__type=call.params["type"])
    if "types" in call.params:
        rows = rows.filter(data__type__in=call.params["types"])
    if "delivery_success" in call.params:
        delivered = Delivery.objects.filter(state="sent").values("event")
        if call.params["delivery_success"]:
            rows = rows.filter(key__in=delivered)
        else:
            rows = rows.exclude(key__in=delivered)
    return listing.page(call, rows, "event", _shown)


@endpoint("GET", "/v1/events/{id}")
def retrieve(call: Call) -> Answer:
    """One event."""
    return _shown(records.get("event", call.ids["id"], account=call.account))


@endpoint("GET", "/v2/core/events")
def list_thin(call: Call) -> Answer:
    """The newest v2 events."""
    rows = Record.objects.filter(kind="v2.core.event")
    if "object_id" in call.params:
        rows = rows.filter(data__related_object__id=call.params["object_id"])
    if "types" in call.params:
        rows = rows.filter(data__type__in=call.params["types"])
    found = rows.order_by("-n")[: call.params.get("limit", 20)]
    data = [record.data for record in found]
    return {"data": data, "next_page_url": None, "previous_page_url": None}


@endpoint("GET", "/v2/core/events/{id}")
def retrieve_thin(call: Call) -> Answer:
    """One v2 event."""
    return dict(records.get("v2.core.event", call.ids["id"]).data)


def resend(key: str) -> None:
    """Queues the webhook of an event once more; raises `resource_missing`."""
    record = Record.objects.filter(key=key, kind__in=["event", "v2.core.event"]).first()
    if record is None:
        raise missing("event", key)
    webhooks.enqueue(key, record.data["type"], json.dumps(record.data), at_once=True)


def _shown(record: Record) -> dict[str, Any]:
    open_ones = Delivery.objects.filter(event=record.key).exclude(state="sent").count()
    return {**record.data, "pending_webhooks": min(open_ones, 1)}
