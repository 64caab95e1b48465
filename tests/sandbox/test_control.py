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


def test_its_forms_come_back_to_it(sandbox: Sandbox) -> None:
    headers = {"Accept": "text/html"}
    url = f"{sandbox.url}/_control/clock/"
    form = {"advance_seconds": "60"}
    answer = requests.post(url, data=form, headers=headers, allow_redirects=False, timeout=5)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/_control/")
    assert 59 < sandbox.control("clock/")["offset"] < 61
    assert requests.post(url, json={"advance_seconds": -1}, timeout=5).status_code == 400
    assert requests.post(url, data="not json", timeout=5).status_code == 400


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
