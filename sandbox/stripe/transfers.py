"""Transfers to sellers' accounts, and their reversals."""

from typing import Any

from sandbox import clock
from sandbox.models import Record
from sandbox.stripe import books, charges, connected, events, listing, money, records
from sandbox.stripe.calls import Answer, Call, endpoint
from sandbox.stripe.errors import StripeError


@endpoint("POST", "/v1/transfers")
def create(call: Call) -> Answer:
    """Moves money to an account; with `source_transaction` out of that charge, even unsettled."""
    if "amount" not in call.params:
        message = "Missing required param: amount."
        raise StripeError(message, code="parameter_missing", param="amount")
    amount, currency = call.positive("amount"), call.params["currency"].lower()
    key = call.params["destination"]
    account = records.get(connected.KIND, key, param="destination", status=400)
    if not connected.can_receive(account):
        raise StripeError(
            "Your destination account needs to have at least one of the following capabilities "
            "enabled: transfers, crypto_transfers, legacy_payments",
            code="insufficient_capabilities_for_transfer",
        )
    group = call.params.get("transfer_group")
    source = call.params.get("source_transaction")
    if source:
        charge = _source(source, amount, currency)
        available_at = max(books.available_at(charge), clock.now())
        group = group or charge.data["transfer_group"] or f"group_{charge.data['payment_intent']}"
    else:
        if books.available(records.PLATFORM, currency) < amount:
            raise _insufficient()
        available_at = clock.now()
    data = _blank(call, amount, currency, group)
    data["balance_transaction"] = books.book(
        account=records.PLATFORM,
        kind="transfer",
        amount=-amount,
        currency=currency,
        source=data["id"],
        available_at=available_at,
    )
    data["destination_payment"] = charges.payment_at_seller(data, key, available_at).key
    records.create("transfer", data)
    money.count("transferred", amount, group=group, reference=data["id"])
    events.emit("transfer.created", data)
    return data


@endpoint("GET", "/v1/transfers")
def list_transfers(call: Call) -> Answer:
    """Transfers, by transfer group or destination."""
    return listing.of_records(call, "transfer", "transfer_group", "destination")


@endpoint("GET", "/v1/transfers/{transfer}")
def retrieve(call: Call) -> Answer:
    """One transfer."""
    return dict(_get(call, "transfer").data)


@endpoint("POST", "/v1/transfers/{id}/reversals")
def reverse(call: Call) -> Answer:
    """Takes a transfer back, wholly or in part, out of the seller's available balance."""
    transfer = _get(call, "id")
    data = transfer.data
    left = data["amount"] - data["amount_reversed"]
    if not left:
        raise StripeError(f"Transfer {transfer.key} is already fully reversed.", param="id")
    amount = call.positive("amount") if "amount" in call.params else left
    if amount > left:
        message = f"Reversal amount ({amount}) is greater than unreversed amount ({left})"
        raise StripeError(message, param="amount")
    if books.available(data["destination"], data["currency"]) < amount:
        raise _insufficient()
    reversal = _reversal(call, transfer, amount)
    data["amount_reversed"] += amount
    data["reversed"] = data["amount_reversed"] == data["amount"]
    data["reversals"]["data"].insert(0, reversal)
    data["reversals"]["total_count"] += 1
    records.save(transfer)
    group = data["transfer_group"]
    money.count("reversed", amount, group=group, reference=reversal["id"])
    events.emit("transfer.reversed", data)
    return reversal


@endpoint("GET", "/v1/transfers/{id}/reversals")
def list_reversals(call: Call) -> Answer:
    """The reversals of a transfer."""
    return listing.of_records(call, "transfer_reversal", transfer=_get(call, "id").key)


@endpoint("GET", "/v1/transfers/{transfer}/reversals/{id}")
def retrieve_reversal(call: Call) -> Answer:
    """One reversal."""
    return dict(records.get("transfer_reversal", call.ids["id"], account=call.account).data)


def _get(call: Call, name: str) -> Record:
    return records.get("transfer", call.ids[name], account=call.account, param="transfer")


def _source(key: str, amount: int, currency: str) -> Record:
    """The charge that a transfer is taken from; what it gives may not exceed it, gross."""
    charge = records.get("charge", key, param="source_transaction", status=400)
    data = charge.data
    if data["status"] != "succeeded":
        message = "The source_transaction has not succeeded."
        raise StripeError(message, param="source_transaction")
    if data["currency"] != currency:
        message = f"The currency of source_transaction's balance transaction is {data['currency']}."
        raise StripeError(message, param="currency")
    earlier = Record.objects.filter(kind="transfer", charge=key)
    taken = sum(row.data["amount"] - row.data["amount_reversed"] for row in earlier)
    if taken + amount > data["amount"]:
        message = (
            "The transfers from this source_transaction would exceed its amount: "
            f"{data['amount'] - taken} is left."
        )
        raise StripeError(message, param="amount")
    return charge


def _reversal(call: Call, transfer: Record, amount: int) -> dict[str, Any]:
    data, key = transfer.data, records.new_key("trr_1")
    currency, destination = data["currency"], data["destination"]
    platform_line = books.book(
        account=records.PLATFORM,
        kind="transfer_refund",
        category="transfer_reversal",
        amount=amount,
        currency=currency,
        source=key,
    )
    books.book(
        account=destination,
        kind="payment_refund",
        category="refund",
        amount=-amount,
        currency=currency,
        source=data["destination_payment"],
    )
    reversal = {
        "id": key,
        "object": "transfer_reversal",
        "amount": amount,
        "balance_transaction": platform_line,
        "created": clock.timestamp(),
        "currency": currency,
        "destination_payment_refund": None,
        "metadata": call.params.get("metadata") or {},
        "source_refund": None,
        "transfer": transfer.key,
    }
    records.create("transfer_reversal", reversal)
    return reversal


def _insufficient() -> StripeError:
    message = "You have insufficient available funds in your Stripe account."
    return StripeError(message, code="balance_insufficient")


def _blank(call: Call, amount: int, currency: str, group: str | None) -> dict[str, Any]:
    key = records.new_key("tr_3")
    return {
        "id": key,
        "object": "transfer",
        "amount": amount,
        "amount_reversed": 0,
        "balance_transaction": None,
        "created": clock.timestamp(),
        "currency": currency,
        "description": call.params.get("description"),
        "destination": call.params["destination"],
        "destination_payment": None,
        "livemode": False,
        "metadata": call.params.get("metadata") or {},
        "reversals": {
            "object": "list",
            "data": [],
            "has_more": False,
            "total_count": 0,
            "url": f"/v1/transfers/{key}/reversals",
        },
        "reversed": False,
        "source_transaction": call.params.get("source_transaction"),
        "source_type": call.params.get("source_type", "card"),
        "transfer_group": group,
    }
