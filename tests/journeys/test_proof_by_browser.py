"""What shows that credit arrived, or that it did not, and what follows when somebody lies."""

import re
from pathlib import Path
from uuid import uuid4

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.journeys.people import NewPage, confirm, expect_notice, expect_state
from tests.journeys.program import (
    Json,
    Program,
    money,
    offer,
    returned,
    settled,
    wait_for_money,
)
from tests.journeys.stack import Stack, wait_until
from tests.journeys.test_every_page import walk
from tests.journeys.test_unhappy_ends import decide
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.usefixtures("lied_about")


class Account:
    """The buyer's account at a provider, with a key that may read it."""

    def __init__(self, sandbox: SandboxProcess, provider: str, *, in_parts: bool = False) -> None:
        self.sandbox, self.provider, self.secret = sandbox, provider, f"key-{uuid4().hex}"
        self.key = f"111122223333 {self.secret} rest" if in_parts else self.secret

    def holds(self, **figures: float) -> None:
        path = f"providers/{self.provider}/accounts/{self.secret}/"
        self.sandbox.control("POST", path, figures)


@pytest.fixture(scope="module")
def lied_about(stack: Stack, sandbox: SandboxProcess, buyer: Program, seller: Program) -> Json:
    """Nothing was sent, the seller says it was, and says nothing more once that is disputed."""
    account = Account(sandbox, "aws", in_parts=True)
    account.holds(granted=100, used=0)
    listing = offer(stack, "Organisation with $5,000 of Activate credit")
    order = buyer.buy_and_pay(listing, listing["min_order_cents"])
    buyer.step(order, "readings", {"key": account.key})
    measured(buyer, order, "baseline_ready")
    seller.step(order, "transfer", {"note": "The organisation is yours."})
    assert measured(buyer, order, "done")["verdict"] == "refuted"
    text = "The organisation is still the seller's."
    return buyer.step(order, "dispute", {"reason": "not_received", "text": text})


def measured(buyer: Program, order: Json, state: str) -> Json:
    """Wait until the measuring has come so far."""

    def there() -> Json:
        now = buyer.order(order)["transfer"]["verification"]
        return now if now["state"] == state else None

    return wait_until(there, what=f"the measuring of {order['id']} is {state}")


def lend(page: Page, order: Json, key: str) -> None:
    page.goto(f"/orders/{order['id']}/")
    page.get_by_label("Key").fill(key)
    page.get_by_role("button", name="Lend the key").click()
    expect_notice(page, "kept encrypted")


def test_a_redeemed_code_is_seen_as_a_new_grant(
    stack: Stack, sandbox: SandboxProcess, new_page: NewPage, buyer: Program
) -> None:
    account = Account(sandbox, "aws", in_parts=True)
    account.holds(granted=40, used=15)
    page = new_page("buyer@example.com")
    order = buyer.buy_and_pay(offer(stack, "Promotional codes of $100"), 10000)
    lend(page, order, account.key)
    expect(page.get_by_text("Your balance was read.")).to_be_visible()
    page.get_by_role("button", name="Reveal the codes").click()
    expect(page.get_by_text(re.compile(r"^DEMO-(\w{4}-?){3}$"))).to_have_count(1)
    # Redeemed: a second row of credit, and some of the first is spent meanwhile.
    account.holds(granted=140, used=31)
    page.get_by_role("link", name="Back to the order").click()
    expect_state(page, "This trade is complete")
    done = buyer.order(order)
    verification = done["transfer"]["verification"]
    assert (verification["rung"], verification["verdict"]) == ("api_grant_row", "verified")
    assert verification["measured_cents"] == 10000
    assert not {"confirmed", "accepted_by_silence"} & {event["kind"] for event in done["events"]}
    wait_for_money(stack, order, settled(order))


def test_a_short_delivery_is_settled_pro_rata(
    stack: Stack, sandbox: SandboxProcess, new_page: NewPage, buyer: Program, seller: Program
) -> None:
    account = Account(sandbox, "vast")
    account.holds(remaining=4)
    page, other = new_page("buyer@example.com"), new_page("seller@example.com")
    order = buyer.buy_and_pay(offer(stack, "Balance for GPU hours"), 4000)
    buyer.step(order, "readings", {"key": account.key})
    measured(buyer, order, "baseline_ready")
    account.holds(remaining=34)
    seller.step(order, "transfer", {"note": "Sent"})
    measured(buyer, order, "done")
    page.goto(f"/orders/{order['id']}/")
    expect(page.get_by_text("$30.00 measured of $40.00")).to_be_visible()
    confirm(page, "Settle for the part")
    expect_notice(page, "The seller is asked")
    assert money(stack, order) == {"charged_cents": 2400}
    other.goto(f"/orders/{order['id']}/")
    confirm(other, "Settle for the part")
    expect_state(other, "This trade is complete")
    # Three quarters of $24.00; of that 8 % commission.
    parts = {"charged_cents": 2400, "refunded_cents": 600, "transferred_cents": 1656}
    wait_for_money(stack, order, parts)


def test_documents_show_an_arrival_that_nothing_can_read(
    stack: Stack, new_page: NewPage, buyer: Program, seller: Program, tmp_path: Path
) -> None:
    listing = offer(stack, "Prepaid credit for images, video and language models")
    order = buyer.buy_and_pay(listing, 5000)
    seller.step(order, "transfer", {"note": "Replicate moved it to the account you named."})
    other, desk = new_page("seller@example.com"), new_page("moderator@example.com")
    other.goto(f"/listings/{listing['id']}/")
    expect(other.get_by_text("written consent").first).to_be_visible()
    for number, shows in enumerate(("Whose account it is", "A mail or document of the provider")):
        other.goto(f"/orders/{order['id']}/evidence/")
        other.get_by_label("Picture").set_input_files(a_picture(tmp_path, number))
        other.get_by_role("radio", name=shows).check()
        other.get_by_role("button", name="Hand it in").click()
        expect_notice(other, "Handed in.")
    desk.goto("/console/?kind=documents")
    desk.get_by_role("link", name=order["title"]).last.click()
    desk.get_by_label("Why you read it").fill("To compare the documents.")
    desk.get_by_role("button", name="Read it").click()
    expect(desk.get_by_role("link", name="Whose account it is")).to_be_visible()
    desk.get_by_role("link", name="Back to the order").click()
    desk.get_by_role("radio", name="They show that all of it arrived").check()
    desk.get_by_label("Reason").fill("The invoice names the account in the other picture.")
    desk.get_by_role("button", name="Conclude").click()
    expect(desk.get_by_text("Written into the verification report")).to_be_visible()
    done = buyer.until(order, "completed")
    assert done["transfer"]["verification"]["rung"] == "identity_and_document"
    walk(other, f"/orders/{order['id']}/report/")
    expect(other.get_by_text("The invoice names the account").first).to_be_visible()
    wait_for_money(stack, order, settled(order))


def a_picture(folder: Path, number: int) -> Path:
    path = folder / f"shot-{number}.png"
    Image.new("RGB", (60, 40), (*uuid4().bytes[:2], number)).save(path)
    return path


def test_a_buyer_who_denies_what_the_log_shows_loses_the_appeal_too(
    stack: Stack, new_page: NewPage, buyer: Program
) -> None:
    order = buyer.buy_and_pay(offer(stack, "Coupons of $20 for image"), 2000)
    buyer.step(order, "reveal")
    text = "I was never shown a code, and want my money back."
    buyer.step(order, "dispute", {"reason": "not_received", "text": text})
    page, desk = new_page("buyer@example.com"), new_page("moderator@example.com")
    second = new_page("moderator2@example.com")
    page.goto(f"/orders/{order['id']}/dispute/")
    expect(page.get_by_text("The log shows when the codes were shown").first).to_be_visible()
    decide(desk, order, "Release the payment to the seller")
    page.reload()
    page.get_by_text("I think the decision is wrong").click()
    page.get_by_label("What did the decision miss?").fill("The page was empty, I say it again.")
    page.get_by_role("button", name="Appeal").click()
    expect_notice(page, "appeal")
    assert money(stack, order) == {"charged_cents": order["price_cents"]}
    desk.reload()
    expect(desk.get_by_text("another moderator decides")).to_be_visible()
    decide(second, order, "Release the payment to the seller")
    page.goto(f"/orders/{order['id']}/")
    expect_state(page, "This trade is complete")
    wait_for_money(stack, order, settled(order))


def test_a_seller_who_only_says_that_it_was_sent_gets_nothing(
    stack: Stack, new_page: NewPage, buyer: Program, lied_about: Json
) -> None:
    page = new_page("buyer@example.com")
    buyer.until(lied_about, "cancelled", seconds=90)
    page.goto(f"/orders/{lied_about['id']}/")
    expect_state(page, "This order was cancelled")
    expect(page.get_by_text("The seller did not answer.").first).to_be_visible()
    expect(page.get_by_text("Nothing arrived, and spending").first).to_be_visible()
    wait_for_money(stack, lied_about, returned(lied_about))
