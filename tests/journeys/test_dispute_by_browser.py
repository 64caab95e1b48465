"""A dispute that the two settle between them: answered, a split proposed, and accepted."""

from playwright.sync_api import expect

from tests.journeys.people import NewPage, expect_notice, expect_state
from tests.journeys.program import Program, money, offer, wait_for_money
from tests.journeys.stack import Stack
from tests.journeys.test_every_page import walk
from tests.journeys.test_unhappy_ends import open_dispute


def test_a_dispute_ends_with_a_split_that_both_agreed_to(
    stack: Stack, new_page: NewPage, buyer: Program, seller: Program
) -> None:
    order = buyer.buy_and_pay(offer(stack, "Balance for GPU hours"), 2000)
    seller.step(order, "transfer", {"note": "Sent this morning"})
    price = order["price_cents"]
    page, other = new_page("buyer@example.com"), new_page("seller@example.com")
    open_dispute(page, order)

    other.goto(f"/orders/{order['id']}/")
    other.get_by_role("link", name="Go to the dispute").click()
    walk(other, other.url)
    other.get_by_label("Your answer").fill("A part was held back by the provider, as I see now.")
    other.get_by_role("button", name="Send the answer").click()
    expect_notice(other, "Now you can agree between you.")
    other.get_by_label("The buyer gets back").fill("3.50")
    other.get_by_role("button", name="Propose", exact=True).click()
    expect_notice(other, "Your proposal is made.")

    page.get_by_role("link", name="Go to the dispute").click()
    expect(page.get_by_text("A part was held back by the provider")).to_be_visible()
    row = page.get_by_role("row").filter(has_text="If you agree to")
    expect(row.get_by_text("$3.50")).to_be_visible()
    walk(page, page.url)
    assert money(stack, order) == {"charged_cents": price}
    page.get_by_role("button", name="Agree to the split").click()
    page.get_by_role("dialog").get_by_role("button", name="Agree", exact=True).click()
    expect_state(page, "This trade is complete")
    other.goto(f"/orders/{order['id']}/")
    expect_state(other, "This trade is complete")
    said = buyer.get(f"orders/{order['id']}/dispute/")["proposals"][0]
    assert (said["status"], said["to_buyer_cents"]) == ("accepted", 350)
    held = buyer.order(order)["escrow"]
    assert (held["status"], held["refunded_cents"]) == ("split", 350)
    expected = {
        "charged_cents": price,
        "refunded_cents": 350,
        "transferred_cents": said["to_seller_cents"],
    }
    wait_for_money(stack, order, expected)
