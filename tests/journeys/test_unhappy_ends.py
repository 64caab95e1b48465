"""What goes wrong in trades: cards, sellers, credit, and people who say nothing.

Three orders are left alone from the trade on; their deadlines pass while other tests run.
"""

import re

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.journeys.people import NewPage, expect_notice, expect_state, heading, pay, search
from tests.journeys.program import (
    GOOD_CARD,
    Json,
    Program,
    money,
    offer,
    returned,
    settled,
    wait_for_money,
)
from tests.journeys.program import pay as post_card
from tests.journeys.stack import Stack, wait_until

BAD_CARDS = {
    "4000000000000002": "Your card was declined.",
    "4000000000009995": "Your card has insufficient funds.",
    "4000000000000069": "Your card has expired.",
    "4000000000000127": "Your card's security code is incorrect.",
    "4000000000000119": "An error occurred while processing your card.",
}
ASKS_THE_BANK = "4000002760003184"
LONGEST_WAIT_SECONDS = 90


def order_by_page(page: Page, title: str, amount: str) -> None:
    search(page, title)
    page.get_by_label("Amount of credit").fill(amount)
    page.get_by_role("button", name="Continue to payment").click()


def shown(page: Page) -> Json:
    """The order whose page this is, as far as programs need it."""
    return {"id": page.url.rstrip("/").rpartition("/")[2]}


def test_a_declined_card_is_replaced_by_another(new_page: NewPage, seller: Program) -> None:
    page = new_page("buyer2@example.com")
    order_by_page(page, "of GPU balance in small parts", "10")
    for number, words in BAD_CARDS.items():
        pay(page, number)
        expect(page.get_by_role("alert")).to_contain_text(words)
        expect(page.get_by_label("Card number")).to_have_value(number)
    page.get_by_role("link", name="Cancel and go back").click()
    expect(heading(page, "Pay $6.50 for $10.00 of credit")).to_be_visible()
    page.get_by_role("button", name="Pay $6.50").click()
    pay(page, GOOD_CARD)
    expect_state(page, "Say where the credit should go")
    seller.step(shown(page), "cancellation")
    expect_state(page, "This order was cancelled")


def test_a_card_asks_the_bank_first(new_page: NewPage, seller: Program) -> None:
    page = new_page("buyer2@example.com")
    order_by_page(page, "of GPU balance in small parts", "15")
    pay(page, ASKS_THE_BANK)
    page.get_by_role("button", name="Fail").click()
    expect(page.get_by_role("alert")).to_contain_text("could not be authenticated")
    pay(page, ASKS_THE_BANK)
    page.get_by_role("button", name="Complete").click()
    expect_state(page, "Say where the credit should go")
    page.get_by_label("Where should the credit go?").fill("ben@vast.example")
    page.get_by_role("button", name="Save").first.click()
    expect_state(page, re.compile("sends .* of credit to you"))
    seller.step(shown(page), "cancellation")


def test_the_seller_declines(stack: Stack, buyer: Program, seller: Program) -> None:
    listing = offer(stack, "Balance for GPU hours")
    order = buyer.buy_and_pay(listing, 1500)
    assert seller.step(order, "cancellation")["status"] == "cancelled"
    assert buyer.order(order)["escrow"]["status"] == "refunded"
    wait_for_money(stack, order, returned(order))
    assert offer(stack, "Balance for GPU hours")["available_cents"] == listing["available_cents"]


@pytest.mark.parametrize("outcome", ["Refund the buyer", "Release the payment to the seller"])
def test_a_moderator_decides_a_dispute(
    stack: Stack, new_page: NewPage, buyer: Program, seller: Program, outcome: str
) -> None:
    order = buyer.buy_and_pay(offer(stack, "Balance for GPU hours"), 2000)
    seller.step(order, "transfer", {"note": "Sent this morning"})
    page, desk = new_page("buyer@example.com"), new_page("moderator@example.com")
    open_dispute(page, order)
    assert money(stack, order) == {"charged_cents": order["price_cents"]}
    assert seller.order(order)["deadline"]

    decide(desk, order, outcome)
    loser = seller if outcome == "Refund the buyer" else buyer
    loser.step(order, "dispute/acceptance")
    if outcome == "Refund the buyer":
        expect_state(page, "This order was cancelled")
        wait_for_money(stack, order, returned(order))
    else:
        expect_state(page, "This trade is complete")
        wait_for_money(stack, order, settled(order))
    expect(page.get_by_text("I compared the dates").first).to_be_visible()


def open_dispute(page: Page, order: Json) -> None:
    page.goto(f"/orders/{order['id']}/")
    page.get_by_text("Something is wrong").click()
    page.get_by_role("link", name="Open a dispute").click()
    page.get_by_role("radio", name="The credit did not arrive").check()
    page.get_by_label("What happened?").fill("My balance at Vast.ai is still what it was.")
    page.get_by_role("button", name="Open the dispute").click()
    expect_notice(page, "The dispute is open")
    expect_state(page, re.compile("answers the dispute"))


def decide(page: Page, order: Json, outcome: str) -> None:
    """From the queue to the dispute, and a decision with its reason."""
    page.goto("/console/")
    page.get_by_role("link", name=order["title"]).last.click()
    expect(page.get_by_role("link", name=order["id"]).first).to_be_visible()
    page.get_by_role("radio", name=outcome).check()
    page.get_by_label("Reason").fill("I compared the dates and the amounts.")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_text("The money waits until nobody can appeal.")).to_be_visible()


def test_nobody_pays(stack: Stack, buyer: Program, left_alone: dict[str, Json]) -> None:
    order = left_alone["abandoned"]
    ended = buyer.until(order, "cancelled", seconds=LONGEST_WAIT_SECONDS)
    assert ended["events"][-1]["kind"] == "not_paid_in_time"
    assert (ended["escrow"]["status"], ended["payment_url"]) == ("lapsed", None)
    listing = offer(stack, "Startup credit for GPU rental")
    assert listing["available_cents"] == left_alone["left before"]
    # The page is closed by a call that follows the decision.
    page = order["payment_url"]
    wait_until(lambda: "expired" in requests.get(page, timeout=5).text, what="the page is closed")
    assert "expired" in post_card(order).text
    assert money(stack, order) == {}


def test_nobody_delivers(
    stack: Stack, buyer: Program, seller2: Program, left_alone: dict[str, Json]
) -> None:
    order = left_alone["undelivered"]
    ended = buyer.until(order, "cancelled", seconds=LONGEST_WAIT_SECONDS)
    assert ended["events"][-1]["kind"] == "not_delivered"
    wait_for_money(stack, order, returned(order))
    listing = seller2.get(f"listings/{order['listing']}/")
    assert listing["status"] == "paused"
    assert listing["available_cents"] == listing["face_value_cents"]
    assert seller2.post(f"listings/{order['listing']}/resumption/")["status"] == "live"


def test_nobody_inspects(stack: Stack, buyer: Program, left_alone: dict[str, Json]) -> None:
    order = left_alone["silent"]
    ended = buyer.until(order, "completed", seconds=LONGEST_WAIT_SECONDS)
    assert [event["kind"] for event in ended["events"]][-2:] == ["accepted_by_silence", "completed"]
    wait_for_money(stack, order, settled(order))
