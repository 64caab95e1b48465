"""Payment methods: cards that were kept, until they are detached."""

from dataclasses import replace
from typing import Any

from sandbox import clock
from sandbox.models import Record
from sandbox.stripe import cards, events, listing, records
from sandbox.stripe.calls import Answer, Call, endpoint
from sandbox.stripe.cards import Card
from sandbox.stripe.errors import StripeError

KIND = "payment_method"
USED_UP = (
    "The provided PaymentMethod was previously used with a PaymentIntent without Customer "
    "attachment, shared with a connected account without Customer attachment, or was detached "
    "from a Customer. It may not be used again. To use a PaymentMethod multiple times, you must "
    "attach it to a Customer first."
)


def keep(card: Card, *, customer: str, name: str = "", email: str = "") -> Record:
    """A card, kept for a customer."""
    data = described(card, name=name, email=email)
    inner = {"number": card.number, "exp": [card.exp_month, card.exp_year], "detached": False}
    record = records.create(KIND, data, inner=inner)
    _attach(record, customer)
    return record


def described(card: Card, *, name: str = "", email: str = "") -> dict[str, Any]:
    """A card that was typed in."""
    return {
        "id": records.new_key("pm_1"),
        "object": KIND,
        "allow_redisplay": "limited",
        "billing_details": {
            "address": dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state")),
            "email": email or None,
            "name": name or None,
            "phone": None,
            "tax_id": None,
        },
        "card": cards.details(card)["card"] | {"generated_from": None},
        "created": clock.timestamp(),
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }


def card_for(token: str, *, customer: str | None) -> Card:
    """The card behind a kept method, or behind a name such as `pm_card_visa`.

    A kept card can be charged for its customer alone, and no more once it is detached.
    """
    record = records.find(KIND, token)
    if record is None:
        return cards.by_token(token)
    if record.inner["detached"] or not record.data["customer"]:
        raise StripeError(USED_UP)
    if record.data["customer"] != customer:
        raise StripeError(
            "The customer does not have a payment method with the ID "
            f"{token}. The payment method must be attached to the customer.",
            code="resource_missing",
            param="payment_method",
        )
    month, year = record.inner["exp"]
    return replace(cards.BY_NUMBER[record.inner["number"]], exp_month=month, exp_year=year)


@endpoint("GET", "/v1/payment_methods")
def list_methods(call: Call) -> Answer:
    """Kept cards, by customer or type."""
    return listing.of_records(call, KIND, "customer", "type")


@endpoint("GET", "/v1/customers/{customer}/payment_methods")
def list_of_customer(call: Call) -> Answer:
    """The cards kept for one customer."""
    customer = records.get("customer", call.ids["customer"], account=call.account)
    return listing.of_records(call, KIND, "type", customer=customer.key)


@endpoint("GET", "/v1/payment_methods/{payment_method}")
def retrieve(call: Call) -> Answer:
    """One kept card."""
    return dict(_get(call).data)


@endpoint("POST", "/v1/payment_methods/{payment_method}/attach")
def attach(call: Call) -> Answer:
    """Keeps a card for a customer."""
    record = _get(call)
    if record.inner["detached"]:
        raise StripeError(USED_UP)
    customer = call.params.get("customer")
    if not customer:
        message = "Missing required param: customer."
        raise StripeError(message, code="parameter_missing", param="customer")
    records.get("customer", customer, param="customer", status=400)
    if record.data["customer"] not in (None, customer):
        raise StripeError("The payment method you provided has already been attached.")
    _attach(record, customer)
    return dict(record.data)


@endpoint("POST", "/v1/payment_methods/{payment_method}/detach")
def detach(call: Call) -> Answer:
    """Forgets a card: it cannot be charged any more."""
    record = _get(call)
    customer = record.data["customer"]
    if not customer:
        message = (
            "The payment method you provided is not attached to a customer so detachment is "
            "impossible."
        )
        raise StripeError(message, param="payment_method")
    _detach(record)
    return dict(record.data)


def detach_all(customer: str) -> None:
    """Forgets every card of a customer."""
    for record in Record.objects.filter(kind=KIND, data__customer=customer):
        _detach(record)


def _detach(record: Record) -> None:
    customer, record.data["customer"] = record.data["customer"], None
    record.inner["detached"] = True
    records.save(record)
    events.emit("payment_method.detached", record.data, before={"customer": customer})


def _attach(record: Record, customer: str) -> None:
    record.data["customer"] = customer
    records.save(record)
    events.emit("payment_method.attached", record.data)


def _get(call: Call) -> Record:
    return records.get(KIND, call.ids["payment_method"], account=call.account)
