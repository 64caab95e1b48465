"""Every way in, one after the other, as somebody meets them who takes care of their account."""

import re
import time
from uuid import uuid4

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import Page, expect

from tests.journeys.people import NewPage, expect_notice, heading, read_mail
from tests.journeys.stack import Stack

PASSWORD = "leaves-in-autumn-9"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def test_the_ways_in(stack: Stack, new_page: NewPage) -> None:
    # A passkey belongs to a name, and 127.0.0.1 is none.
    page = new_page(base_url=stack.base_url.replace("127.0.0.1", "localhost"))
    email = f"cara-{uuid4().hex[:6]}@new.example"
    sign_up(page, email)
    codes = add_a_passkey(page)
    sign_out(page)
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    signed_in(page)

    secret = set_up_an_app(page)
    sign_out(page)
    by_password(page, email)
    # The code of this moment was used to set it up.
    show(page, code_of(secret, later=1))
    signed_in(page)

    sign_out(page)
    by_mail(page, email)
    show(page, codes[0])
    signed_in(page)

    connect_and_remove_github(page)


def test_two_accounts_become_one_and_that_one_is_erased(new_page: NewPage) -> None:
    page, tail = new_page(), f"{uuid4().hex[:6]}@new.example"
    sign_up(page, f"old-{tail}")
    sign_out(page)
    sign_up(page, f"new-{tail}")

    page.goto("/account/merging/")
    page.get_by_label("E-mail address of the other account").fill(f"old-{tail}")
    page.get_by_label("Its password").fill(PASSWORD)
    page.get_by_role("button", name="Merge").click()
    expect_notice(page, "The other account is closed")
    other = new_page()
    by_password(other, f"old-{tail}")
    expect(other.get_by_role("button", name="Sign in", exact=True)).to_be_visible()

    page.goto("/account/privacy/")
    page.get_by_role("link", name="Erase my account").click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Erase my account").click()
    expect(heading(page, "Your account is erased")).to_be_visible()
    by_password(page, f"new-{tail}")
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()


def sign_up(page: Page, email: str) -> None:
    page.goto("/accounts/signup/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password (again)").fill(PASSWORD)
    page.get_by_role("button", name="Sign up", exact=True).click()
    expect(heading(page, "Look into your mail")).to_be_visible()
    read_mail(page, to=email, subject="Confirm")
    page.get_by_role("link", name="/accounts/confirm-email/").click()
    page.get_by_role("button", name="Yes, confirm it").click()
    signed_in(page)


def add_a_passkey(page: Page) -> list[str]:
    """With Chromium's own stand-in for a phone; the recovery codes that come with it."""
    chromium = page.context.new_cdp_session(page)
    chromium.send("WebAuthn.enable")
    chromium.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    page.goto("/account/security/")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("Phone")
    page.get_by_role("button", name="Add it").click()
    expect(heading(page, "Recovery codes")).to_be_visible()
    codes = page.locator("#recovery_codes").inner_text().split()
    assert len(codes) == 10
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_role("link", name="Phone", exact=True)).to_be_visible()
    return codes


def set_up_an_app(page: Page) -> str:
    page.goto("/account/security/")
    page.get_by_role("link", name="Set up an authenticator app").click()
    page.get_by_text("I cannot scan it").click()
    secret = page.locator("#authenticator_secret").inner_text()
    page.get_by_label("Code that the app shows").fill(code_of(secret))
    page.get_by_role("button", name="Set it up").click()
    expect_notice(page, "Your authenticator app is set up")
    return secret


def code_of(secret: str, later: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + later))


def by_password(page: Page, email: str) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def by_mail(page: Page, email: str) -> None:
    page.goto("/accounts/login/")
    page.get_by_role("link", name="Sign in with a code by mail").click()
    page.get_by_label("Email").fill(email)
    page.get_by_role("button", name="Send the code").click()
    mails = page.context.new_page()
    read_mail(mails, to=email, subject="code")
    code = re.findall(r"^[A-Z0-9-]{6,12}$", mails.locator("pre").inner_text(), re.MULTILINE)[0]
    mails.close()
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Sign in", exact=True).click()


def show(page: Page, code: str) -> None:
    expect(heading(page, "Second step")).to_be_visible()
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Sign in", exact=True).click()


def signed_in(page: Page) -> None:
    expect(page.get_by_role("button", name="Account of")).to_be_visible()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Account of").click()
    page.get_by_role("button", name="Sign out", exact=True).last.click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()


def connect_and_remove_github(page: Page) -> None:
    page.goto("/accounts/3rdparty/")
    page.get_by_role("button", name="Continue with GitHub").click()
    page.get_by_label("E-mail address").fill("octo@new.example")
    page.get_by_label("Name", exact=True).fill("Octo")
    page.get_by_role("button", name="Continue", exact=True).click()
    page.get_by_label("GitHub").check()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("None is connected")).to_be_visible()
