"""The inbox of the processor's events: stored once, answered, then followed up by a worker.

An event is only a hint. What it is about is fetched again, and state moves forward only.
"""

import json
import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Now

from payments import (
    baskets,
    chargebacks,
    collection,
    declines,
    failpoints,
    incidents,
    onboarding,
    payouts,
    suspicions,
)
from payments.models import WebhookEvent
from payments.processor import processor
from payments.processor.interface import OutcomeUnknown, ProcessorRefused

log = logging.getLogger(__name__)
TRIES = 10


def receive(body: bytes, signature: str) -> bool:
    """Store a signed event; returns whether it is new. Raises ProcessorRefused if not theirs."""
    processor().verify(body, signature)
    try:
        event: dict[str, Any] = json.loads(body)
        related = event.get("related_object") or event["data"]["object"]
        live = bool(event.get("livemode"))
        row = WebhookEvent(
            event_id=event["id"],
            type=event["type"],
            object_id=related.get("id") or "",
            account=event.get("account") or event.get("context") or "",
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProcessorRefused("malformed", "This is not an event.") from error
    if live != settings.STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_")):
        raise ProcessorRefused("livemode", "This event is of another mode.")
    created = WebhookEvent.objects.bulk_create([row], ignore_conflicts=True)
    failpoints.reached("event stored")
    return bool(created)


def process_due(limit: int = 100) -> int:
    """Follow up what has arrived; one that fails is tried again later, and set aside in the end."""
    due = WebhookEvent.objects.filter(due_at__lte=Now()).order_by("due_at")
    ids = [row.pk for row in due.only("pk")[:limit]]
    return sum(process(event_id) for event_id in ids)


def process(event_pk: int) -> bool:
    """Follow up one event unless somebody else does; returns whether it is done now."""
    row = WebhookEvent.objects.filter(pk=event_pk, due_at__lte=Now())
    if not row.update(due_at=Now() + timedelta(seconds=30), tries=F("tries") + 1):
        return False
    event = WebhookEvent.objects.get(pk=event_pk)
    failpoints.reached("event claimed")
    try:
        _follow_up(event)
    except (OutcomeUnknown, ProcessorRefused) as error:
        _later(event, str(error))
        return False
    except Exception as error:
        log.exception("event %s of type %s failed", event.event_id, event.type)
        _later(event, repr(error))
        return False
    failpoints.reached("event followed up")
    WebhookEvent.objects.filter(pk=event_pk).update(processed_at=Now(), due_at=None, error="")
    return True


def _later(event: WebhookEvent, error: str) -> None:
    given_up = event.tries >= TRIES
    wait = timedelta(seconds=2) * 2 ** min(event.tries, 10)
    row = WebhookEvent.objects.filter(pk=event.pk, processed_at=None)
    if row.update(due_at=None if given_up else Now() + wait, error=error) and given_up:
        incidents.report(
            key=f"webhook:{event.event_id}",
            kind="webhook_set_aside",
            text=f"{event.type} could not be followed up: {error}",
        )


def _follow_up(event: WebhookEvent) -> None:
    match event.type.removeprefix("v1.").split("."):
        case ["checkout", "session", *_]:
            page = processor().checkout(event.object_id)
            found = collection.find(checkout_id=page.id, reference=page.reference)
            if found:
                collection.collect(found.pk)
            elif basket := baskets.find(checkout_id=page.id, reference=page.reference):
                baskets.collect(basket.pk)
        case ["payment_intent", "succeeded"]:
            collection.collect_charge(event.object_id)
        case ["payment_intent", "payment_failed"] | ["setup_intent", "setup_failed"]:
            declines.follow(event.object_id)
        case ["charge", "dispute", *_]:
            chargebacks.follow(event.object_id)
        case ["review", *_] | ["radar", "early_fraud_warning", *_]:
            suspicions.follow(event.object_id)
        case ["charge", "updated" | "succeeded"]:
            if found := collection.find(charge_id=event.object_id):
                collection.collect(found.pk)
        case ["refund", *_]:
            payouts.follow_refund(event.object_id)
        case ["payout", *_]:
            payouts.follow(event.object_id)
        case ["account", "updated"]:
            onboarding.refresh_account(event.object_id or event.account)
        case ["v2", "core", account, *_] if account.startswith("account["):
            onboarding.refresh_account(event.object_id)
        case _:
            log.info("nothing to do for %s", event.type)
