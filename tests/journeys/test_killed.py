"""kill -9 in the middle of a trade: what comes back finishes it, once."""

import pytest

from tests.journeys.program import (
    Json,
    Program,
    audit,
    offer,
    pay,
    returned,
    settled,
    wait_for_money,
)
from tests.journeys.stack import Stack, wait_until

TITLE = "Startup credit for GPU rental"
BACK_SECONDS = 90


def kill(stack: Stack, part: str) -> None:
    stack.kill(part)
    wait_until(stack.ready, seconds=BACK_SECONDS, what=f"the site is ready without {part}")


@pytest.fixture
def listing(stack: Stack) -> Json:
    return offer(stack, TITLE)


@pytest.mark.parametrize("part", ["worker", "web", "database"])
def test_a_trade_survives(
    stack: Stack, buyer: Program, seller: Program, listing: Json, part: str
) -> None:
    """Killed right after the payment, and again right after the confirmation."""
    order = buyer.buy(listing, 2000)
    pay(order)
    kill(stack, part)
    buyer.until(order, "paid")
    seller.step(order, "transfer", {"note": "Sent"})
    buyer.step(order, "confirmation")
    kill(stack, part)
    assert buyer.until(order, "completed")["escrow"]["released_cents"] == order["price_cents"]
    wait_for_money(stack, order, settled(order))
    audit(stack)


def test_a_refund_survives_the_worker(
    stack: Stack, buyer: Program, seller: Program, listing: Json
) -> None:
    order = buyer.buy_and_pay(listing, 2000)
    seller.step(order, "cancellation")
    stack.kill("worker")
    wait_for_money(stack, order, returned(order))
    audit(stack)


def test_the_same_order_is_placed_once_though_web_was_killed(
    stack: Stack, buyer: Program, listing: Json
) -> None:
    terms = {"listing": listing["id"], "face_value_cents": 2000}
    first = buyer.post("orders/", terms, Idempotency_Key="before-and-after")
    kill(stack, "web")
    assert buyer.post("orders/", terms, Idempotency_Key="before-and-after") == first
    buyer.step(first, "cancellation")


def test_answers_of_the_processor_get_lost(
    stack: Stack, buyer: Program, seller: Program, listing: Json
) -> None:
    """The processor pays, and the connection drops before it says so: it pays once."""
    order = buyer.buy_and_pay(listing, 2000)
    seller.step(order, "transfer", {"note": "Sent"})
    lost = {"kind": "answer_lost", "method": "POST", "path": "/v1/transfers", "times": 2}
    stack.sandbox.control("POST", "faults/", lost)
    buyer.step(order, "confirmation")
    wait_for_money(stack, order, settled(order))
    stack.sandbox.control("DELETE", "faults/")
    audit(stack)
