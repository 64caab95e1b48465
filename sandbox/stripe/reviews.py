"""Radar's reviews: a payment that a person at Stripe, or a rule, wants looked at."""

from typing import Any

from sandbox import clock
from sandbox.models import Record
from sandbox.stripe import events, listing, records
from sandbox.stripe.calls import Answer, Call, endpoint
from sandbox.stripe.errors import StripeError

CLOSINGS = ("approved", "refunded", "refunded_as_fraud", "disputed", "canceled")


def start(key: str) -> Record:
    """Puts a charge under review; raises when it is already."""
    charge = records.get("charge", key, param="charge", status=404)
    if charge.data["review"] or charge.data["status"] != "succeeded":
        raise StripeError("This charge cannot be reviewed.", param="charge")
    data = {
        "id": records.new_key("prv_1"),
        "object": "review",
        "billing_zip": None,
        "charge": key,
        "closed_reason": None,
        "created": clock.timestamp(),
        "ip_address": None,
        "ip_address_location": None,
        "livemode": False,
        "open": True,
        "opened_reason": "rule",
        "payment_intent": charge.data["payment_intent"],
        "reason": "rule",
        "session": None,
    }
    record = records.create("review", data)
    charge.data["review"] = record.key
    records.save(charge)
    events.emit("review.opened", data)
    return record


def close(key: str, reason: str) -> Record:
    """Ends a review."""
    record = records.get("review", key)
    if not record.data["open"]:
        raise StripeError("This review is already closed.")
    record.data |= {"open": False, "reason": reason, "closed_reason": reason}
    records.save(record)
    events.emit("review.closed", record.data)
    return record


@endpoint("GET", "/v1/reviews")
def list_reviews(call: Call) -> Answer:
    """Open reviews, as Stripe lists them."""
    rows = Record.objects.filter(kind="review", account=call.account, data__open=True)
    return listing.page(call, rows, "review", _shown)


@endpoint("GET", "/v1/reviews/{review}")
def retrieve(call: Call) -> Answer:
    """One review."""
    return _shown(records.get("review", call.ids["review"], account=call.account))


@endpoint("POST", "/v1/reviews/{review}/approve")
def approve(call: Call) -> Answer:
    """The platform says that it is no fraud."""
    return _shown(close(call.ids["review"], "approved"))


def _shown(record: Record) -> dict[str, Any]:
    return dict(record.data)
