"""Checkout Sessions in setup mode: a hosted page that takes no money and keeps a card."""

from typing import Any

from sandbox.models import Record
from sandbox.stripe import customers, events, payment_methods, records, setup_intents
from sandbox.stripe.cards import Card
from sandbox.stripe.errors import StripeError

PAYING_ALONE = ("line_items", "payment_intent_data", "invoice_creation", "submit_type")


def begin(given: dict[str, Any]) -> dict[str, Any]:
    """What a session in setup mode has of its own; raises for what only a payment takes."""
    for name in PAYING_ALONE:
        if name in given:
            message = f"You can not pass `{name}` in `setup` mode."
            raise StripeError(message, param=name)
    if "customer" in given and "customer_creation" in given:
        message = "You may only specify one of these parameters: customer, customer_creation."
        raise StripeError(message, param="customer")
    if "customer" in given:
        records.get("customer", given["customer"], param="customer", status=400)
    intent = setup_intents.create(given.get("setup_intent_data", {}))
    return {
        "amount_subtotal": None,
        "amount_total": None,
        "currency": given.get("currency"),
        "customer_creation": given.get("customer_creation", "if_required"),
        "mode": "setup",
        "payment_method_collection": "always",
        "payment_status": "no_payment_required",
        "setup_intent": intent.key,
        "total_details": None,
    }


def intent_of(record: Record) -> Record:
    """The session's setup intent."""
    return records.get(setup_intents.KIND, record.data["setup_intent"])


def keep(record: Record, card: Card, *, name: str) -> bool:
    """Keep the card that was typed in and complete the session; or refuse it, if its bank does."""
    intent = intent_of(record)
    if card.code and not card.declined_later:
        setup_intents.decline(intent, card)
        return False
    email = record.data["customer_email"] or ""
    customer = record.data["customer"] or _customer(record, name=name, email=email)
    method = payment_methods.keep(card, customer=customer, name=name, email=email)
    setup_intents.succeed(intent, customer=customer, method=method.key)
    details = {"address": None, "email": email or None, "name": name or None, "phone": None}
    record.data |= {
        "status": "complete",
        "url": None,
        "customer": customer or None,
        "customer_details": details | {"tax_exempt": "none", "tax_ids": []},
    }
    records.save(record)
    events.emit("checkout.session.completed", record.data)
    return True


def _customer(record: Record, *, name: str, email: str) -> str:
    if record.data["customer_creation"] != "always":
        raise StripeError("The sandbox keeps cards of customers only: customer_creation=always.")
    return customers.create({"email": email or None, "name": name or None}).key
