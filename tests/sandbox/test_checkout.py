"""The hosted payment page, from the session to the fee."""

import re
import time

import pytest
import requests
import stripe

from tests.sandbox.conftest import Sandbox


def test_a_card_pays_and_the_fee_arrives_later(sandbox: Sandbox) -> None:
    session = sandbox.session(client_reference_id="order_1")
    assert session.payment_intent is None
    page = requests.get(session.url, timeout=5)
    assert page.ok
    assert set(re.findall(r'name="(\w+)"', page.text)) >= {"number", "exp", "cvc", "name"}

    answer = sandbox.fill(session.url)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"http://127.0.0.1:9/paid?s={session.id}"

    found = sandbox.api.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent.latest_charge", "line_items"]}
    )
    assert (found.status, found.payment_status) == ("complete", "paid")
    charge = found.payment_intent.latest_charge
    assert found.payment_intent.status == "succeeded"
    assert charge.transfer_group == "order_1"
    assert charge.metadata["order"] == "order_1"
    assert charge.balance_transaction is None
    assert found.line_items.data[0].amount_total == 4200

    sandbox.advance(31)
    found = sandbox.api.v1.charges.retrieve(charge.id, {"expand": ["balance_transaction"]})
    line = found.balance_transaction
    assert (line.amount, line.fee, line.net) == (4200, 152, 4048)
    assert line.status == "pending"
    assert sandbox.api.v1.balance.retrieve().pending[0].amount == 4048
    sandbox.advance(60)
    balance = sandbox.api.v1.balance.retrieve()
    assert (balance.available[0].amount, balance.pending[0].amount) == (4048, 0)
    assert sandbox.receiver.wait_for("charge.updated")["data"]["object"]["balance_transaction"]
    assert sandbox.receiver.kinds()[:4] == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]


@pytest.mark.parametrize(
    ("number", "reason", "code", "decline"),
    [
        ("4000000000000002", "was declined", "card_declined", "generic_decline"),
        ("4000000000009995", "insufficient funds", "card_declined", "insufficient_funds"),
        ("4000000000009987", "was declined", "card_declined", "lost_card"),
        ("4000000000009979", "was declined", "card_declined", "stolen_card"),
        ("4000000000000069", "expired", "expired_card", None),
        ("4000000000000127", "security code is incorrect", "incorrect_cvc", None),
        ("4000000000000119", "processing", "processing_error", None),
    ],
)
def test_a_declined_card_keeps_the_form(
    sandbox: Sandbox, number: str, reason: str, code: str, decline: str | None
) -> None:
    session = sandbox.session()
    answer = sandbox.fill(session.url, number)
    assert answer.status_code == 200
    assert reason in answer.text.replace("&#x27;", "'")
    assert 'name="number"' in answer.text

    found = sandbox.api.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (found.status, found.payment_intent.status) == ("open", "requires_payment_method")
    error = found.payment_intent.last_payment_error
    assert error.code == code
    assert getattr(error, "decline_code", None) == decline
    assert sandbox.control("money/")["charged_cents"] == 0

    assert sandbox.fill(session.url).status_code == 303
    intent = sandbox.api.v1.payment_intents.retrieve(found.payment_intent.id)
    assert intent.status == "succeeded"
    assert len(sandbox.api.v1.charges.list({"payment_intent": intent.id}).data) == 2


def test_mistyped_fields_are_named(sandbox: Sandbox) -> None:
    url = sandbox.session().url
    assert "number is not valid" in sandbox.fill(url, "4242424242424241").text
    assert "in the past" in sandbox.fill(url, exp="01/20").text
    assert "MM / YY" in sandbox.fill(url, exp="soon").text
    assert "three or four" in sandbox.fill(url, cvc="1").text
    assert "only takes test cards" in sandbox.fill(url, "4111111111111111").text


@pytest.mark.parametrize(
    ("number", "outcome", "ends"),
    [
        ("4000002760003184", "complete", "succeeded"),
        ("4000002500003155", "complete", "succeeded"),
        ("4000002760003184", "fail", "requires_payment_method"),
        ("4000008400001629", "complete", "requires_payment_method"),
    ],
)
def test_authentication_comes_before_the_charge(
    sandbox: Sandbox, number: str, outcome: str, ends: str
) -> None:
    session = sandbox.session()
    answer = sandbox.fill(session.url, number)
    assert answer.status_code == 303
    url = sandbox.url + answer.headers["Location"]
    assert ">Complete<" in requests.get(url, timeout=5).text
    assert sandbox.api.v1.payment_intents.list().data[0].status == "requires_action"
    answer = requests.post(url, data={"outcome": outcome}, allow_redirects=False, timeout=5)
    assert answer.status_code == (303 if ends == "succeeded" else 200)
    assert sandbox.api.v1.payment_intents.list().data[0].status == ends


def test_a_form_sent_twice_charges_once(sandbox: Sandbox) -> None:
    session = sandbox.session()
    first, second = sandbox.fill(session.url), sandbox.fill(session.url)
    assert first.headers["Location"] == second.headers["Location"]
    assert sandbox.control("money/")["charged_cents"] == 4200
    assert "already been paid" in requests.get(session.url, timeout=5).text


def test_a_session_expires_by_clock_and_by_call(sandbox: Sandbox) -> None:
    soon = sandbox.session(expires_at=int(time.time()) + 1800)
    called = sandbox.session()
    sandbox.api.v1.checkout.sessions.expire(called.id)
    sandbox.advance(1801)
    for session in (soon, called):
        found = sandbox.api.v1.checkout.sessions.retrieve(session.id)
        assert (found.status, found.url) == ("expired", None)
        assert "has expired" in sandbox.fill(session.url).text
    sandbox.receiver.wait_for("checkout.session.expired", times=2)
    assert sandbox.control("money/")["charged_cents"] == 0
    with pytest.raises(stripe.InvalidRequestError):
        sandbox.api.v1.checkout.sessions.expire(soon.id)
    later = sandbox.session(expires_at=int(time.time()) + 1800)
    assert sandbox.fill(later.url).status_code == 303


def test_payment_intents_without_a_page(sandbox: Sandbox) -> None:
    intents = sandbox.api.v1.payment_intents
    paid = intents.create(
        {"amount": 500, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
    )
    assert paid.status == "succeeded"
    params = {"amount": 500, "currency": "usd", "payment_method": "pm_card_visa_chargeDeclined"}
    waiting = intents.create(params)
    with pytest.raises(stripe.CardError) as declined:
        intents.confirm(waiting.id)
    assert declined.value.code == "card_declined"
    assert declined.value.http_status == 402
    assert intents.cancel(waiting.id).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError):
        intents.cancel(paid.id)
