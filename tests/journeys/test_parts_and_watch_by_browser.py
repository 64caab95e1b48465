"""Credit that comes in parts of which the last never does, and credit that is gone again later."""

from playwright.sync_api import expect

from tests.journeys.people import NewPage, expect_state
from tests.journeys.program import Program, offer, settled, wait_for_money
from tests.journeys.stack import Stack, wait_until
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
    expect(page.get_by_text("$200.00 of credit is with Bea Novak.").first).to_be_visible()
    expect(page.get_by_text("Was never sent, and is not paid for.")).to_be_visible()
    wait_for_money(stack, order, paid | {"refunded_cents": order["price_cents"] - share})


def test_credit_that_is_gone_again_is_given_back(
    stack: Stack, sandbox: SandboxProcess, new_page: NewPage, buyer: Program, seller: Program
) -> None:
    account = Account(sandbox, "openrouter")
    account.holds(granted=10, used=2)
    page, desk = new_page("buyer@example.com"), new_page("moderator@example.com")
    order = buyer.buy_and_pay(offer(stack, OFFER), 50_00)
    page.goto(f"/orders/{order['id']}/")
    page.get_by_label("Key").fill(account.key)
    page.get_by_role("checkbox", name="Read the balance on").check()
    page.get_by_role("button", name="Lend the key").click()
    measured(buyer, order, "baseline_ready")
    account.holds(granted=60, used=4)
    seller.step(order, "transfer", {"note": "Sent"})
    buyer.until(order, "completed")
    wait_for_money(stack, order, settled(order))
    page.reload()
    expect(page.get_by_role("button", name="End the watch").first).to_be_visible()
    account.holds(granted=10, used=4)
    report = f"orders/{order['id']}/report/"
    wait_until(
        lambda: buyer.get(report)["report"]["watch"]["outcome"] == "dropped",
        what="the drop is seen",
    )
    page.reload()
    expect(page.get_by_text("The credit is gone again", exact=True).first).to_be_visible()
    for person in (page, new_page("seller@example.com")):
        person.goto("/account/inbox/")
        expect(person.get_by_text("Credit that had arrived is gone again").first).to_be_visible()
    person.goto("/account/payouts/")
    expect(person.get_by_text("In question").first).to_be_visible()
    desk.goto("/console/?kind=incident")
    desk.get_by_role("link", name="Credit reversed").first.click()
    given = desk.get_by_label("The buyer gets back")
    expect(given).to_have_value(f"{order['price_cents'] / 100:.2f}")
    expect(desk.get_by_text(f"${order['proceeds_cents'] / 100:.2f}").first).to_be_visible()
    desk.get_by_label("Reason").first.fill("The report shows when it went.")
    desk.get_by_role("button", name="Give it back").click()
    expect(desk.get_by_text("It is taken back from the seller").first).to_be_visible()
    both = {"reversed_cents": order["proceeds_cents"], "refunded_cents": order["price_cents"]}
    wait_for_money(stack, order, settled(order) | both)
    page.goto(f"/orders/{order['id']}/")
    expect(page.get_by_text("was given back to you afterwards").first).to_be_visible()
    expect_state(page, f"${order['price_cents'] / 100:.2f} was given back to Bea Novak")
    assert account.secret not in stack.log()
