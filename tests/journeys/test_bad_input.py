"""Bad input on the pages: a message at the field, what was typed is kept, nothing is made."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.people import NewPage, search

YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
PASTED = "Use my key r8_" + "Zk3Qw9Ty7" * 4 + "x"
GOOD = {
    "Title": "Balance that must never appear",
    "Description": "Left over.",
    "Face value": "100",
    "Discount": "40",
}


@pytest.fixture
def form(new_page: NewPage) -> Page:
    """A seller's form for Vast.ai credit, filled in well, without the browser's own checks."""
    page = new_page("seller@example.com")
    page.goto("/sell/new/?provider=vast")
    for label, text in GOOD.items():
        page.get_by_label(label).fill(text)
    page.locator("main form").evaluate_all("forms => forms.forEach(f => { f.noValidate = true })")
    return page


@pytest.mark.parametrize(
    ("label", "typed", "words"),
    [
        ("Discount", "29.99", "between 30 and 70"),
        ("Discount", "70.01", "between 30 and 70"),
        ("Face value", "0", "greater than or equal to 0.01"),
        ("Face value", "-5", "greater than or equal to 0.01"),
        ("Face value", "1e309", "Ensure"),
        ("Face value", "NaN", "Enter a number"),
        ("Description", PASTED, "looks like a key"),
        ("Expires on", YESTERDAY, "The credit must last until"),
    ],
)
def test_an_offer(form: Page, label: str, typed: str, words: str) -> None:
    field = form.get_by_label(label)
    field.fill(typed)
    form.get_by_role("button", name="Save as a draft").click()
    expect(form.get_by_text("Not saved yet")).to_be_visible()
    expect(field).to_have_value(typed)
    expect(field).to_have_attribute("aria-invalid", "true")
    assert field_errors(form, label, words)
    for other, text in GOOD.items():
        if other != label:
            expect(form.get_by_label(other)).to_have_value(text)
    form.goto("/sell/")
    expect(form.get_by_text(GOOD["Title"])).to_have_count(0)


def field_errors(page: Page, label: str, words: str) -> bool:
    """Whether the field is described by an error with these words."""
    field = page.get_by_label(label)
    ids = (field.get_attribute("aria-describedby") or "").split()
    texts = [page.locator(f"[id='{one}']").inner_text() for one in ids if one.endswith("_error")]
    return any(words in text for text in texts)


def test_an_amount_that_is_not_offered(new_page: NewPage) -> None:
    page = new_page("buyer2@example.com")
    search(page, "Balance for GPU hours")
    page.get_by_label("Amount of credit").fill("12.34")
    expect(page.get_by_text("Not offered. Nearest: $10.00 or $15.00.")).to_be_visible()
    page.locator("form.buy").evaluate("form => { form.noValidate = true }")
    page.get_by_role("button", name="Continue to payment").click()
    expect(page.get_by_role("alert")).to_contain_text("this much is not offered")


def test_a_script_in_a_search_stays_text(new_page: NewPage) -> None:
    page = new_page()
    page.goto("/listings/")
    page.get_by_role("searchbox").fill("<script>document.title='taken'</script>")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("No offer fits all of this")).to_be_visible()
    assert "taken" not in page.title()


def test_somebody_elses_order_is_not_there(new_page: NewPage) -> None:
    page = new_page("buyer2@example.com")
    for path in ("orders", "listings", "sell"):
        answer = page.goto(f"/{path}/00000000-0000-4000-8000-000000000000/")
        assert answer is not None and answer.status == 404
