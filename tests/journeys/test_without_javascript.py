"""Everything that matters works where JavaScript does not run."""

import re

from playwright.sync_api import expect

from tests.journeys.people import NewPage, expect_notice, heading, pay
from tests.journeys.program import Program


def test_browse_buy_and_pay(new_page: NewPage, seller: Program) -> None:
    page = new_page("buyer@example.com", java_script_enabled=False)
    page.goto("/")
    page.get_by_role("link", name="Browse").first.click()
    page.get_by_role("searchbox").fill("Balance for GPU hours")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("heading", name="Balance for GPU hours").get_by_role("link").click()
    page.get_by_role("list", name="Usual amounts").get_by_role("link").first.click()
    page.get_by_label("Amount of credit").fill("20")
    page.get_by_label("Your account at Vast.ai").fill("bea@vast.example")
    page.get_by_role("button", name="Continue to payment").click()
    pay(page)
    expect(heading(page, re.compile("sends .* of credit to you"))).to_be_visible()

    order = page.url.rstrip("/").rpartition("/")[2]
    seller.post(f"orders/{order}/transfer/", {"note": "Sent $20"})
    page.get_by_role("link", name="Load this page again").click()
    page.get_by_role("button", name="It arrived").click()
    expect_notice(page, "The held payment is released")
    expect(heading(page, "This trade is complete")).to_be_visible()
