"""Setup intents: a card that is kept to be charged later, when its owner is not there."""

from typing import Any

from sandbox import clock
from sandbox.models import Record
from sandbox.stripe import cards, events, listing, payment_methods, records
from sandbox.stripe.calls import Answer, Call, endpoint
from sandbox.stripe.cards import Card

KIND = "setup_intent"


def create(given: dict[str, Any]) -> Record:
    """A new setup intent that waits for a card."""
    key = records.new_key("seti_1")
    data = {
        "id": key,
        "object": KIND,
        "application": None,
        "automatic_payment_methods": None,
        "cancellation_reason": None,
        "client_secret": records.new_key(f"{key}_secret_"),
        "created": clock.timestamp(),
        "customer": None,
        "description": given.get("description"),
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": False,
        "mandate": None,
        "metadata": given.get("metadata") or {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": "off_session",
    }
    record = records.create(KIND, data)
    events.emit("setup_intent.created", data)
    return record


def require_action(record: Record, card: Card) -> None:
    """The card's owner has to be authenticated before the card is kept."""
    record.data |= {
        "status": "requires_action",
        "next_action": {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure"}},
    }
    record.inner["card"] = {"number": card.number, "exp": [card.exp_month, card.exp_year]}
    records.save(record)
    events.emit("setup_intent.requires_action", record.data)


def succeed(record: Record, *, customer: str, method: str) -> None:
    """The card is kept."""
    record.data |= {
        "status": "succeeded",
        "customer": customer,
        "payment_method": method,
        "next_action": None,
        "last_setup_error": None,
    }
    records.save(record)
    events.emit("setup_intent.succeeded", record.data)


def decline(record: Record, card: Card) -> None:
    """The card's bank refuses to have it kept; another may be tried."""
    error: dict[str, Any] = {"type": "card_error", "code": card.code, "message": card.message}
    error["payment_method"] = payment_methods.described(card)
    _fail(record, error | ({"decline_code": card.decline} if card.decline else {}))


def fail_authentication(record: Record) -> None:
    """The card's owner was not authenticated; another card may be tried."""
    _fail(
        record,
        {
            "type": "invalid_request_error",
            "code": "setup_intent_authentication_failure",
            "message": cards.MESSAGES["authentication"],
        },
    )


def _fail(record: Record, error: dict[str, Any]) -> None:
    record.data |= {
        "status": "requires_payment_method",
        "next_action": None,
        "last_setup_error": error,
    }
    records.save(record)
    events.emit("setup_intent.setup_failed", record.data)


def expire(record: Record) -> None:
    """Cancels the setup intent of a session that expired."""
    record.data |= {"status": "canceled", "next_action": None}
    records.save(record)
    events.emit("setup_intent.canceled", record.data)


@endpoint("GET", "/v1/setup_intents")
def list_intents(call: Call) -> Answer:
    """Setup intents, by customer or kept card."""
    return listing.of_records(call, KIND, "customer", "payment_method")


@endpoint("GET", "/v1/setup_intents/{intent}")
def retrieve(call: Call) -> Answer:
    """One setup intent."""
    return dict(records.get(KIND, call.ids["intent"], account=call.account).data)
