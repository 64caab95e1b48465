"""The main journey: strangers sign up, trade on pages only, and the money arrives at a bank."""

import re
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from marketplace.demo.consent import consent_document
from tests.journeys.people import (
    NewPage,
    confirm,
    expect_notice,
    expect_state,
    heading,
    pay,
    read_mail,
    search,
    sign_in_with,
)
from tests.journeys.program import audit
from tests.journeys.stack import Stack, wait_until

TITLE = "Credit left over from a hackathon"
# Their time passes meanwhile; `test_unhappy_ends` looks at what became of them.
pytestmark = pytest.mark.usefixtures("left_alone")


def test_credit_goes_one_way_and_money_the_other(
    stack: Stack, new_page: NewPage, tmp_path: Path
) -> None:
    title = f"{TITLE} {uuid4().hex[:6]}"
    seller, moderator = new_page(), new_page("moderator@example.com")
    buyer = sign_in_with(new_page(), "GitHub", person="Robin Vale")
    sign_up(seller)
    set_up_payouts(seller)
    hand_in(seller, title, consent(tmp_path))
    approve(moderator, title)
    buy(buyer, title)
    expect_state(buyer, re.compile("sends.*of credit to you"))
    send(seller, title)
    expect_state(buyer, "then confirm")
    confirm(buyer, "It arrived")
    expect_state(buyer, "This trade is complete")
    expect(buyer.get_by_text("$60.00 was released.")).to_be_visible()
    be_paid_out(stack, seller)
    audit(stack)


def sign_up(page: Page) -> None:
    email = f"sasha-{uuid4().hex[:6]}@new.example"
    page.goto("/accounts/signup/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill("leaves-in-autumn-9")
    page.get_by_label("Password (again)").fill("leaves-in-autumn-9")
    page.get_by_role("button", name="Sign up", exact=True).click()
    expect(heading(page, "Look into your mail")).to_be_visible()
    read_mail(page, to=email, subject="Confirm")
    page.get_by_role("link", name="/accounts/confirm-email/").click()
    page.get_by_role("button", name="Yes, confirm it").click()
    page.goto("/account/")
    page.get_by_label("Public name").fill("Sasha")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Account of Sasha")).to_be_visible()


def set_up_payouts(page: Page) -> None:
    page.goto("/sell/")
    page.get_by_role("link", name="Set up payouts").click()
    page.get_by_role("button", name="Set up payouts").click()
    page.get_by_label("Legal name").fill(f"Sasha {uuid4().hex[:6]}")
    page.get_by_role("button", name="Confirm").click()
    expect_notice(page, "Payouts are set up")


def consent(folder: Path) -> Path:
    path = folder / "consent.pdf"
    path.write_bytes(consent_document(provider="Replicate", seller="Sasha", amount="$200"))
    return path


def hand_in(page: Page, title: str, document: Path) -> None:
    page.goto("/sell/")
    page.get_by_role("link", name="List credit").first.click()
    page.get_by_label("Provider").select_option("replicate")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Title").fill(title)
    page.get_by_label("Face value").fill("200")
    page.get_by_role("radio", name="Moved by the provider").check()
    page.get_by_label("Smallest order").fill("50")
    page.get_by_label("In steps of").fill("10")
    page.get_by_label("Discount").fill("40")
    expect(page.get_by_text("$110.40")).to_be_visible()
    page.get_by_role("button", name="Save as a draft").click()
    expect_notice(page, "Saved as a draft")
    page.get_by_label("Document").set_input_files(document)
    page.get_by_role("button", name="Attach").click()
    expect_notice(page, "The consent is attached")
    page.get_by_role("button", name="Hand in for review").click()
    expect_notice(page, "Handed in")


def approve(page: Page, title: str) -> None:
    page.goto("/console/")
    page.get_by_role("link", name=title).click()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_label("Reason")).to_be_focused()
    page.get_by_label("Reason").fill("The consent names both sides and the amount.")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Approved: the offer is live.")).to_be_visible()


def buy(page: Page, title: str) -> None:
    """Search for the offer, order half of it, and pay."""
    page.goto("/")
    page.get_by_role("link", name="Browse").first.click()
    page.get_by_role("searchbox").fill(title)
    page.get_by_role("button", name="Search").click()
    page.get_by_role("heading", name=title).get_by_role("link").click()
    page.get_by_label("Amount of credit").fill("100")
    expect(page.get_by_text("$60.00").first).to_be_visible()
    page.get_by_label("Your account at Replicate").fill("robin@example.com")
    page.get_by_role("button", name="Continue to payment").click()
    pay(page)


def send(page: Page, title: str) -> None:
    """The seller is told by mail and follows its link."""
    page.goto("/orders/?role=seller")
    page.get_by_role("link", name=title).click()
    expect(page.get_by_text("robin@example.com").first).to_be_visible()
    page.get_by_label("Note to the buyer").fill("Replicate moved $100 this morning.")
    page.get_by_role("button", name="Mark as sent").click()
    expect_notice(page, "Marked as sent")


def be_paid_out(stack: Stack, page: Page) -> None:
    """$60.00 less 8 % commission become available, and go to the bank."""
    page.goto("/account/payouts/")
    expect(page.get_by_text("$55.20").first).to_be_visible()

    def asked() -> bool:
        # Available means released to the seller; it may still be on its way to their account.
        page.goto("/account/payouts/")
        page.get_by_role("button", name="Pay out what is available").click()
        if "/reauthenticate/" in page.url:  # the journey took longer than signing in counts
            page.get_by_label("Password").fill("leaves-in-autumn-9")
            page.get_by_role("button", name="Continue").click()
        return page.get_by_text("The payout is on its way").is_visible()

    wait_until(asked, what="the released payment is in the seller's account")

    def arrived() -> bool:
        page.goto("/account/payouts/")
        return page.get_by_role("row").filter(has_text="$55.20").get_by_text("Arrived").is_visible()

    wait_until(arrived, what="the payout has arrived")


def test_codes_are_revealed_after_payment(new_page: NewPage) -> None:
    page = sign_in_with(new_page(), "Google", person="Sam Okafor")
    search(page, "Vouchers of $40 from a workshop")
    page.get_by_label("Amount of credit").fill("80")
    page.get_by_role("button", name="Continue to payment").click()
    pay(page)
    expect_state(page, "Reveal your codes")
    page.get_by_role("button", name="Reveal the codes").click()
    codes = page.get_by_text(re.compile(r"^DEMO-(\w{4}-?){3}$"))
    expect(codes).to_have_count(2)
    shown = codes.all_inner_texts()
    confirm(page, "It arrived")
    expect_state(page, "This trade is complete")
    page.get_by_role("button", name="Show the codes again").click()
    assert codes.all_inner_texts() == shown
