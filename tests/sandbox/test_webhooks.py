"""Webhooks: signed, retried, held, doubled, reversed, dropped, and kept over a kill -9."""

import time

import pytest
import stripe

from tests.sandbox.conftest import SECRET, Sandbox, wait_for

FLOW = [
    "payment_intent.created",
    "charge.succeeded",
    "payment_intent.succeeded",
    "checkout.session.completed",
]


def test_they_are_signed_and_carry_the_object(sandbox: Sandbox) -> None:
    charge = sandbox.paid()
    sandbox.receiver.wait_for("checkout.session.completed")
    body, header = sandbox.receiver.taken[-1]
    event = stripe.Webhook.construct_event(body, header, SECRET)
    assert event.type == "checkout.session.completed"
    assert event.data.object.payment_intent == charge.payment_intent
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, header, "whsec_other")
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body + b" ", header, SECRET)


def test_they_are_retried_until_taken(sandbox: Sandbox) -> None:
    sandbox.receiver.status = 503
    sandbox.paid()
    wait_for(lambda: sandbox.receiver.tried >= 6)
    events = sandbox.api.v1.events
    undelivered = events.list({"delivery_success": False})
    assert {event.type for event in undelivered.data} == set(FLOW)
    assert undelivered.data[0].pending_webhooks == 1
    sandbox.receiver.status = 200
    sandbox.receiver.wait_for("checkout.session.completed")
    wait_for(lambda: set(sandbox.receiver.kinds()) == set(FLOW))
    wait_for(lambda: not events.list({"delivery_success": False}).data)
    found = events.list({"type": "charge.succeeded"}).data[0]
    assert events.retrieve(found.id).data.object.amount == 4200


def test_held_ones_wait_for_release(sandbox: Sandbox) -> None:
    sandbox.control("webhooks/", {"mode": "hold"})
    sandbox.paid(group="held")
    sandbox.control("webhooks/", {"mode": "normal"})
    sandbox.paid(group="sent")
    sandbox.receiver.wait_for("checkout.session.completed")
    wait_for(lambda: len(sandbox.receiver.taken) == 4)
    assert sandbox.control("webhooks/")["held"] == 4
    assert sandbox.control("webhooks/release/", {})["released"] == 4
    sandbox.receiver.wait_for("checkout.session.completed", times=2)


def test_doubled_ones_come_twice(sandbox: Sandbox) -> None:
    sandbox.control("webhooks/", {"mode": "duplicate"})
    sandbox.paid()
    sandbox.receiver.wait_for("checkout.session.completed", times=2)
    assert sandbox.receiver.kinds() == [kind for kind in FLOW for _ in range(2)]
    assert len({event["id"] for event in sandbox.receiver.events}) == 4


def test_reversed_ones_come_newest_first(sandbox: Sandbox) -> None:
    sandbox.control("webhooks/", {"mode": "reverse"})
    sandbox.paid()
    sandbox.receiver.wait_for("payment_intent.created")
    assert sandbox.receiver.kinds() == FLOW[::-1]


def test_dropped_ones_never_come_but_can_be_resent(sandbox: Sandbox) -> None:
    sandbox.control("webhooks/", {"mode": "drop"})
    sandbox.paid()
    time.sleep(0.3)
    assert sandbox.receiver.taken == []
    missed = sandbox.api.v1.events.list({"delivery_success": False}).data
    assert len(missed) == 4
    sandbox.control("webhooks/resend/", {"event": missed[0].id})
    event = sandbox.receiver.wait_for("checkout.session.completed")
    assert event["id"] == missed[0].id


def test_they_go_on_after_a_kill(sandbox: Sandbox) -> None:
    seller = sandbox.seller()
    sandbox.receiver.status = 503
    charge = sandbox.paid()
    transfer = sandbox.transfer(charge, seller, 4000, idempotency_key="survives")
    sandbox.advance(10)
    ahead = sandbox.control("clock/")["offset"]
    sandbox.kill()
    sandbox.receiver.status = 200
    sandbox.start()
    sandbox.receiver.wait_for("checkout.session.completed")
    sandbox.receiver.wait_for("transfer.created")
    assert sandbox.control("clock/")["offset"] == ahead
    again = sandbox.transfer(charge, seller, 4000, idempotency_key="survives")
    assert again.id == transfer.id
    sandbox.advance(31)
    sandbox.receiver.wait_for("charge.updated")
