"""Offers in a real browser: what scripts add, and nothing that keeps anybody out."""

import re
from urllib.parse import quote_plus

import pytest
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import Person
from listings.models import Listing
from listings.quotes import quote
from tests.browser import violations
from tests.factories import a_document, a_listing, a_provider

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("live_server")]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


@pytest.fixture
def offer(seller: Person) -> Listing:
    vast = a_provider("vast", name="Vast.ai", resale_policy="unknown")
    a_listing(seller=seller, title="Another offer", discount_bp=3000)
    return a_listing(seller=seller, provider=vast, title="GPU balance", discount_bp=4250)


def sign_in(context: BrowserContext, person: Person, base_url: str) -> None:
    client = Client()
    client.force_login(person)
    session = client.cookies["session"]
    context.add_cookies([{"name": "session", "value": session.value, "url": base_url}])


def test_nothing_keeps_anybody_out(
    page: Page, context: BrowserContext, base_url: str, offer: Listing, seller: Person
) -> None:
    draft = a_listing(seller=seller, status="draft", provider=a_provider("vast"))
    public = ["/listings/", "/listings/?q=none", offer.get_absolute_url(), "/market/", "/sell/"]
    public += [f"{offer.get_absolute_url()}{page}" for page in ("report/", "questions/")]
    own = ["/sell/", "/sell/new/", "/sell/new/?provider=vast", f"/sell/{draft.pk}/"]
    for addresses in (public, own):
        for address in addresses:
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                page.set_viewport_size(PHONE if scheme == "dark" else DESK)
                page.goto(address)
                found = violations(page)
                assert [(v["id"], v["help"]) for v in found] == [], address
                wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert wide <= 0, address
        sign_in(context, seller, base_url)


def test_what_was_looked_for_lately_is_offered_again(page: Page, offer: Listing) -> None:
    page.goto("/listings/")
    lately = page.locator("[data-lately]")
    expect(lately).to_be_hidden()
    for words in ("GPU balance", "another"):
        page.locator("[name=q]").fill(words)
        page.get_by_role("button", name="Search").click()
        expect(lately.get_by_role("link", name=words)).to_be_visible()
    page.goto("/listings/")
    expect(lately.get_by_role("link")).to_have_text(["another", "GPU balance"])
    lately.get_by_role("link", name="GPU balance").click()
    expect(page.locator(".offer")).to_have_count(1)
    expect(lately.get_by_role("link")).to_have_text(["GPU balance", "another"])
    lately.get_by_role("button", name="Forget these").click()
    expect(lately).to_be_hidden()
    page.goto("/listings/?q=" + "x" * 61)
    expect(lately).to_be_hidden()


def test_a_filter_answers_at_once_and_the_address_says_it(page: Page, offer: Listing) -> None:
    page.goto("/listings/")
    expect(page.locator(".offer")).to_have_count(2)
    page.get_by_label("Discount").select_option("4000")
    expect(page.locator(".offer")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"/listings/\?min_discount_bp=4000$"))
    page.get_by_role("link", name="Remove: 40% off or more").click()
    expect(page.locator(".offer")).to_have_count(2)


def test_the_price_follows_the_amount(page: Page, offer: Listing) -> None:
    page.goto(offer.get_absolute_url())
    amount, price = page.get_by_label("Amount of credit"), page.locator("output[name=price]")
    for dollars in (10, 130, 500):
        amount.fill(f"{dollars}.00")
        cents = quote(offer, dollars * 100).price_cents
        expect(price).to_have_text(f"${cents // 100}.{cents % 100:02}")
    amount.fill("14")
    expect(page.get_by_text("Not offered. Nearest: $10.00 or $20.00.")).to_be_visible()
    expect(price).to_have_text("–")
    page.get_by_role("link", name="$120").click()
    expect(amount).to_have_value("120.00")
    sign_in_link = page.get_by_role("link", name="Sign in to buy")
    back = f"{offer.get_absolute_url()}?face_value=120.00"
    expect(sign_in_link).to_have_attribute("href", re.compile(re.escape(quote_plus(back))))
    expect(page).to_have_url(re.compile(r"/$"))


def test_a_seller_sees_what_they_would_receive(
    page: Page, context: BrowserContext, base_url: str, offer: Listing, seller: Person
) -> None:
    sign_in(context, seller, base_url)
    page.goto("/sell/new/?provider=vast")
    page.get_by_label("Title").fill("Balance from a browser")
    page.get_by_label("Face value").fill("200")
    page.get_by_label("Discount").fill("29.99")
    expect(page.locator("output[name=proceeds]")).to_have_text("–")
    page.get_by_label("Balance transfer").check()
    page.get_by_role("button", name="Save as a draft").click()
    expect(page.get_by_text("Offer a discount between 30 and 70 percent.")).to_be_visible()
    page.get_by_label("Discount").fill("45")
    expect(page.locator("output[name=proceeds]")).to_have_text("$101.20")
    page.get_by_role("button", name="Save as a draft").click()
    letter = a_document("letter.pdf")
    content = {"name": letter.name, "mimeType": "application/pdf", "buffer": letter.read()}
    page.get_by_label("Document").set_input_files(files=[content])
    page.get_by_role("button", name="Attach").click()
    page.get_by_role("button", name="Hand in for review").click()
    expect(page.get_by_text("Handed in. A moderator looks at it")).to_be_visible()
    page.get_by_role("button", name="Withdraw").click()
    page.get_by_role("dialog").get_by_role("button", name="Withdraw").click()
    expect(page.get_by_text("Withdrawn. Orders under way go on.")).to_be_visible()
    assert Listing.objects.get(title="Balance from a browser").status == "withdrawn"
