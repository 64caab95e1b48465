"""People at their browsers: what they do in every journey, found by role and accessible name."""

import re
from collections.abc import Callable
from urllib.parse import urlencode

from playwright.sync_api import Locator, Page, expect

from marketplace.demo.people import ROLES, current_code
from tests.journeys.program import GOOD_CARD, PASSWORD

NewPage = Callable[..., Page]
SHOWS_A_CODE = {role.email for role in ROLES if role.is_staff}


def sign_in(page: Page, email: str) -> Page:
    """Sign in as one of the demo people."""
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    if email in SHOWS_A_CODE:
        page.get_by_label("Code").fill(current_code())
        page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(re.compile(r"\d/$"))
    return page


def sign_in_with(page: Page, company: str, *, person: str) -> Page:
    """Sign in with GitHub's or Google's stand-in, as one of the people it offers."""
    page.goto("/accounts/login/")
    page.get_by_role("button", name=f"Continue with {company}").click()
    page.get_by_role("button", name=person).click()
    expect(page.get_by_role("button", name="Account of")).to_be_visible()
    return page


def read_mail(page: Page, *, to: str, subject: str) -> Page:
    """Open the newest mail to an address in the outbox."""
    page.goto("/dev/outbox/")
    row = page.get_by_role("row").filter(has_text=to).filter(has_text=subject)
    row.first.get_by_role("link").click()
    return page


def search(page: Page, title: str) -> Page:
    """Find an offer by its title, and open it."""
    page.goto(f"/listings/?{urlencode({'q': title})}")
    page.get_by_role("heading", name=title).get_by_role("link").click()
    return page


def pay(page: Page, number: str = GOOD_CARD, *, button: str = "Pay") -> Page:
    """Fill in the payment page and press its button."""
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Expiry date").fill("12 / 34")
    page.get_by_label("Security code").fill("123")
    page.get_by_label("Name on the card").fill("Bea Novak")
    page.get_by_role("button", name=button).click()
    return page


def confirm(page: Page, question: str) -> None:
    """Press a button that asks once more, and answer with the same word."""
    page.get_by_role("button", name=question, exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name=question, exact=True).click()


def heading(page: Page, text: str | re.Pattern[str]) -> Locator:
    return page.get_by_role("heading", name=text)


def expect_notice(page: Page, text: str) -> None:
    """A message of the site, as a screen reader finds it."""
    notices = page.get_by_role("status").or_(page.get_by_role("alert"))
    expect(notices.filter(has_text=text).first).to_be_visible()


def expect_state(page: Page, text: str | re.Pattern[str]) -> None:
    """What an order's page says is next; the page comes to it by itself."""
    expect(heading(page, text)).to_be_visible()
