"""kill -9 in the middle of a trade: what comes back finishes it, once."""

import pytest

from tests.journeys.program import (
    Json,
    Program,
    offer,
    pay,
    returned,
    settled,
    wait_for_money,
)
from tests.journeys.stack import Stack, wait_until

BACK_SECONDS = 90


def kill(stack: Stack, part: str) -> None:
    stack.kill(part)
    wait_until(stack.ready, seconds=BACK_SECONDS, what=f"the site is ready without {part}")


@pytest.fixture(scope="module")
def listing(stack: Stack) -> Json:
    """An offer for these trades; the stack ends with an audit of the books."""
    return offer(stack, "Startup credit for GPU rental")


def test_the_worker_twice(stack: Stack, buyer: Program, seller: Program, listing: Json) -> None:
    """Right after the payment, and again while the money of the release is due."""
    order = buyer.buy(listing, 2000)
    pay(order)
    stack.kill("worker")
    buyer.until(order, "paid", seconds=BACK_SECONDS)
    seller.step(order, "transfer", {"note": "Sent"})
    buyer.step(order, "confirmation")
    stack.kill("worker")
    buyer.until(order, "completed", seconds=BACK_SECONDS)
    wait_for_money(stack, order, settled(order))


def test_web(stack: Stack, buyer: Program, seller: Program, listing: Json) -> None:
    """Right after the payment: its events come again, and the same order is placed only once."""
    terms = {"listing": listing["id"], "face_value_cents": 2000}
    order = buyer.post("orders/", terms, Idempotency_Key="before-and-after")
    pay(order)
    kill(stack, "web")
    assert buyer.post("orders/", terms, Idempotency_Key="before-and-after") == order
    finish(stack, buyer, seller, order)


def test_the_database(stack: Stack, buyer: Program, seller: Program, listing: Json) -> None:
    """Right after the confirmation, while the money of the release is due."""
    order = buyer.buy_and_pay(listing, 2000)
    seller.step(order, "transfer", {"note": "Sent"})
    buyer.step(order, "confirmation")
    kill(stack, "database")
    buyer.until(order, "completed")
    wait_for_money(stack, order, settled(order))


def test_the_worker_during_a_refund(
    stack: Stack, buyer: Program, seller: Program, listing: Json
) -> None:
    order = buyer.buy_and_pay(listing, 2000)
    seller.step(order, "cancellation")
    stack.kill("worker")
    wait_for_money(stack, order, returned(order))


def test_lost_answers_of_the_processor(
    stack: Stack, buyer: Program, seller: Program, listing: Json
) -> None:
    """It pays, and the connection drops before it says so: it pays once."""
    order = buyer.buy_and_pay(listing, 2000)
    lost = {"kind": "answer_lost", "method": "POST", "path": "/v1/transfers", "times": 2}
    stack.sandbox.control("POST", "faults/", lost)
    finish(stack, buyer, seller, order)
    stack.sandbox.control("DELETE", "faults/")


def finish(stack: Stack, buyer: Program, seller: Program, order: Json) -> None:
    buyer.until(order, "paid")
    seller.step(order, "transfer", {"note": "Sent"})
    buyer.step(order, "confirmation")
    assert buyer.until(order, "completed")["escrow"]["released_cents"] == order["price_cents"]
    wait_for_money(stack, order, settled(order))
