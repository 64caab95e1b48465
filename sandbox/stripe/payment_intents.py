"""Payment intents: the attempt to pay, from the first card to the one that works."""

from dataclasses import replace
from typing import Any

from sandbox import clock
from sandbox.models import Record
from sandbox.stripe import cards, charges, events, listing, payment_methods, records
from sandbox.stripe.calls import Answer, Call, endpoint
from sandbox.stripe.cards import Card
from sandbox.stripe.errors import StripeError

CANCELLABLE = (
    "requires_payment_method",
    "requires_confirmation",
    "requires_action",
    "requires_capture",
)
CARRIED = (
    "customer",
    "description",
    "metadata",
    "receipt_email",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
    "setup_future_usage",
    "shipping",
)


def create(amount: int, currency: str, given: dict[str, Any]) -> Record:
    """A new payment intent that waits for a payment method."""
    key = records.new_key("pi_3")
    nothing = dict.fromkeys(
        (
            *CARRIED,
            "application",
            "application_fee_amount",
            "canceled_at",
            "cancellation_reason",
            "last_payment_error",
            "latest_charge",
            "next_action",
            "on_behalf_of",
            "payment_method",
            "processing",
            "review",
            "transfer_data",
        )
    )
    data = nothing | {
        "id": key,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "automatic_payment_methods": None,
        "capture_method": "automatic_async",
        "client_secret": records.new_key(f"{key}_secret_"),
        "confirmation_method": "automatic",
        "created": clock.timestamp(),
        "currency": currency.lower(),
        "livemode": False,
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "status": "requires_payment_method",
    }
    data |= {name: given[name] for name in CARRIED if name in given}
    data["metadata"] = data["metadata"] or {}
    record = records.create("payment_intent", data)
    events.emit("payment_intent.created", data)
    return record


def require_action(record: Record, card: Card) -> None:
    """The card's owner has to be authenticated before the charge."""
    record.data |= {
        "status": "requires_action",
        "next_action": {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure"}},
    }
    record.inner["card"] = {"number": card.number, "exp": [card.exp_month, card.exp_year]}
    records.save(record)
    events.emit("payment_intent.requires_action", record.data)


def pay(record: Record, card: Card, *, name: str = "", email: str = "") -> Record:
    """Charges the card and returns the charge, which may have failed."""
    charge = charges.create(record.data, card, name=name, email=email)
    data = record.data
    data["latest_charge"] = charge.key
    data["next_action"] = None
    if card.code:
        data["status"] = "requires_payment_method"
        data["payment_method"] = None
        data["last_payment_error"] = error(card, charge)
    else:
        data["status"] = "succeeded"
        data["amount_received"] = data["amount"]
        data["payment_method"] = charge.data["payment_method"]
        data["last_payment_error"] = None
    records.save(record)
    kind = "payment_failed" if card.code else "succeeded"
    events.emit(f"payment_intent.{kind}", data)
    return charge


def fail_authentication(record: Record) -> None:
    """The card's owner was not authenticated; another card may be tried."""
    record.data |= {
        "status": "requires_payment_method",
        "next_action": None,
        "last_payment_error": {
            "type": "invalid_request_error",
            "code": "payment_intent_authentication_failure",
            "message": cards.MESSAGES["authentication"],
        },
    }
    records.save(record)
    events.emit("payment_intent.payment_failed", record.data)


def come_to_nothing(record: Record) -> None:
    """A payment that was being processed for days failed."""
    record.data |= {
        "status": "requires_payment_method",
        "last_payment_error": {
            "type": "invalid_request_error",
            "code": "payment_intent_payment_attempt_failed",
            "message": "The payment failed.",
        },
    }
    records.save(record)
    events.emit("payment_intent.payment_failed", record.data)


def error(card: Card, charge: Record) -> dict[str, Any]:
    """Why a card was declined, as `last_payment_error` and card errors carry it."""
    found = {
        "type": "card_error",
        "charge": charge.key,
        "code": card.code,
        "message": card.message,
        "decline_code": card.decline or None,
    }
    return {name: value for name, value in found.items() if value is not None}


@endpoint("POST", "/v1/payment_intents")
def create_intent(call: Call) -> Answer:
    """A payment intent made directly, confirmed at once when asked to."""
    if "off_session" in call.params and not call.params.get("confirm"):
        message = "The parameter `off_session` can only be passed when `confirm` is true."
        raise StripeError(message, param="off_session")
    if "customer" in call.params:
        records.get("customer", call.params["customer"], param="customer", status=400)
    record = create(call.positive("amount"), call.params["currency"], call.params)
    if "payment_method" in call.params:
        _choose(record, call.params["payment_method"])
    if call.params.get("confirm"):
        return _confirm(record, off_session=bool(call.params.get("off_session")))
    return dict(record.data)


@endpoint("POST", "/v1/payment_intents/{intent}/confirm")
def confirm(call: Call) -> Answer:
    """Charges the chosen payment method."""
    record = records.get("payment_intent", call.ids["intent"], account=call.account)
    if record.data["status"] not in CANCELLABLE:
        raise _unexpected(record, "confirm")
    if "payment_method" in call.params:
        _choose(record, call.params["payment_method"])
    return _confirm(record)


@endpoint("POST", "/v1/payment_intents/{intent}/cancel")
def cancel(call: Call) -> Answer:
    """Cancels an intent that has not succeeded."""
    record = records.get("payment_intent", call.ids["intent"], account=call.account)
    if record.data["status"] not in CANCELLABLE:
        raise _unexpected(record, "cancel")
    if record.inner.get("session"):
        raise StripeError(
            "You cannot cancel this PaymentIntent because it belongs to an open Checkout "
            "Session. Expire the Checkout Session instead.",
            code="payment_intent_unexpected_state",
        )
    _cancel(record, call.params.get("cancellation_reason"))
    return dict(record.data)


@endpoint("GET", "/v1/payment_intents")
def list_intents(call: Call) -> Answer:
    """Payment intents, newest first."""
    return listing.of_records(call, "payment_intent", "customer")


@endpoint("GET", "/v1/payment_intents/{intent}")
def retrieve(call: Call) -> Answer:
    """One payment intent."""
    return dict(records.get("payment_intent", call.ids["intent"], account=call.account).data)


def expire(record: Record) -> None:
    """Cancels the intent of a Checkout Session that expired."""
    if record.data["status"] in CANCELLABLE:
        _cancel(record, "automatic")


def _cancel(record: Record, reason: str | None) -> None:
    record.data |= {
        "status": "canceled",
        "canceled_at": clock.timestamp(),
        "cancellation_reason": reason,
        "next_action": None,
    }
    records.save(record)
    events.emit("payment_intent.canceled", record.data)


def _choose(record: Record, token: str) -> None:
    payment_methods.card_for(token, customer=record.data["customer"])
    record.data |= {"status": "requires_confirmation", "payment_method": token}
    records.save(record)


def _confirm(record: Record, *, off_session: bool = False) -> Answer:
    token = record.data["payment_method"]
    if not token:
        message = "You cannot confirm this PaymentIntent because it's missing a payment method."
        raise StripeError(message, code="payment_intent_unexpected_state")
    card = payment_methods.card_for(token, customer=record.data["customer"])
    if off_session:
        card = _with_nobody_there(card, kept=token not in cards.TOKENS)
    if card.authenticates:
        require_action(record, card)
        return dict(record.data)
    charge = pay(record, card)
    if card.code:
        found = error(card, charge) | {"payment_intent": record.data}
        kind, message = found.pop("type"), found.pop("message")
        raise StripeError(message, status=402, kind=kind, stays=True, **found)
    return dict(record.data)


def _with_nobody_there(card: Card, *, kept: bool) -> Card:
    """What a card does whose owner cannot be asked: one that has to be authenticated is declined.

    Being authenticated when the card was kept is enough for most.
    """
    needs = card.always_authenticates or (card.authenticates and not kept)
    code = "authentication_required"
    changes = {"code": code, "decline": code} if needs else {}
    return replace(card, authenticates=False, **changes)


def _unexpected(record: Record, verb: str) -> StripeError:
    message = (
        f"You cannot {verb} this PaymentIntent because it has a status of {record.data['status']}."
    )
    return StripeError(message, code="payment_intent_unexpected_state")
