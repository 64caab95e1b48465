"""Credit that comes in parts, of which the last never does."""

from playwright.sync_api import expect

from tests.journeys.people import NewPage, expect_state
from tests.journeys.program import Program, offer, wait_for_money
from tests.journeys.stack import Stack
from tests.journeys.test_proof_by_browser import Account, measured
from tests.sandbox_process import SandboxProcess

OFFER = "Startup credit for any model"


def test_a_part_is_paid_for_and_the_rest_goes_back(
    stack: Stack, sandbox: SandboxProcess, new_page: NewPage, buyer: Program, seller: Program
) -> None:
    account = Account(sandbox, "openrouter")
    account.holds(granted=10, used=2)
    page, other = new_page("buyer@example.com"), new_page("seller@example.com")
    order = buyer.buy_and_pay(offer(stack, OFFER), 500_00)
    buyer.step(order, "readings", {"key": account.key})
    measured(buyer, order, "baseline_ready")
    other.goto(f"/orders/{order['id']}/")
    other.get_by_label("Note to the buyer").fill("The first two hundred.")
    other.get_by_label("Only part of it").fill("200")
    account.holds(granted=210, used=3)
    other.get_by_role("button", name="Mark as sent").click()
    expect_state(other, "Send the rest")
    page.goto(f"/orders/{order['id']}/")
    expect(page.get_by_text("Arrived, and paid for.")).to_be_visible()
    share = order["price_cents"] * 2 // 5
    paid = {
        "charged_cents": order["price_cents"],
        "transferred_cents": order["proceeds_cents"] * 2 // 5,
    }
    wait_for_money(stack, order, paid)
    assert not {"confirmed", "completed"} & {step["kind"] for step in buyer.order(order)["events"]}
    # The second part never comes. Both agree on that.
    text = "Nothing more came, and nothing more was announced."
    buyer.step(order, "dispute", {"reason": "less_than_agreed", "text": text})
    seller.step(order, "dispute/concession")
    expect_state(page, "This trade is complete")
    expect(page.get_by_text(f"${share / 100:.2f} was released").first).to_be_visible()
    wait_for_money(stack, order, paid | {"refunded_cents": order["price_cents"] - share})
