"""Every page that a person can reach: it answers, fits, keeps quiet, and is accessible."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from tests import browser
from tests.journeys.people import NewPage, expect_state
from tests.journeys.program import Json, Program, offer
from tests.journeys.stack import Stack

WIDE: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
# Layout differs between sizes, and colours between themes: two looks show all of both.
LOOKS: Any = ((WIDE, "light"), (PHONE, "dark"))
PUBLIC = (
    "/",
    "/listings/",
    "/listings/?q=nothing+fits+this",
    "/listings/plan/?provider=vast&amount=300",
    "/listings/compare/",
    "/providers/",
    "/providers/replicate/",
    "/providers/vast/",
    "/guides/",
    "/standing/",
    "/how-disputes-end/",
    "/guides/replicate/",
    "/guides/vast/",
    "/guides/hetzner/",
    "/guides/?q=startup+months",
    "/compare/",
    "/compare/openrouter-vs-replicate/",
    "/calculators/",
    "/calculators/credit/?count=1000&thing=replicate.0",
    "/calculators/self-hosting/",
    "/calculators/expiry/",
    "/market/",
    "/market/replicate/",
    "/market/hetzner/",
    "/transparency/",
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
    "/dev/outbox/",
)
MEMBER = (
    "/account/",
    "/account/inbox/",
    "/account/mail/",
    "/account/merging/",
    "/account/privacy/",
    "/account/tokens/",
    "/account/payouts/",
    "/account/security/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/3rdparty/",
    "/listings/kept/",
    "/listings/kept/new/?q=gpu",
    "/orders/",
    "/orders/?role=seller",
    "/providers/vast/key/",
    "/sell/",
)
# What a seller sees otherwise than a buyer does.
SELLER = (
    "/account/",
    "/account/inbox/",
    "/account/payouts/",
    "/orders/?role=seller",
    "/sell/",
    "/sell/new/",
    "/sell/new/?provider=replicate",
)
CONSOLE = (
    "/console/",
    "/console/operations/",
    "/console/overview/",
    "/console/accounts/dial/",
    "/console/accounts/dial/COMMISSION_5FBP/change/?value=900",
    "/console/accounts/document/decisions/change/",
    "/console/listings/check/price_5Foff_5Fmarket/change/",
    "/console/listings/listing/",
    "/console/orders/order/",
    "/console/orders/dispute/",
    "/console/payments/escrow/",
    "/console/payments/ledgeraudit/",
    "/console/providers/provider/replicate/change/",
)
GRAVE = ("serious", "critical")


@pytest.fixture
def sent(stack: Stack, buyer: Program, seller: Program) -> Json:
    """An order that the buyer is to inspect."""
    order = buyer.buy_and_pay(offer(stack, "Balance for GPU hours"), 1000)
    return seller.step(order, "transfer", {"note": "Sent"})


def test_pages_of_a_visitor(stack: Stack, new_page: NewPage) -> None:
    listing = f"/listings/{offer(stack, 'Balance for GPU hours')['id']}/"
    walk(new_page(), listing, f"{listing}report/", *PUBLIC)


def test_pages_of_a_buyer(stack: Stack, new_page: NewPage, buyer: Program, sent: Json) -> None:
    coded = buyer.buy_and_pay(offer(stack, "Coupons of $20 for image"), 2000)
    order, codes = f"/orders/{sent['id']}/", f"/orders/{coded['id']}/"
    listing = f"/listings/{sent['listing']}/"
    page = new_page("buyer@example.com")
    walk(
        page,
        order,
        f"{order}dispute/",
        f"{order}messages/",
        f"{order}evidence/",
        codes,
        listing,
        *MEMBER,
    )


def test_pages_of_a_seller(new_page: NewPage, sent: Json) -> None:
    own, order = sent["listing"], f"/orders/{sent['id']}/"
    page = new_page("seller@example.com")
    walk(page, order, f"/listings/{own}/", f"/sell/{own}/", *SELLER)


def test_pages_of_a_moderator(new_page: NewPage, sent: Json) -> None:
    order = f"/console/orders/order/{sent['id']}/change/"
    listing = f"/console/listings/listing/{sent['listing']}/change/"
    walk(new_page("moderator@example.com"), order, listing, *CONSOLE)


def test_the_api_is_readable(new_page: NewPage) -> None:
    """Drawn by Swagger UI, whose markup is not ours: it shows every call and keeps quiet."""
    page = new_page()
    page.goto("/api/v1/docs/")
    expect(page.get_by_text("/api/v1/orders/{order_id}/confirmation/").first).to_be_visible()


def walk(page: Page, *paths: str) -> None:
    """Each page wide and on a phone, light and dark; `new_page` looks for complaints."""
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
            found = overflow(page) + borderless(page) + violations(page)
            problems += [f"{path} {size['width']} {theme}: {one}" for one in found]
    assert problems == [], "\n".join(problems)


def overflow(page: Page) -> list[str]:
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [f"wider than the window by {wide} px"] if wide > 0 else []


def borderless(page: Page) -> list[str]:
    """Fields without a line of their own or of what holds them: nobody sees where to write."""
    found = page.evaluate(
        """() => {
            const lined = (one) => {
                const { borderTopWidth, borderTopColor } = getComputedStyle(one);
                return parseFloat(borderTopWidth) > 0 && !/, 0\\)$/.test(borderTopColor);
            };
            const unseen = ["hidden", "checkbox", "radio", "range"];
            return [...document.querySelectorAll("input, select, textarea")]
                .filter((one) => !unseen.includes(one.type) && one.checkVisibility())
                .filter((one) => !lined(one) && !lined(one.parentElement))
                .map((one) => one.name || one.id);
        }"""
    )
    return [f"no border around {name}" for name in found]


def violations(page: Page) -> list[str]:
    """What axe finds that is serious or critical."""
    return [
        f"{one['id']}: {one['help']}: {[node['target'] for node in one['nodes']][:3]}"
        for one in browser.violations(page)
        if one["impact"] in GRAVE
    ]


def test_the_keyboard_reaches_the_main_action(new_page: NewPage, sent: Json) -> None:
    page = new_page("buyer@example.com")
    for path, name in (
        (f"/listings/{sent['listing']}/", "Continue to payment"),
        (f"/orders/{sent['id']}/", "It arrived"),
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


ACCOUNT = (
    "/account/",
    "/account/security/",
    "/account/tokens/",
    "/account/mail/",
    "/account/merging/",
    "/account/privacy/",
    "/account/payouts/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/2fa/totp/activate/",
)
# Numbers all that can be tabbed to; of a group of radio buttons that is one.
COUNT_STOPS = """() => {
    const kinds = "a[href], button, input:not([type=hidden]), select, textarea, summary";
    const groups = new Set();
    return [...document.querySelectorAll(kinds)]
        .filter((one) => one.checkVisibility() && !one.disabled)
        .filter((one) => one.type !== "radio" || !groups.has(one.name) && groups.add(one.name))
        .map((one, number) => (one.dataset.stop = one.type === "radio" ? one.name : number, one))
        .map((one) => [String(one.dataset.stop), one.outerHTML.slice(0, 90)]);
}"""
# Where the focus is, and whether that can be seen.
STOP = """() => {
    const { activeElement: one } = document;
    const { outlineStyle, boxShadow } = getComputedStyle(one);
    const stop = one.type === "radio" ? one.name : one.dataset.stop;
    return [stop ?? "", outlineStyle !== "none" || boxShadow !== "none"];
}"""


def test_the_keyboard_reaches_all_that_a_mouse_does(new_page: NewPage) -> None:
    """On the ways in, and on the pages of an account; and the focus is seen wherever it is."""
    problems: list[str] = []
    for page, paths in (
        (new_page(), ("/accounts/login/", "/accounts/signup/", "/accounts/password/reset/")),
        (new_page("buyer@example.com"), ACCOUNT),
    ):
        for path in paths:
            page.goto(path)
            stops = dict(page.evaluate(COUNT_STOPS))
            assert len(stops) > 10, path
            page.evaluate("document.activeElement.blur()")
            for _ in range(len(stops) + 5):
                page.keyboard.press("Tab")
                stop, is_seen = page.evaluate(STOP)
                if stop in stops and not is_seen:
                    problems.append(f"{path}: the focus is not seen on {stops[stop]}")
                stops.pop(stop, None)
            problems += [f"{path}: no way by keyboard to {what}" for what in stops.values()]
    assert problems == [], "\n".join(problems)


def tabbed_to(page: Page, action: Locator) -> bool:
    page.keyboard.press("Tab")
    return bool(action.evaluate("element => element === document.activeElement"))
