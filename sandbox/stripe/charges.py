"""Charges: the payment itself, its fee that arrives later, its funds that become available."""

from typing import Any

from django.conf import settings

from sandbox import clock
from sandbox.models import Record
from sandbox.stripe import books, events, listing, money, records
from sandbox.stripe.calls import Answer, Call, endpoint
from sandbox.stripe.cards import Card, details

FEE_BP = 290
FEE_FIXED_CENTS = 30
DISPUTE_AFTER_SECONDS = 1.0
# What a new charge does not have yet, or never has here.
NOTHING: dict[str, None] = dict.fromkeys(
    (
        "application",
        "application_fee",
        "application_fee_amount",
        "balance_transaction",
        "failure_balance_transaction",
        "failure_code",
        "failure_message",
        "on_behalf_of",
        "outcome",
        "payment_method",
        "presentment_details",
        "receipt_number",
        "receipt_url",
        "review",
        "shipping",
        "source_transfer",
        "statement_descriptor",
        "statement_descriptor_suffix",
        "transfer_data",
    )
)


def fee_cents(amount: int) -> int:
    """Stripe's fee on a charge: 2.9 % + 30 cents, rounded half up."""
    return (amount * FEE_BP + 5000) // 10000 + FEE_FIXED_CENTS


def create(intent: dict[str, Any], card: Card, *, name: str = "", email: str = "") -> Record:
    """Charges a card for a payment intent; the charge fails when the card says so."""
    failed = bool(card.code)
    now = clock.now()
    data = _blank(intent, name, email) | {
        "created": int(now),
        "captured": not failed,
        "amount_captured": 0 if failed else intent["amount"],
        "paid": not failed,
        "status": "failed" if failed else "succeeded",
        "failure_code": card.code or None,
        "failure_message": card.message if failed else None,
        "payment_method": _method(intent),
        "payment_method_details": details(card),
        "outcome": _outcome(card),
    }
    after = 0.0 if card.available_at_once else settings.AVAILABLE_SECONDS
    inner = {"card": card.number, "available_at": now + after}
    record = records.create("charge", data, inner=inner)
    if failed:
        events.emit("charge.failed", data)
        return record
    group = intent["transfer_group"]
    money.count("charged", intent["amount"], group=group, reference=data["id"])
    clock.plan("charge.fee", data["id"], after=settings.FEE_SECONDS)
    if card.dispute:
        clock.plan("charge.dispute", data["id"], after=DISPUTE_AFTER_SECONDS)
    if card.early_fraud_warning:
        clock.plan("charge.early_fraud_warning", data["id"], after=DISPUTE_AFTER_SECONDS)
    events.emit("charge.succeeded", data)
    return record


def payment_at_seller(transfer: dict[str, Any], account: str, available_at: float) -> Record:
    """The payment by which a transfer arrives in a connected account."""
    blank = _blank(transfer | {"id": None, "metadata": {}, "description": None}, "", "")
    data = blank | {
        "id": records.new_key("py_1"),
        "created": clock.timestamp(),
        "captured": True,
        "amount_captured": transfer["amount"],
        "paid": True,
        "status": "succeeded",
        "source_transfer": transfer["id"],
        "transfer_group": None,
        "payment_method_details": {"type": "stripe_account", "stripe_account": {}},
    }
    data["balance_transaction"] = books.book(
        account=account,
        kind="payment",
        category="charge",
        amount=transfer["amount"],
        currency=transfer["currency"],
        source=data["id"],
        available_at=available_at,
    )
    return records.create("charge", data, account=account, inner={"available_at": available_at})


@clock.on_due("charge.fee")
def fee_arrived(key: str) -> None:
    """The fee is known: the charge gets its balance transaction."""
    record = records.get("charge", key)
    data = record.data
    available_at = books.available_at(record)
    data["balance_transaction"] = books.book(
        account=records.PLATFORM,
        kind="charge",
        amount=data["amount"],
        fee=fee_cents(data["amount"]),
        currency=data["currency"],
        source=key,
        available_at=available_at,
        description=data["description"] or "",
    )
    records.save(record)
    events.emit("charge.updated", data, before={"balance_transaction": None})


@clock.on_due("charge.early_fraud_warning")
def warn_by_card(key: str) -> None:
    """A card whose bank always warns."""
    early_fraud_warning(key)


def early_fraud_warning(key: str) -> dict[str, Any]:
    """The card's issuer suspects fraud."""
    charge = records.get("charge", key)
    data = {
        "id": records.new_key("issfr_1"),
        "object": "radar.early_fraud_warning",
        "actionable": True,
        "charge": key,
        "created": clock.timestamp(),
        "fraud_type": "misc",
        "livemode": False,
        "payment_intent": charge.data["payment_intent"],
    }
    records.create("radar.early_fraud_warning", data)
    events.emit("radar.early_fraud_warning.created", data)
    return data


@endpoint("GET", "/v1/charges")
def list_charges(call: Call) -> Answer:
    """Charges, by payment intent, transfer group or customer."""
    return listing.of_records(call, "charge", "payment_intent", "transfer_group", "customer")


@endpoint("GET", "/v1/charges/{charge}")
def retrieve(call: Call) -> Answer:
    """One charge."""
    return dict(records.get("charge", call.ids["charge"], account=call.account).data)


@endpoint("GET", "/v1/radar/early_fraud_warnings")
def list_warnings(call: Call) -> Answer:
    """Early fraud warnings, by charge or payment intent."""
    return listing.of_records(call, "radar.early_fraud_warning", "charge", "payment_intent")


@endpoint("GET", "/v1/radar/early_fraud_warnings/{early_fraud_warning}")
def retrieve_warning(call: Call) -> Answer:
    """One early fraud warning."""
    key = call.ids["early_fraud_warning"]
    return dict(records.get("radar.early_fraud_warning", key, account=call.account).data)


def _method(intent: dict[str, Any]) -> str:
    """The kept card that is charged, or a new one that nobody keeps."""
    chosen = intent.get("payment_method") or ""
    return chosen if chosen.startswith("pm_1") else records.new_key("pm_1")


def _outcome(card: Card) -> dict[str, Any]:
    if not card.code:
        return {
            "network_status": "approved_by_network",
            "reason": None,
            "risk_level": "normal",
            "risk_score": 20,
            "seller_message": "Payment complete.",
            "type": "authorized",
        }
    return {
        "network_status": "declined_by_network",
        "reason": card.decline or card.code,
        "risk_level": "normal",
        "risk_score": 20,
        "seller_message": "The bank did not return any further details with this decline.",
        "type": "issuer_declined",
    }


def _blank(intent: dict[str, Any], name: str, email: str) -> dict[str, Any]:
    key = records.new_key("ch_3")
    return NOTHING | {
        "id": key,
        "object": "charge",
        "amount": intent["amount"],
        "amount_refunded": 0,
        "billing_details": {
            "address": dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state")),
            "email": email or None,
            "name": name or None,
            "phone": None,
            "tax_id": None,
        },
        "calculated_statement_descriptor": "SANDBOX",
        "currency": intent["currency"],
        "customer": intent.get("customer"),
        "description": intent["description"],
        "disputed": False,
        "fraud_details": {},
        "livemode": False,
        "metadata": intent["metadata"],
        "payment_intent": intent["id"],
        "radar_options": {},
        "receipt_email": intent.get("receipt_email"),
        "refunded": False,
        "transfer_group": intent.get("transfer_group"),
    }
