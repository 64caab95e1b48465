"""The console in a real browser: it works under its security policy, in both schemes."""

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Person
from listings.models import Listing, ListingStatus, Report
from payments.models import Incident
from tests.browser import violations
from tests.console import scenery
from tests.console.test_access import pages
from tests.factories import PASSWORD, a_listing, a_second_factor, code_now


@pytest.fixture
def listing(transactional_db: None, buyer: Person, seller: Person) -> Listing:
    scenery.all_of_it(buyer, seller)
    return Listing.objects.get(status=ListingStatus.IN_REVIEW)


def enter(page: Page, live_server: LiveServer, person: Person) -> None:
    a_second_factor(person)
    page.goto(f"{live_server.url}/console/")
    page.locator("[name=login]").fill(person.email)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    page.get_by_label("Code").fill(code_now())
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/console/")


def test_a_moderator_approves_from_the_queue(
    listing: Listing, live_server: LiveServer, page: Page, moderator: Person
) -> None:
    enter(page, live_server, moderator)
    page.get_by_role("link", name=listing.title).last.click()
    page.get_by_role("button", name="Approve").click()
    assert page.evaluate("document.querySelector('.decide :invalid') !== null")
    page.get_by_label("Reason").fill("The letter is from the provider.")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Approved: the offer is live.")).to_be_visible()
    listing.refresh_from_db()
    assert listing.status == ListingStatus.LIVE


def test_ten_mixed_cases_are_decided_with_the_keyboard_alone(
    listing: Listing, live_server: LiveServer, page: Page, moderator: Person
) -> None:
    """Somebody new to it: what `n` brings, `d` decides."""
    scenery.in_review()
    scenery.a_failed_payout()
    for one in (listing, a_listing()):
        scenery.a_report(one)
    enter(page, live_server, moderator)
    keys = page.keyboard
    page.mouse.move(0, 0)
    decided = []
    while len(decided) < 10:
        before = page.url
        keys.press("n")
        page.wait_for_url(lambda url, b=before: url != b)
        if page.locator(".decide").count() == 0:
            break
        kind = page.url.split("/")[5]
        if kind == "proposal":
            keys.press("q")
            page.wait_for_url("**/console/")
            continue
        keys.press("d")
        expect(page.locator(".decide :focus").first).to_be_visible()
        keys.type("Looked into it.")
        keys.press("Tab")
        expect(page.locator(".decide button:focus").first).to_be_visible()
        with page.expect_navigation():
            keys.press("Enter")
        decided.append(kind)
        keys.press("q")
        page.wait_for_url("**/console/")
    assert {"listing", "payout"} <= set(decided)
    assert {"incident", "instruction", "webhookevent", "report", "likeness"} <= set(decided)
    assert not Incident.objects.filter(closed_at=None).exists()
    assert not Report.objects.filter(closed_at=None).exists()
    # The list itself: down, open, back, and the help.
    keys.press("j")
    expect(page.locator("[data-queue] a:focus")).to_have_count(1)
    keys.press("c")
    expect(page.get_by_text("It is yours for a quarter of an hour.")).to_be_visible()
    keys.press("?")
    expect(page.locator("#keys")).to_be_visible()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_no_page_breaks_the_policy_or_its_frame(
    listing: Listing,
    live_server: LiveServer,
    page: Page,
    moderator: Person,
    scheme: str,
    width: int,
) -> None:
    enter(page, live_server, moderator)
    errors: list[str] = []
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    addresses = ["/console/", "/console/listings/listing/"]
    addresses += [
        known.address(row)
        for known, _, row in pages()
        if row and known.opts.model_name in ("person", "listing", "provider", "instruction")
    ]
    for address in addresses:
        page.goto(live_server.url + address)
        # The theme's script has run: without it the page would stay hidden.
        expect(page.locator("html:not([x-cloak])")).to_be_visible()
        assert page.evaluate("document.documentElement.classList.contains('dark')") == (
            scheme == "dark"
        )
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        if scheme == "light" and address.count("/") != 5:
            found = [f"{one['id']}: {one['nodes'][0]['target']}" for one in violations(page)]
            assert found == [], f"{address} {chr(10).join(found)}"
    assert errors == []
