"""The processor's events twice, out of order, late, never, and forged."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator

import pytest
import requests

from tests.journeys.program import Json, Program, offer, pay, settled, wait_for_money
from tests.journeys.stack import Stack

# The poller asks about a payment every 30 s.
POLLED_SECONDS = 55


@pytest.fixture
def listing(stack: Stack) -> Json:
    return offer(stack, "Startup credit for GPU rental")


@pytest.fixture(autouse=True)
def _normal_again(stack: Stack) -> Iterator[None]:
    yield
    stack.sandbox.control("POST", "webhooks/", {"mode": "normal"})
    stack.sandbox.control("POST", "webhooks/release/")


def finish(stack: Stack, buyer: Program, seller: Program, order: Json) -> None:
    seller.step(order, "transfer", {"note": "Sent"})
    buyer.step(order, "confirmation")
    done = buyer.until(order, "completed")
    kinds = [event["kind"] for event in done["events"]]
    assert kinds == ["placed", "paid", "sent", "confirmed", "completed"]
    wait_for_money(stack, order, settled(order))


@pytest.mark.parametrize("mode", ["duplicate", "reverse"])
def test_twice_or_out_of_order(
    stack: Stack, buyer: Program, seller: Program, listing: Json, mode: str
) -> None:
    stack.sandbox.control("POST", "webhooks/", {"mode": mode})
    finish(stack, buyer, seller, buyer.buy_and_pay(listing, 2000))


def test_late(stack: Stack, buyer: Program, seller: Program, listing: Json) -> None:
    stack.sandbox.control("POST", "webhooks/", {"mode": "hold"})
    order = buyer.buy(listing, 2000)
    pay(order)
    time.sleep(3)
    stack.sandbox.control("POST", "webhooks/release/")
    buyer.until(order, "paid")
    finish(stack, buyer, seller, order)


def test_never(stack: Stack, buyer: Program, seller: Program, listing: Json) -> None:
    """The poller finds out by itself."""
    stack.sandbox.control("POST", "webhooks/", {"mode": "drop"})
    order = buyer.buy(listing, 2000)
    pay(order)
    buyer.until(order, "paid", seconds=POLLED_SECONDS)
    finish(stack, buyer, seller, order)


@pytest.mark.parametrize(
    ("secret", "age_seconds"), [("whsec_of_somebody_else", 0), (None, 301)], ids=["forged", "old"]
)
def test_not_theirs(
    stack: Stack, buyer: Program, listing: Json, secret: str | None, age_seconds: int
) -> None:
    """A wrong signature, and a right one that is too old: 400, and nothing happens."""
    order = buyer.buy(listing, 2000)
    paid = {"id": f"cs_{order['id']}", "object": "checkout.session", "payment_status": "paid"}
    event = {"id": "evt_1", "type": "checkout.session.completed", "data": {"object": paid}}
    body, at = json.dumps(event), int(time.time()) - age_seconds
    key = (secret or signing_secret(stack)).encode()
    signature = hmac.new(key, f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    answer = requests.post(
        f"{stack.base_url}/payments/webhooks/stripe/",
        data=body,
        headers={"Stripe-Signature": f"t={at},v1={signature}"},
        timeout=30,
    )
    assert answer.status_code == 400
    assert buyer.order(order)["status"] == "placed"
    buyer.step(order, "cancellation")


def signing_secret(stack: Stack) -> str:
    """What `make run` generated for this copy."""
    lines = (stack.home / "local.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)["STRIPE_WEBHOOK_SECRET"]
