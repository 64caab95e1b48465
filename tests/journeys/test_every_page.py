"""Every page that a person can reach: it answers, fits, keeps quiet, and is accessible."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, ViewportSize, expect

from tests.journeys.people import NewPage, expect_state
from tests.journeys.program import Program, offer
from tests.journeys.stack import Stack

WIDE: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
LOOKS: Any = ((WIDE, "light"), (PHONE, "dark"), (PHONE, "light"), (WIDE, "dark"))
# Layout differs between sizes and colours between themes: two looks show axe all of both.
EXAMINED = LOOKS[:2]
PUBLIC = (
    "/",
    "/listings/",
    "/listings/?q=nothing+fits+this",
    "/providers/",
    "/providers/replicate/",
    "/providers/vast/",
    "/guides/",
    "/market/",
    "/sell/",
    "/fees/",
    "/terms/",
    "/privacy/",
    "/imprint/",
    "/help/",
    "/contact/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
)
MEMBER = (
    "/account/",
    "/account/inbox/",
    "/account/tokens/",
    "/account/payouts/",
    "/accounts/email/",
    "/accounts/3rdparty/",
    "/orders/",
    "/orders/?role=seller",
    "/sell/",
)
SELLER = ("/sell/new/", "/sell/new/?provider=replicate")
CONSOLE = (
    "/console/",
    "/console/listings/listing/",
    "/console/orders/order/",
    "/console/orders/dispute/",
    "/console/payments/escrow/",
)
GRAVE = ("serious", "critical")


@pytest.fixture(scope="module")
def places(stack: Stack, buyer: Program, seller: Program) -> dict[str, tuple[str, ...]]:
    """The paths of each kind of visitor, with an offer and an order that is under way."""
    listing = offer(stack, "Balance for GPU hours")
    order = buyer.buy_and_pay(listing, 1000)
    coded = buyer.buy_and_pay(offer(stack, "Coupons of $20 for image"), 2000)
    here, there = f"/listings/{listing['id']}/", f"/orders/{order['id']}/"
    return {
        "": (*PUBLIC, here, f"{here}report/"),
        "buyer@example.com": (*MEMBER, here, there, f"{there}dispute/", f"/orders/{coded['id']}/"),
        "seller@example.com": (*MEMBER, *SELLER, here, f"/sell/{listing['id']}/", there),
        "moderator@example.com": (*CONSOLE, f"/console/listings/listing/{listing['id']}/change/"),
    }


@pytest.mark.parametrize("email", ["", "buyer@example.com", "seller@example.com"])
def test_a_page(new_page: NewPage, places: dict[str, tuple[str, ...]], email: str) -> None:
    """Wide and on a phone, light and dark; no console error, no style or script refused."""
    walk(new_page, email, places[email])


def test_the_console(new_page: NewPage, places: dict[str, tuple[str, ...]]) -> None:
    walk(new_page, "moderator@example.com", places["moderator@example.com"])


def walk(new_page: NewPage, email: str, paths: tuple[str, ...]) -> None:
    page = new_page(email)
    problems: list[str] = []
    for path in paths:
        answer = page.goto(path)
        assert answer is not None
        if answer.status != 200:
            problems.append(f"{path}: {answer.status}")
            continue
        for size, theme in LOOKS:
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            found = overflow(page)
            if (size, theme) in EXAMINED:
                found += violations(page)
            problems += [f"{path} {size['width']} {theme}: {one}" for one in found]
    assert problems == [], "\n".join(problems)


def overflow(page: Page) -> list[str]:
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [f"wider than the window by {wide} px"] if wide > 0 else []


def violations(page: Page) -> list[str]:
    """What axe finds that is serious or critical."""
    return [
        f"{one['id']}: {one['help']}: {[node['target'] for node in one['nodes']][:3]}"
        for one in Axe().run(page).response["violations"]
        if one["impact"] in GRAVE
    ]


def test_the_keyboard_reaches_the_main_action(
    stack: Stack, new_page: NewPage, buyer: Program, seller: Program
) -> None:
    listing = offer(stack, "Balance for GPU hours")
    order = buyer.buy_and_pay(listing, 1000)
    seller.step(order, "transfer", {"note": "Sent"})
    page = new_page("buyer@example.com")
    for path, name in (
        (f"/listings/{listing['id']}/", "Continue to payment"),
        (f"/orders/{order['id']}/", "It arrived"),
    ):
        page.goto(path)
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        action = page.get_by_role("button", name=name)
        assert any(tabbed_to(page, action) for _ in range(20)), f"{name} on {path}"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect_state(page, "This trade is complete")


def tabbed_to(page: Page, action: Locator) -> bool:
    page.keyboard.press("Tab")
    return bool(action.evaluate("element => element === document.activeElement"))
