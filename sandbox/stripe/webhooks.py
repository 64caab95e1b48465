"""Webhooks: signed, sent over HTTP from a durable queue, retried until they are taken.

The control page can hold, double, reverse or drop them. The mode counts when an event happens.
"""

import hashlib
import hmac
import logging
import threading
import time

import requests
from django.conf import settings
from django.db import transaction

from sandbox.models import Delivery, Setting
from sandbox.writing import writing

logger = logging.getLogger("sandbox.webhooks")

MODES = ("normal", "hold", "duplicate", "reverse", "drop")
MAX_TRIES = 20
MAX_WAIT_SECONDS = 60.0
TIMEOUT_SECONDS = 10
# In reverse mode, webhooks are collected until nothing new has come for this long.
QUIET_SECONDS = 1.0
LONGEST_REST_SECONDS = 60.0
REST_AFTER_FAILURE_SECONDS = 1.0

_wake = threading.Event()
_http = requests.Session()
# The receiver is on this machine: no proxy may come between.
_http.trust_env = False


def mode() -> str:
    """How events are delivered at the moment."""
    row = Setting.objects.filter(name="webhook_mode").first()
    return str(row.value) if row else "normal"


def set_mode(name: str) -> None:
    """Changes how the events that follow are delivered."""
    Setting.objects.update_or_create(name="webhook_mode", defaults={"value": name})


def enqueue(event: str, kind: str, body: str, *, at_once: bool = False) -> None:
    """Queues a webhook as the mode says; `at_once` sends it whatever the mode."""
    how = "normal" if at_once else mode()
    Delivery.objects.create(
        event=event,
        kind=kind,
        body=body,
        state={"hold": "held", "drop": "dropped"}.get(how, "queued"),
        copies=2 if how == "duplicate" else 1,
        reversed=how == "reverse",
        next_at=time.time() + (QUIET_SECONDS if how == "reverse" else 0),
    )
    transaction.on_commit(_wake.set)


def release() -> int:
    """Sends what is held; returns how many that is."""
    released = Delivery.objects.filter(state="held").update(state="queued", next_at=time.time())
    transaction.on_commit(_wake.set)
    return released


def take() -> list[dict[str, str]]:
    """What is held, oldest first, for somebody who brings it to the receiver themselves."""
    held = list(Delivery.objects.filter(state="held").order_by("pk"))
    Delivery.objects.filter(pk__in=[row.pk for row in held]).update(state="sent", answer="taken")
    at = int(time.time())
    return [
        {
            "event": row.event,
            "type": row.kind,
            "body": row.body,
            "signature": signature(row.body, at),
        }
        for row in held
    ]


def deliver_forever() -> None:
    """The delivery thread: it rests until the next one is due or comes in."""
    while True:
        _wake.clear()
        try:
            asked = time.time()
            while _deliver_next():
                asked = time.time()
            rest = _rest(asked)
        except Exception:
            logger.exception("Webhook delivery failed")
            rest = REST_AFTER_FAILURE_SECONDS
        _wake.wait(rest)


def _rest(asked: float) -> float:
    """Seconds until one is due that was not when `_next` was asked."""
    later = Delivery.objects.filter(state="queued", next_at__gt=asked)
    soonest = later.order_by("next_at").values_list("next_at", flat=True).first()
    return LONGEST_REST_SECONDS if soonest is None else max(soonest - time.time(), 0)


def _deliver_next() -> bool:
    delivery = _next()
    if delivery is None:
        return False
    answer = "taken"
    try:
        for _ in range(delivery.copies):
            status = _send(delivery.body)
            if not 200 <= status < 300:
                answer = f"HTTP {status}"
                break
    except requests.RequestException as error:
        answer = type(error).__name__
    with writing():
        _record(delivery, answer)
    return True


def _next() -> Delivery | None:
    """The next webhook due: oldest first, but reversed ones newest first and once all are in."""
    now = time.time()
    due = Delivery.objects.filter(state="queued", next_at__lte=now)
    first = due.filter(reversed=False).order_by("pk").first()
    if first:
        return first
    waiting = Delivery.objects.filter(state="queued", reversed=True, tries=0)
    if waiting.filter(next_at__gt=now).exists():
        return None
    return due.order_by("-pk").first()


def _send(body: str) -> int:
    response = _http.post(
        settings.WEBHOOK_URL,
        data=body.encode(),
        headers={
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(body, int(time.time())),
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        },
        timeout=TIMEOUT_SECONDS,
        allow_redirects=False,
    )
    return response.status_code


def signature(body: str, at: int) -> str:
    """The Stripe-Signature header. `at` is real time: receivers compare it with their clock."""
    secret = settings.WEBHOOK_SECRET.encode()
    digest = hmac.new(secret, f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def _record(delivery: Delivery, answer: str) -> None:
    tries = delivery.tries + 1
    wait = min(settings.WEBHOOK_RETRY_SECONDS * 2 ** (tries - 1), MAX_WAIT_SECONDS)
    state = "queued"
    if answer == "taken":
        state = "sent"
    elif tries >= MAX_TRIES:
        state = "failed"
    Delivery.objects.filter(pk=delivery.pk).update(
        state=state, tries=tries, answer=answer, next_at=time.time() + wait
    )
