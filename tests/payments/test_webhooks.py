"""Events twice, out of order, late, forged: one effect or none."""

import json
import time
from itertools import permutations
from typing import Any

import pytest
import stripe
from django.conf import settings
from django.db.models.functions import Now
from django.http import HttpResponse
from django.test import Client

from accounts.models import Person
from listings.models import Listing
from orders.models import Order
from payments import webhooks
from payments.models import Escrow, Incident, Posting, WebhookEvent
from payments.processor import processor
from tests.sandbox_process import SandboxProcess
from tests.trade import pay, placed

PATH = "/payments/webhooks/stripe/"


def signed(body: bytes, *, at: float | None = None, secret: str | None = None) -> str:
    moment = int(at if at is not None else time.time())
    key = secret or settings.STRIPE_WEBHOOK_SECRET
    digest = stripe.WebhookSignature._compute_signature(f"{moment}.{body.decode()}", key)
    return f"t={moment},v1={digest}"


def deliver(client: Client, body: bytes, signature: str | None = None) -> HttpResponse:
    return client.post(  # type: ignore[return-value]
        PATH,
        data=body,
        content_type="application/json",
        headers={"Stripe-Signature": signature if signature is not None else signed(body)},
    )


@pytest.fixture
def order(sandbox: SandboxProcess, buyer: Person, listing: Listing) -> Order:
    """Paid, and only the test delivers what there is to say of it."""
    order = placed(buyer, listing, 5_000)
    pay(order)
    return order


def stored(bodies: list[bytes]) -> int:
    """How many of these events are in the inbox."""
    ids = [json.loads(body)["id"] for body in bodies]
    return WebhookEvent.objects.filter(event_id__in=ids).count()


@pytest.fixture
def events(order: Order, sandbox: SandboxProcess) -> list[bytes]:
    """What the sandbox says of this order's payment, as it would send it."""
    sandbox.control("POST", "clock/", {"advance_seconds": 60})
    page = processor().checkout(order.escrow.checkout_id)
    charge = processor().payment(page.payment_id).charge_id
    client = processor().client  # type: ignore[attr-defined]
    found = [event.to_dict() for event in client.v1.events.list({"limit": 50}).data]
    about = {order.escrow.checkout_id, page.payment_id, charge}
    mine = [event for event in found if event["data"]["object"]["id"] in about]
    assert {"checkout.session.completed", "charge.updated"} <= {event["type"] for event in mine}
    return [json.dumps(event, default=str).encode() for event in mine]


def state(order: Order) -> dict[str, Any]:
    escrow = Escrow.objects.get(pk=order.escrow_id)
    postings = sorted(Posting.objects.values_list("key", "amount_cents"))
    return {"status": escrow.status, "fee": escrow.fee_cents, "postings": postings}


def process_all() -> None:
    for _ in range(4):
        WebhookEvent.objects.filter(processed_at=None, due_at__isnull=False).update(due_at=Now())
        webhooks.process_due()


def test_each_event_has_one_effect_however_often_it_comes(
    client: Client, order: Order, events: list[bytes]
) -> None:
    """Case 31."""
    for _ in range(3):
        for body in events:
            assert deliver(client, body).status_code == 200
    assert stored(events) == len(events)
    process_all()
    once = state(order)
    assert once["status"] == "held"
    assert once["fee"]
    for body in events:
        deliver(client, body)
    process_all()
    assert state(order) == once


def test_the_order_of_arrival_does_not_matter(
    client: Client, order: Order, events: list[bytes]
) -> None:
    """Case 32."""
    ends = []
    for arrangement in list(permutations(events))[::5][:6]:
        WebhookEvent.objects.all().delete()
        for body in arrangement:
            deliver(client, body)
            process_all()
        ends.append(state(order))
    assert all(end == ends[0] for end in ends)
    assert ends[0]["status"] == "held"


def test_forged_old_and_foreign_events_are_refused(
    client: Client, order: Order, events: list[bytes]
) -> None:
    """Case 30."""
    body = events[0]
    before = state(order)
    now = time.time()
    live = body.replace(b'"livemode": false', b'"livemode": true')
    assert live != body
    refused = {
        "no signature": deliver(client, body, ""),
        "nonsense": deliver(client, body, "t=x,v1=y"),
        "another secret": deliver(client, body, signed(body, secret="whsec_other")),
        "an old one": deliver(client, body, signed(body, at=now - 301)),
        "one from the future": deliver(client, body, signed(body, at=now + 302)),
        "another body": deliver(client, body + b" ", signed(body)),
        "another mode": deliver(client, live),
        "no event": deliver(client, b"[]"),
        "no JSON": deliver(client, b"\xff\xfe", "t=1,v1=00"),
    }
    assert {name: answer.status_code for name, answer in refused.items()} == dict.fromkeys(
        refused, 400
    )
    assert stored(events) == 0
    assert state(order) == before
    assert client.get(PATH).status_code == 405


def test_a_poisonous_event_is_set_aside_and_the_others_flow(
    client: Client, order: Order, events: list[bytes]
) -> None:
    """Case 55."""
    poison = json.dumps(
        {
            "id": "evt_poison",
            "type": "checkout.session.completed",
            "livemode": False,
            "data": {"object": {"id": "cs_nobody_knows"}},
        }
    ).encode()
    deliver(client, poison)
    for body in events:
        deliver(client, body)
    process_all()
    assert state(order)["status"] == "held"
    for _ in range(webhooks.TRIES):
        process_all()
    row = WebhookEvent.objects.get(event_id="evt_poison")
    assert row.processed_at is None
    assert row.due_at is None
    assert Incident.objects.get(key="webhook:evt_poison")
