"""An order's page at every stage, as both parties see it: what is next, and what they can do."""

import re

import pytest
from django.test import Client

from accounts.models import Person
from orders.models import Order
from tests.orders.stages import AMOUNT, BY_CODE, CODES, SENT, STAGES, an_order, an_order_by
from tests.sandbox_process import SandboxProcess
from tests.trade import an_offer

METHODS = ("balance_transfer", "redeem_code")


def offered(page: str, order: Order) -> set[str]:
    """The steps that a page leads to: its forms, and the way to open a dispute."""
    steps = re.findall(rf'(?:action|href)="/orders/{order.pk}/(\w+)/"', page)
    is_disputed = getattr(order, "dispute", None) is not None
    return (
        set(steps)
        - {"receipt", "messages", "evidence", "rating"}
        - ({"dispute"} if is_disputed else set())
    )


def seen_by(person: Person, order: Order) -> str:
    client = Client()
    client.force_login(person)
    answer = client.get(order.get_absolute_url())
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    return answer.content.decode()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("stage", STAGES)
def test_each_stage_offers_what_it_allows(
    stage: str, method: str, sandbox: SandboxProcess, buyer: Person
) -> None:
    order = an_order_by(method, buyer, stage)
    table = BY_CODE if method == "redeem_code" else SENT
    for_buyer, for_seller = table.get(stage, (set(), set()))
    bought, sold = seen_by(buyer, order), seen_by(order.seller, order)
    assert offered(bought, order) == for_buyer
    assert offered(sold, order) == for_seller
    polls = 'hx-trigger="every' in bought
    assert polls == (order.deadline is not None)
    assert polls == ("data-countdown" in bought)
    for page in (bought, sold):
        assert not any(code in page for code in CODES)
        assert "confirm_" not in page
    # The commission is between the seller and us.
    assert "Commission" in sold
    assert "Commission" not in bought


HEADLINES = [
    ("placed", "", "Pay $30.00 for $50.00 of credit", "Bea pays $30.00"),
    ("paid", "", "Say where the credit should go", "Bea says where the credit should go"),
    ("paid", "bea@home", "Sol sends $50.00 of credit to you", "Send $50.00 of credit to Bea"),
    (
        "transferred",
        "",
        "Check that $50.00 of credit arrived, then confirm",
        "Bea checks what arrived",
    ),
    ("verified", "", *2 * ("The held payment is released to Sol",)),
    ("disputed", "", "Sol answers the dispute", "Answer the dispute"),
    ("accepted", "", *2 * ("This trade is complete",)),
    ("declined", "", *2 * ("This order was cancelled",)),
]


@pytest.mark.parametrize(("stage", "recipient", "to_buyer", "to_seller"), HEADLINES)
def test_each_stage_says_what_is_next(
    stage: str,
    recipient: str,
    to_buyer: str,
    to_seller: str,
    sandbox: SandboxProcess,
    buyer: Person,
) -> None:
    order = an_order(buyer=buyer, listing=an_offer(), stage=stage, recipient=recipient)
    assert headline(seen_by(buyer, order)) == to_buyer
    assert headline(seen_by(order.seller, order)) == to_seller


def headline(page: str) -> str:
    found = re.search(r'class="next-step.*?<h2>(.*?)</h2>', page, re.DOTALL)
    assert found
    return re.sub(r"<[^>]+>", "", found[1]).strip()


def test_the_lanes_say_where_money_and_credit_are(sandbox: SandboxProcess, buyer: Person) -> None:
    says = {
        "placed": "No money has moved. $50.00 of credit is with Sol.",
        "paid": "$30.00 of Bea is held. $50.00 of credit is with Sol.",
        "transferred": "$30.00 of Bea is held. $50.00 of credit was sent by Sol.",
        "confirmed": "$30.00 was released to Sol. $50.00 of credit is with Bea.",
        "declined": "$30.00 goes back to Bea. $50.00 of credit is with Sol.",
    }
    for stage, summary in says.items():
        order = an_order(buyer=buyer, listing=an_offer(), stage=stage)
        assert f'aria-label="{summary}"' in seen_by(buyer, order), stage


def test_what_people_wrote_is_escaped(sandbox: SandboxProcess, buyer: Person) -> None:
    nasty = "<script>alert(1)</script>"
    listing = an_offer(title=f"Credit {nasty}")
    order = an_order(buyer=buyer, listing=listing, stage="paid", recipient=nasty)
    for person in (buyer, order.seller):
        page = seen_by(person, order)
        assert nasty not in page
        assert "&lt;script&gt;" in page


def test_a_disputed_order_shows_both_sides_the_decision(
    sandbox: SandboxProcess, buyer: Person
) -> None:
    order = an_order(buyer=buyer, listing=an_offer(), stage="decided for the buyer")
    for person in (buyer, order.seller):
        page = seen_by(person, order)
        assert "Only half of it is there." in page
        assert "names the account" in page
        assert "Approver" not in page  # the moderator's name is nobody's business


def test_the_list_has_purchases_and_sales(sandbox: SandboxProcess, buyer: Person) -> None:
    order = an_order(buyer=buyer, listing=an_offer(), stage="placed")
    client = Client()
    client.force_login(buyer)
    assert order.title in client.get("/orders/").content.decode()
    assert "No sales yet" in client.get("/orders/?role=seller").content.decode()
    client.force_login(order.seller)
    assert "No purchases yet" in client.get("/orders/").content.decode()
    sales = client.get("/orders/?role=seller").content.decode()
    assert order.title in sales
    assert order.proceeds_cents == AMOUNT * 60 * 92 // 10_000
    assert "$27.60" in sales


def test_a_cursor_of_nobody_is_refused_politely(buyer: Person, client: Client) -> None:
    client.force_login(buyer)
    assert client.get("/orders/?cursor=nonsense").status_code == 400
