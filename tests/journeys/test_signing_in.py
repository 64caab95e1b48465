"""Ways in: by e-mail with verification, and by the stand-ins of GitHub and Google."""

from uuid import uuid4

from playwright.sync_api import expect

from tests.journeys.people import NewPage, heading, read_mail, sign_in_with


def test_by_mail(new_page: NewPage) -> None:
    page, email = new_page(), f"nina-{uuid4().hex[:6]}@new.example"
    page.goto("/")
    page.get_by_role("link", name="Sign up").first.click()
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill("leaves-in-autumn-9")
    page.get_by_label("Password (again)").fill("leaves-in-autumn-9")
    page.get_by_role("button", name="Sign up", exact=True).click()
    expect(heading(page, "Look into your mail")).to_be_visible()

    read_mail(page, to=email, subject="Confirm")
    page.get_by_role("link", name="/accounts/confirm-email/").click()
    page.get_by_role("button", name="Yes, confirm it").click()
    page.get_by_role("button", name="Account of nina-").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()


def test_with_github_and_google(new_page: NewPage) -> None:
    robin = sign_in_with(new_page(), "GitHub", person="Robin Vale")
    expect(robin.get_by_role("button", name="Account of Robin Vale")).to_be_visible()
    sam = sign_in_with(new_page(), "Google", person="Sam Okafor")
    expect(sam.get_by_role("button", name="Account of Sam Okafor")).to_be_visible()


def test_an_unverified_address_of_github_does_not_sign_in(new_page: NewPage) -> None:
    page = new_page()
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Continue with GitHub").click()
    page.get_by_role("button", name="Kim Unverified").click()
    expect(heading(page, "Look into your mail")).to_be_visible()


def test_another_companys_word_does_not_open_an_existing_account(new_page: NewPage) -> None:
    page = new_page()
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Continue with Google").click()
    page.get_by_role("button", name="Demo Buyer").click()
    expect(heading(page, "Look into your mail")).to_be_visible()
    page.goto("/account/")
    expect(heading(page, "Sign in")).to_be_visible()
