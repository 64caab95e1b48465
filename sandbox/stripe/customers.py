"""Customers: whom a kept card belongs to."""

from typing import Any

from sandbox import clock
from sandbox.models import Record
from sandbox.stripe import events, listing, payment_methods, records
from sandbox.stripe.calls import Answer, Call, endpoint

CARRIED = ("address", "description", "email", "individual_name", "business_name", "name", "phone")


def create(given: dict[str, Any]) -> Record:
    """A new customer, without a card yet."""
    data = {name: given.get(name) for name in CARRIED} | {
        "id": records.new_key("cus_", 14),
        "object": "customer",
        "balance": 0,
        "created": clock.timestamp(),
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "discount": None,
        "invoice_prefix": records.new_key("", 8).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": given.get("metadata") or {},
        "next_invoice_sequence": 1,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }
    record = records.create("customer", data)
    events.emit("customer.created", data)
    return record


@endpoint("POST", "/v1/customers")
def create_customer(call: Call) -> Answer:
    """A customer made directly."""
    return dict(create(call.params).data)


@endpoint("GET", "/v1/customers")
def list_customers(call: Call) -> Answer:
    """Customers, by e-mail address."""
    return listing.of_records(call, "customer", "email", deleted__isnull=True)


@endpoint("GET", "/v1/customers/{customer}")
def retrieve(call: Call) -> Answer:
    """One customer; of a deleted one, that it was."""
    key = call.ids["customer"]
    return dict(records.get("customer", key, account=call.account, deleted=True).data)


@endpoint("DELETE", "/v1/customers/{customer}")
def delete(call: Call) -> Answer:
    """Forgets a customer and their cards for good. What they paid stays, under their id."""
    record = records.get("customer", call.ids["customer"], param="id", account=call.account)
    payment_methods.detach_all(record.key)
    before = record.data
    record.data = {"id": record.key, "object": "customer", "deleted": True}
    records.save(record)
    events.emit("customer.deleted", before)
    return dict(record.data)
