"""Several offers bought with one card, on pages only: all paid, and none at first."""

import re

from playwright.sync_api import Page, expect

from tests.journeys.people import NewPage, expect_state, heading, pay, sign_in_with
from tests.journeys.program import audit
from tests.journeys.stack import Stack

LATER_DECLINED = "4000000000000341"


def plan(page: Page, provider: str, count: int) -> None:
    """Ask for more and more, until the cheapest way to it is as many offers; and buy them all."""
    for dollars in (60 * 2**step for step in range(12)):
        page.goto(f"/listings/plan/?provider={provider}&amount={dollars}")
        button = page.get_by_role(
            "button", name=re.compile(rf"Buy all [{count}-8] offers, pay once")
        )
        if button.count():
            button.click()
            return
    raise AssertionError("no plan has so many offers")


def give_card(page: Page, number: str) -> None:
    expect(page.get_by_text("Your card will be charged")).to_be_visible()
    pay(page, number, button="Save card")


def test_several_offers_are_bought_with_one_card(stack: Stack, new_page: NewPage) -> None:
    page = sign_in_with(new_page(), "GitHub", person="Robin Vale")
    plan(page, "scaleway", 3)
    give_card(page, "4242424242424242")
    expect_state(page, re.compile(r"\$[\d.,]+ is paid"))
    expect(page.get_by_text("Paid.").first).to_be_visible()
    page.get_by_role("listitem").get_by_role("link").first.click()
    expect(page.get_by_role("link", name="Paid with others")).to_be_visible()
    audit(stack)


def test_what_a_card_is_not_charged_for_is_paid_by_itself(stack: Stack, new_page: NewPage) -> None:
    page = sign_in_with(new_page(), "GitHub", person="Robin Vale")
    plan(page, "ovhcloud", 2)
    give_card(page, LATER_DECLINED)
    expect_state(page, "Pay what your card was not charged for")
    expect(page.get_by_text("Your card was declined.").first).to_be_visible()
    page.get_by_role("button", name=re.compile("by itself")).first.click()
    pay(page)
    expect(heading(page, re.compile("Say where the credit should go|Reveal|sends"))).to_be_visible()
    page.get_by_role("link", name="Paid with others").click()
    page.get_by_text("I do not want the rest any more").click()
    page.get_by_role("button", name="Cancel what is not paid").click()
    expect(page.get_by_text("Cancelled, not charged").first).to_be_visible()
    expect_state(page, re.compile(r"\$[\d.,]+ is paid"))
    audit(stack)
