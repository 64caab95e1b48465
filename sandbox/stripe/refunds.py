"""Refunds: money back to the buyer, out of the platform's balance."""

from typing import Any

from django.conf import settings

from sandbox import clock
from sandbox.models import Record
from sandbox.stripe import books, cards, events, listing, money, records
from sandbox.stripe.calls import Answer, Call, endpoint
from sandbox.stripe.errors import StripeError

RETRY_SECONDS = 10.0


@endpoint("POST", "/v1/refunds")
def create(call: Call) -> Answer:
    """Refunds a charge, in full unless an amount is given."""
    charge = _charge(call)
    amount = _amount(call, charge)
    short = sum(books.totals(records.PLATFORM).get(charge.data["currency"], (0, 0)))
    waits = short + settings.OVERDRAFT_CENTS < amount
    how = cards.BY_NUMBER[charge.inner["card"]].refund if "card" in charge.inner else "succeeded"
    data = _blank(call, charge, amount)
    if waits:
        data |= {"status": "pending", "pending_reason": "insufficient_funds"}
    elif how == "pending":
        data |= {"status": "pending", "pending_reason": "processing"}
    charge.data["amount_refunded"] += amount
    charge.data["refunded"] = charge.data["amount_refunded"] == charge.data["amount"]
    records.save(charge)
    record = records.create("refund", data)
    if waits:
        clock.plan("refund.retry", record.key, after=RETRY_SECONDS)
    else:
        _book(record)
    if not waits and how == "pending":
        clock.plan("refund.succeed", record.key, after=settings.REFUND_SECONDS)
    if not waits and how == "fails":
        clock.plan("refund.fail", record.key, after=settings.REFUND_SECONDS)
    events.emit("refund.created", record.data)
    events.emit("charge.refunded", charge.data)
    return dict(record.data)


@endpoint("GET", "/v1/refunds")
def list_refunds(call: Call) -> Answer:
    """Refunds, by charge or payment intent."""
    return listing.of_records(call, "refund", "charge", "payment_intent")


@endpoint("GET", "/v1/refunds/{refund}")
def retrieve(call: Call) -> Answer:
    """One refund."""
    return dict(records.get("refund", call.ids["refund"], account=call.account).data)


@clock.on_due("refund.succeed")
def succeed(key: str) -> None:
    """A pending refund arrived at the buyer's bank."""
    record = records.get("refund", key)
    if record.data["status"] != "pending":
        return
    if not record.data["balance_transaction"]:
        _book(record)
    record.data |= {"status": "succeeded", "pending_reason": None}
    records.save(record)
    _updated(record, "pending")


@clock.on_due("refund.retry")
def retry(key: str) -> None:
    """A refund that waits for money is tried again."""
    record = records.get("refund", key)
    if record.data["status"] != "pending":
        return
    total = sum(books.totals(records.PLATFORM).get(record.data["currency"], (0, 0)))
    if total + settings.OVERDRAFT_CENTS < record.data["amount"]:
        clock.plan("refund.retry", key, after=RETRY_SECONDS)
    else:
        succeed(key)


@clock.on_due("refund.fail")
def fail(key: str) -> None:
    """The buyer's bank sent the money back: it returns to the platform's balance."""
    record = records.get("refund", key)
    data, before = record.data, record.data["status"]
    if before not in ("pending", "succeeded"):
        return
    charge = records.get("charge", data["charge"])
    if data["balance_transaction"]:
        data["failure_balance_transaction"] = books.book(
            account=records.PLATFORM,
            kind="refund_failure",
            amount=data["amount"],
            currency=data["currency"],
            source=key,
        )
        group = charge.data["transfer_group"]
        money.count("refunded", -data["amount"], group=group, reference=key)
    data |= {"status": "failed", "failure_reason": "expired_or_canceled_card"}
    data["pending_reason"] = None
    records.save(record)
    charge.data["amount_refunded"] -= data["amount"]
    charge.data["refunded"] = False
    records.save(charge)
    events.emit("refund.failed", data)
    _updated(record, before)
    events.emit("charge.updated", charge.data, before={})


def _updated(record: Record, before: str) -> None:
    events.emit("refund.updated", record.data, before={"status": before})
    events.emit("charge.refund.updated", record.data, before={"status": before})


def _charge(call: Call) -> Record:
    given = call.params
    if given.get("reverse_transfer") or given.get("refund_application_fee"):
        message = "This charge has no destination: reverse its transfer first."
        raise StripeError(message, param="reverse_transfer")
    if "charge" in given:
        return records.get("charge", given["charge"], param="charge", status=404)
    if "payment_intent" not in given:
        message = "One of the following params should be provided: payment_intent or charge."
        raise StripeError(message, code="parameter_missing")
    intent = records.get("payment_intent", given["payment_intent"], param="payment_intent")
    key = intent.data["latest_charge"]
    if intent.data["status"] != "succeeded" or not key:
        message = f"This PaymentIntent ({intent.key}) does not have a successful charge to refund."
        raise StripeError(message, code="payment_intent_unexpected_state")
    return records.get("charge", key)


def _amount(call: Call, charge: Record) -> int:
    data = charge.data
    if data["status"] != "succeeded":
        raise StripeError("This charge has not succeeded and cannot be refunded.", param="charge")
    if charge.inner.get("blocked_by_dispute"):
        message = f"Charge {charge.key} has been charged back; cannot issue a refund."
        raise StripeError(message, code="charge_disputed", param="charge")
    left = data["amount"] - data["amount_refunded"]
    if not left:
        message = f"Charge {charge.key} has already been refunded."
        raise StripeError(message, code="charge_already_refunded", param="charge")
    amount = call.positive("amount") if "amount" in call.params else left
    if amount > left:
        raise StripeError(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})",
            param="amount",
        )
    return int(amount)


def _book(record: Record) -> None:
    """Takes the refund out of the platform's balance."""
    data = record.data
    data["balance_transaction"] = books.book(
        account=records.PLATFORM,
        kind="refund",
        amount=-data["amount"],
        currency=data["currency"],
        source=record.key,
    )
    records.save(record)
    group = records.get("charge", data["charge"]).data["transfer_group"]
    money.count("refunded", data["amount"], group=group, reference=record.key)


def _blank(call: Call, charge: Record, amount: int) -> dict[str, Any]:
    return {
        "id": records.new_key("re_3"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge.key,
        "created": clock.timestamp(),
        "currency": charge.data["currency"],
        "destination_details": {
            "card": {
                "reference_status": "pending",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
            "type": "card",
        },
        "metadata": call.params.get("metadata") or {},
        "payment_intent": charge.data["payment_intent"],
        "pending_reason": None,
        "reason": call.params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }
