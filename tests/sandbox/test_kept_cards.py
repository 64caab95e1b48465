"""A card kept on a hosted page, charged when its owner is not there, and forgotten again."""

from typing import Any

import pytest
import requests
import stripe

from tests.sandbox.conftest import Sandbox

NOTE = "Your card will be charged $42.00: two payments, one for each seller."


def setup(sandbox: Sandbox, **extra: Any) -> Any:
    params = {
        "mode": "setup",
        "currency": "usd",
        "customer_creation": "always",
        "customer_email": "ann@example.com",
        "allowed_payment_method_types": ["card"],
        "client_reference_id": "basket_1",
        "custom_text": {"submit": {"message": NOTE}},
        "success_url": "http://127.0.0.1:9/kept?s={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1:9/cancelled",
        **extra,
    }
    return sandbox.api.v1.checkout.sessions.create(params)


def kept(sandbox: Sandbox, number: str = "4242424242424242") -> dict[str, Any]:
    """The customer and the card of a completed set-up, as parameters of a payment."""
    session = setup(sandbox)
    answer = sandbox.fill(session.url, number)
    assert answer.status_code == 303
    if "authenticate" in answer.headers["Location"]:
        url = sandbox.url + answer.headers["Location"]
        requests.post(url, data={"outcome": "complete"}, allow_redirects=False, timeout=5)
    found = sandbox.api.v1.checkout.sessions.retrieve(session.id, {"expand": ["setup_intent"]})
    assert found.status == "complete"
    return {"customer": found.customer, "payment_method": found.setup_intent.payment_method}


def charge(sandbox: Sandbox, card: dict[str, Any], **extra: Any) -> Any:
    params = {"amount": 2100, "currency": "usd", "off_session": True, "confirm": True, **card}
    return sandbox.api.v1.payment_intents.create({**params, **extra})


def test_a_card_is_kept_and_charged_once_for_each(sandbox: Sandbox) -> None:
    session = setup(sandbox)
    page = requests.get(session.url, timeout=5).text
    assert NOTE in page
    assert "Save card" in page
    assert (session.payment_status, session.amount_total) == ("no_payment_required", None)
    answer = sandbox.fill(session.url)
    assert answer.headers["Location"] == f"http://127.0.0.1:9/kept?s={session.id}"
    assert sandbox.control("money/")["charged_cents"] == 0

    found = sandbox.api.v1.checkout.sessions.retrieve(session.id, {"expand": ["setup_intent"]})
    intent = found.setup_intent
    assert (found.status, intent.status, intent.customer) == (
        "complete",
        "succeeded",
        found.customer,
    )
    card = {"customer": found.customer, "payment_method": intent.payment_method}
    for group in ("one", "two"):
        paid = charge(sandbox, card, transfer_group=group, metadata={"order": group})
        assert (paid.status, paid.payment_method) == ("succeeded", intent.payment_method)
        one = sandbox.api.v1.charges.list({"transfer_group": group}).data[0]
        assert (one.customer, one.metadata["order"]) == (found.customer, group)
    assert len(sandbox.api.v1.payment_intents.list({"customer": found.customer}).data) == 2
    assert sandbox.api.v1.customers.retrieve(found.customer).email == "ann@example.com"
    sandbox.receiver.wait_for("payment_intent.succeeded", 2)
    assert sandbox.receiver.kinds()[:5] == [
        "setup_intent.created",
        "customer.created",
        "payment_method.attached",
        "setup_intent.succeeded",
        "checkout.session.completed",
    ]


def test_a_detached_card_is_charged_no_more(sandbox: Sandbox) -> None:
    card = kept(sandbox)
    key, methods = card["payment_method"], sandbox.api.v1.payment_methods
    assert [one.id for one in methods.list({"customer": card["customer"]}).data] == [key]
    assert methods.detach(key).customer is None
    assert sandbox.api.v1.customers.payment_methods.list(card["customer"]).data == []
    for refused in (
        lambda: charge(sandbox, card),
        lambda: methods.attach(key, {"customer": card["customer"]}),
        lambda: methods.detach(key),
    ):
        with pytest.raises(stripe.InvalidRequestError):
            refused()
    assert sandbox.control("money/")["charged_cents"] == 0


def test_a_deleted_customer_leaves_payments_and_nothing_else(sandbox: Sandbox) -> None:
    card, v1 = kept(sandbox), sandbox.api.v1
    paid = charge(sandbox, card)
    key = card["customer"]
    gone = {"id": key, "object": "customer", "deleted": True}
    assert v1.customers.delete(key).to_dict() == gone
    assert v1.customers.retrieve(key).to_dict() == gone
    assert v1.customers.list().data == []
    assert v1.payment_methods.retrieve(card["payment_method"]).customer is None
    assert [one.id for one in v1.payment_intents.list({"customer": key}).data] == [paid.id]
    for refused in (
        lambda: v1.customers.delete(key),
        lambda: charge(sandbox, card),
        lambda: v1.payment_methods.attach(card["payment_method"], {"customer": key}),
        lambda: v1.customers.delete("cus_nobody"),
    ):
        with pytest.raises(stripe.InvalidRequestError):
            refused()
    refund = v1.refunds.create({"charge": paid.latest_charge, "amount": 100})
    assert refund.status == "succeeded"
    sandbox.receiver.wait_for("customer.deleted", 1)


def test_a_card_is_charged_for_its_customer_alone(sandbox: Sandbox) -> None:
    mine, theirs = kept(sandbox), kept(sandbox)
    with pytest.raises(stripe.InvalidRequestError, match="does not have a payment method"):
        charge(sandbox, {**mine, "customer": theirs["customer"]})
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        charge(sandbox, {**mine, "customer": "cus_nobody"})
    assert sandbox.control("money/")["charged_cents"] == 0


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("4000000000000341", "card_declined"),
        ("4000002760003184", "authentication_required"),
        ("4000002500003155", ""),
    ],
)
def test_what_a_kept_card_does_when_it_is_charged(sandbox: Sandbox, number: str, code: str) -> None:
    card = kept(sandbox, number)
    if not code:
        assert charge(sandbox, card).status == "succeeded"
        return
    with pytest.raises(stripe.CardError) as refused:
        charge(sandbox, card)
    assert (refused.value.code, refused.value.http_status) == (code, 402)
    intent = sandbox.api.v1.payment_intents.list({"customer": card["customer"]}).data[0]
    assert (intent.status, intent.last_payment_error.code) == ("requires_payment_method", code)
    assert sandbox.control("money/")["charged_cents"] == 0


def test_a_card_that_its_bank_refuses_is_not_kept(sandbox: Sandbox) -> None:
    session = setup(sandbox)
    answer = sandbox.fill(session.url, "4000000000000002")
    assert answer.status_code == 200
    assert "declined" in answer.text
    location = sandbox.fill(session.url, "4000002760003184").headers["Location"]
    answer = requests.post(sandbox.url + location, data={"outcome": "fail"}, timeout=5)
    assert "could not be authenticated" in answer.text.replace("&#x27;", "'")
    found = sandbox.api.v1.checkout.sessions.retrieve(session.id, {"expand": ["setup_intent"]})
    assert (found.status, found.setup_intent.status) == ("open", "requires_payment_method")
    assert found.setup_intent.last_setup_error.code == "setup_intent_authentication_failure"
    assert sandbox.api.v1.customers.list().data == []

    sandbox.api.v1.checkout.sessions.expire(session.id)
    assert "expired" in sandbox.fill(session.url).text
    assert sandbox.api.v1.setup_intents.retrieve(found.setup_intent.id).status == "canceled"


@pytest.mark.parametrize(
    ("extra", "param"),
    [
        ({"payment_intent_data": {"transfer_group": "x"}}, "payment_intent_data"),
        ({"customer": "cus_1"}, "customer"),
        ({"payment_method_types": ["card"]}, "payment_method_types"),
    ],
)
def test_what_setting_up_a_card_does_not_take(
    sandbox: Sandbox, extra: dict[str, Any], param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        setup(sandbox, **extra)
    assert refused.value.param == param
