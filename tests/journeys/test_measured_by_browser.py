"""Vast.ai credit goes from account to account, is measured, and nobody has to confirm it."""

import re
from datetime import datetime
from uuid import uuid4

from playwright.sync_api import expect

from tests.journeys.people import NewPage, expect_notice, expect_state
from tests.journeys.program import Json, Program, offer
from tests.journeys.stack import Stack, wait_until
from tests.sandbox_process import SandboxProcess

OUR_SECONDS = 10


def test_a_balance_transfer_is_verified_without_anybodys_word(
    stack: Stack, sandbox: SandboxProcess, new_page: NewPage, buyer: Program, seller: Program
) -> None:
    key = f"vast-{uuid4().hex}"
    account = f"providers/vast/accounts/{key}/"
    sandbox.control("POST", account, {"remaining": 3})
    listing = offer(stack, "Balance for GPU hours")
    # Signed in before the clock of the order begins.
    page, other = new_page("buyer@example.com"), new_page("seller@example.com")
    order = buyer.buy_and_pay(listing, listing["min_order_cents"])
    page.goto(f"/orders/{order['id']}/")
    page.get_by_label("Key").fill(key)
    page.get_by_role("button", name="Lend the key").click()
    expect_notice(page, "kept encrypted")
    other.goto(f"/orders/{order['id']}/")
    expect(other.get_by_text("All is ready.")).to_be_visible()
    other.get_by_label("Note to the buyer").fill("Sent from the billing page, reference 17.")
    dollars = listing["min_order_cents"] / 100
    sandbox.control("POST", account, {"remaining": 3 + dollars})
    other.get_by_role("button", name="Mark as sent").click()
    expect_state(page, re.compile("The held payment is released|This trade is complete"))
    done = buyer.until(order, "completed")
    assert our_seconds(done) < OUR_SECONDS
    verification = done["transfer"]["verification"]
    assert verification["verdict"] == "verified"
    assert verification["measured_cents"] == listing["min_order_cents"]
    assert not {"confirmed", "accepted_by_silence"} & {event["kind"] for event in done["events"]}
    page.goto(verification["report_url"])
    expect(page.get_by_text("All that was agreed arrived")).to_be_visible()
    asked = wait_until(lambda: sandbox.control("GET", "requests/?since=0"), what="the log")
    assert key not in str([row for row in asked["results"] if "/providers/vast/" in row["path"]])
    assert key not in stack.log()


def our_seconds(order: Json) -> float:
    """From the payment to "verified", without the time that the two took to lend and to send."""
    at = {event["kind"]: datetime.fromisoformat(event["at"]) for event in order["events"]}
    baseline, arrival = ("key_lent", "baseline_ready"), ("sent", "verified")
    return sum((at[end] - at[begin]).total_seconds() for begin, end in (baseline, arrival))
