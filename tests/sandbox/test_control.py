"""The control page and calls."""

import requests

from tests.sandbox.conftest import Sandbox


def test_the_page_shows_everything_with_a_button_for_each(sandbox: Sandbox) -> None:
    seller, charge = sandbox.seller(), sandbox.paid()
    sandbox.transfer(charge, seller, 100)
    sandbox.fault("status_500", "/v1/transfers")
    page = requests.get(f"{sandbox.url}/_control/", timeout=5)
    assert page.ok
    for part in (charge.id, seller, "/stripe/v1/transfers", "status_500", "42.00", "Move forward"):
        assert part in page.text
    headers = {"Accept": "application/json"}
    overview = requests.get(f"{sandbox.url}/_control/", headers=headers, timeout=5).json()
    assert overview["money"]["transferred_cents"] == 100


def test_its_forms_come_back_to_it(sandbox: Sandbox) -> None:
    headers = {"Accept": "text/html"}
    url = f"{sandbox.url}/_control/clock/"
    form = {"advance_seconds": "60"}
    answer = requests.post(url, data=form, headers=headers, allow_redirects=False, timeout=5)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/_control/")
    assert 59 < sandbox.control("clock/")["offset"] < 61
    assert requests.post(url, json={"advance_seconds": -1}, timeout=5).status_code == 400
    assert requests.post(url, data="not json", timeout=5).status_code == 400
    sandbox.control("reset/", {})
    assert sandbox.control("clock/")["offset"] == 0


def test_money_is_counted_by_transfer_group(sandbox: Sandbox) -> None:
    seller = sandbox.seller()
    first, second = sandbox.paid(4200, "a"), sandbox.paid(1000, "b")
    sandbox.transfer(first, seller, 4000)
    sandbox.api.v1.refunds.create({"charge": second.id, "amount": 400})
    moved = sandbox.control("money/")
    assert (moved["charged_cents"], moved["transferred_cents"]) == (5200, 4000)
    assert moved["refunded_cents"] == 400
    assert moved["groups"]["a"] == {
        "charged_cents": 4200,
        "refunded_cents": 0,
        "transferred_cents": 4000,
        "reversed_cents": 0,
        "paid_out_cents": 0,
        "disputed_cents": 0,
    }
    assert moved["groups"]["b"]["refunded_cents"] == 400
    assert list(sandbox.control("money/?transfer_group=b")["groups"]) == ["b"]


def test_sellers_are_made_ready_many_at_once(sandbox: Sandbox) -> None:
    made = sandbox.control("accounts/", {"count": 3})["ids"]
    assert len(set(made)) == 3
    sandbox.transfer(sandbox.paid(), made[2], 100)
    url = f"{sandbox.url}/_control/accounts/"
    for count in (0, 201, "x"):
        assert requests.post(url, json={"count": count}, timeout=5).status_code == 400


def test_books_of_earlier_trades_add_up_and_tell_nobody(sandbox: Sandbox) -> None:
    seller = sandbox.seller()
    trade = {"amount_cents": 4200, "destination": seller, "at": 1_760_000_000}
    released = trade | {"transfer_group": "a", "transfer_cents": 3864, "payout_cents": 3000}
    refunded = trade | {"transfer_group": "b", "refund_cents": 4200}
    before = len(sandbox.api.v1.events.list({"limit": 100}).data)
    made = sandbox.control("books/", {"trades": [released, refunded]})["results"]
    session = sandbox.api.v1.checkout.sessions.retrieve(made[0]["session"])
    assert (session.payment_status, session.payment_intent) == ("paid", made[0]["payment_intent"])
    charge = sandbox.api.v1.charges.retrieve(made[0]["charge"])
    assert charge.balance_transaction == made[0]["balance_transaction"]
    assert charge.created == 1_760_000_000
    assert sandbox.api.v1.transfers.retrieve(made[0]["transfer"]).transfer_group == "a"
    assert sandbox.api.v1.refunds.retrieve(made[1]["refund"]).status == "succeeded"
    at_seller = {"stripe_account": seller}
    assert sandbox.api.v1.payouts.retrieve(made[0]["payout"], options=at_seller).status == "paid"
    assert sandbox.api.v1.balance.retrieve(options=at_seller).available[0].amount == 864
    moved = sandbox.control("money/")
    assert (moved["charged_cents"], moved["paid_out_cents"]) == (8400, 3000)
    assert moved["groups"]["b"]["refunded_cents"] == 4200
    sandbox.advance(100)
    assert sandbox.api.v1.balance.retrieve().available[0].amount == 8400 - 304 - 3864 - 4200
    assert len(sandbox.api.v1.events.list({"limit": 100}).data) == before
    half = {"trades": [released | {"transfer_cents": 9999}]}
    url = f"{sandbox.url}/_control/books/"
    assert requests.post(url, json=half, timeout=5).status_code == 400
    assert sandbox.control("money/")["charged_cents"] == 8400
