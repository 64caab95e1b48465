"""Checkout Sessions: what is to be paid, until when, and how it ended."""

import re
from typing import Any

from sandbox import clock
from sandbox.models import Record
from sandbox.stripe import (
    cards,
    events,
    listing,
    payment_intents,
    records,
    setup_intents,
    setup_sessions,
)
from sandbox.stripe.calls import Answer, Call, endpoint
from sandbox.stripe.errors import StripeError, missing

DAY_SECONDS = 24 * 3600
MIN_SECONDS = 30 * 60
# What the request itself may take, and clocks may differ.
LEEWAY_SECONDS = 60
# What a new session does not have yet, or never has here.
NOTHING: dict[str, None] = dict.fromkeys(
    (
        "after_expiration",
        "allow_promotion_codes",
        "billing_address_collection",
        "client_secret",
        "collected_information",
        "consent",
        "consent_collection",
        "currency_conversion",
        "customer_details",
        "invoice",
        "payment_intent",
        "payment_link",
        "payment_method_configuration_details",
        "recovered_from",
        "return_url",
        "setup_intent",
        "shipping_address_collection",
        "shipping_cost",
        "subscription",
    )
)


@endpoint("POST", "/v1/checkout/sessions")
def create(call: Call) -> Answer:
    """A session with a hosted page to pay on."""
    given = call.params
    mode = given.get("mode", "payment")
    if mode not in ("payment", "setup"):
        raise StripeError("The sandbox only knows mode=payment and mode=setup.", param="mode")
    if given.get("ui_mode", "hosted_page") != "hosted_page":
        raise StripeError("The sandbox only knows ui_mode=hosted_page.", param="ui_mode")
    if not given.get("success_url"):
        message = "Missing required param: success_url."
        raise StripeError(message, code="parameter_missing", param="success_url")
    for name in ("success_url", "cancel_url"):
        if name in given and not re.match(r"https?://", given[name]):
            raise StripeError("Not a valid URL", code="url_invalid", param=name)
    items = [] if mode == "setup" else _line_items(given)
    lifetime = _lifetime(given)
    key = records.new_key("cs_test_", 58)
    own = setup_sessions.begin(given) if mode == "setup" else _to_pay(items)
    data = _blank(given) | {
        **own,
        "id": key,
        "created": clock.timestamp(),
        "expires_at": given.get("expires_at") or int(clock.now() + lifetime),
        "url": f"{call.origin}/stripe/pay/{key}",
    }
    intent = given.get("payment_intent_data", {})
    records.create("checkout.session", data, inner={"line_items": items, "intent": intent})
    clock.plan("checkout.expire", key, after=lifetime)
    return data


def _to_pay(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "amount_subtotal": sum(item["amount_subtotal"] for item in items),
        "amount_total": sum(item["amount_total"] for item in items),
        "currency": items[0]["currency"],
    }


@endpoint("GET", "/v1/checkout/sessions")
def list_sessions(call: Call) -> Answer:
    """Sessions, by payment intent, status or customer."""
    return listing.of_records(call, "checkout.session", "payment_intent", "status", "customer")


@endpoint("GET", "/v1/checkout/sessions/{session}")
def retrieve(call: Call) -> Answer:
    """One session."""
    return dict(_get(call).data)


@endpoint("GET", "/v1/checkout/sessions/{session}/line_items")
def line_items(call: Call) -> Answer:
    """What a session charges for."""
    items = _get(call).inner["line_items"]
    after = call.params.get("starting_after")
    if after:
        keys = [item["id"] for item in items]
        if after not in keys:
            raise missing("item", after, param="starting_after", status=400)
        items = items[keys.index(after) + 1 :]
    limit = call.params.get("limit", 10)
    more = len(items) > limit
    return {"object": "list", "url": call.url, "has_more": more, "data": items[:limit]}


@endpoint("POST", "/v1/checkout/sessions/{session}/expire")
def expire(call: Call) -> Answer:
    """Ends an open session, so that it can no longer be paid."""
    record = _get(call)
    if record.data["status"] != "open":
        message = (
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
            f"Session has a status of {record.data['status']}."
        )
        raise StripeError(message)
    _expire(record)
    return dict(record.data)


@clock.on_due("checkout.expire")
def expired(key: str) -> None:
    """Its time is up."""
    record = records.get("checkout.session", key)
    if record.data["status"] == "open":
        _expire(record)


def intent_of(record: Record) -> Record:
    """The session's payment intent, made when the first card is tried."""
    if record.data["payment_intent"]:
        return records.get("payment_intent", record.data["payment_intent"])
    data = record.data
    intent = payment_intents.create(data["amount_total"], data["currency"], record.inner["intent"])
    intent.inner["session"] = record.key
    records.save(intent)
    data["payment_intent"] = intent.key
    records.save(record)
    return intent


def complete(record: Record, *, name: str) -> None:
    """The session is paid."""
    record.data |= {
        "status": "complete",
        "payment_status": "paid",
        "url": None,
        "customer_details": (record.data["customer_details"] or {}) | _customer(record, name),
    }
    records.save(record)
    events.emit("checkout.session.completed", record.data)


def process(record: Record) -> None:
    """The buyer chose a way to pay that takes days: complete, and not paid yet."""
    _require(record, "open", "unpaid")
    intent = intent_of(record)
    intent.data["status"] = "processing"
    records.save(intent)
    record.data |= {"status": "complete", "url": None}
    records.save(record)
    events.emit("payment_intent.processing", intent.data)
    events.emit("checkout.session.completed", record.data)


def fail_processing(record: Record) -> None:
    """After days, the payment did not come."""
    _require(record, "complete", "unpaid")
    payment_intents.come_to_nothing(intent_of(record))
    events.emit("checkout.session.async_payment_failed", record.data)


def pay_with(record: Record, *, amount: int, currency: str) -> None:
    """Pays what may be another amount or currency, at once or after days of processing."""
    processing = record.data["status"] == "complete"
    _require(record, "complete" if processing else "open", "unpaid")
    intent = intent_of(record)
    intent.data |= {"amount": amount, "currency": currency}
    payment_intents.pay(intent, cards.BY_NUMBER["4242424242424242"])
    if not processing:
        complete(record, name="")
        return
    record.data["payment_status"] = "paid"
    records.save(record)
    events.emit("checkout.session.async_payment_succeeded", record.data)


def _require(record: Record, status: str, paid: str) -> None:
    if (record.data["status"], record.data["payment_status"]) != (status, paid):
        raise StripeError(f"This session is {record.data['status']}.")


def _customer(record: Record, name: str) -> dict[str, Any]:
    return {
        "address": None,
        "email": record.data["customer_email"],
        "name": name or None,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }


def _expire(record: Record) -> None:
    record.data |= {"status": "expired", "url": None}
    records.save(record)
    if record.data["mode"] == "setup":
        setup_intents.expire(setup_sessions.intent_of(record))
    if record.data["payment_intent"]:
        payment_intents.expire(records.get("payment_intent", record.data["payment_intent"]))
    events.emit("checkout.session.expired", record.data)


def _get(call: Call) -> Record:
    return records.get("checkout.session", call.ids["session"], account=call.account)


def _lifetime(given: dict[str, Any]) -> float:
    """Seconds until the session expires.

    Its caller names a moment on the real clock, so what counts is how far away it is there: a
    sandbox clock that was moved earlier does not shorten it. Where the sandbox's clock stands
    still, its callers go by that one.
    """
    if "expires_at" not in given:
        return DAY_SECONDS
    lifetime = float(given["expires_at"] - clock.named_from())
    if not MIN_SECONDS - LEEWAY_SECONDS <= lifetime <= DAY_SECONDS + LEEWAY_SECONDS:
        message = (
            "The `expires_at` timestamp must be at least 30 minutes and at most 24 hours from "
            "Checkout Session creation."
        )
        raise StripeError(message, param="expires_at")
    return lifetime


def _line_items(given: dict[str, Any]) -> list[dict[str, Any]]:
    items = [_line_item(item, index) for index, item in enumerate(given.get("line_items", []))]
    if not items:
        message = "Missing required param: line_items."
        raise StripeError(message, code="parameter_missing", param="line_items")
    if len({item["currency"] for item in items}) > 1:
        raise StripeError("All prices must have the same currency.", param="line_items")
    return items


def _line_item(given: dict[str, Any], index: int) -> dict[str, Any]:
    where = f"line_items[{index}]"
    if "price" in given:
        raise missing("price", given["price"], param=f"{where}[price]", status=400)
    price = given.get("price_data", {})
    if "unit_amount" not in price:
        param = f"{where}[price_data][unit_amount]"
        raise StripeError(
            f"Missing required param: {param}.", code="parameter_missing", param=param
        )
    quantity = given.get("quantity", 1)
    amount = price["unit_amount"] * quantity
    if price["unit_amount"] < 0 or quantity < 1 or amount < 1:
        message = "Invalid amount: it must be at least 1 in the smallest currency unit."
        raise StripeError(message, code="parameter_invalid_integer", param=where)
    product = price.get("product_data", {})
    currency = price["currency"].lower()
    return {
        "id": records.new_key("li_1"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": currency,
        "description": product.get("name"),
        "metadata": product.get("metadata", {}),
        "price": {
            "id": records.new_key("price_1"),
            "object": "price",
            "active": False,
            "currency": currency,
            "type": "one_time",
            "unit_amount": price["unit_amount"],
        },
        "quantity": quantity,
    }


def _blank(given: dict[str, Any]) -> dict[str, Any]:
    copied = (
        "cancel_url",
        "client_reference_id",
        "customer",
        "customer_email",
        "locale",
        "submit_type",
        "success_url",
    )
    return NOTHING | {
        **{name: given.get(name) for name in copied},
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": False},
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "custom_fields": [],
        "custom_text": dict.fromkeys(
            ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
        )
        | given.get("custom_text", {}),
        "customer_creation": "if_required",
        "discounts": [],
        "livemode": False,
        "metadata": given.get("metadata") or {},
        "mode": "payment",
        "payment_method_collection": "if_required",
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "phone_number_collection": {"enabled": False},
        "shipping_options": [],
        "status": "open",
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
    }
