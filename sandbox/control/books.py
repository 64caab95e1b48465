"""Books for demo data: whole trades written at once, as if they had happened at an earlier time."""

from typing import Any

from django.conf import settings

from sandbox import clock
from sandbox.control.answering import Answer, Invalid
from sandbox.models import Due
from sandbox.stripe import (
    cards,
    charges,
    checkout,
    events,
    payment_intents,
    payouts,
    records,
    refunds,
    transfers,
)
from sandbox.stripe.calls import Call


def write(given: Answer, origin: str) -> list[Answer]:
    """Writes each of `trades` and returns the ids of what it made; no event is told of any.

    A trade is `{transfer_group, amount_cents}` with, as wanted, `currency`, `at` (Unix seconds),
    `metadata`, `client_reference_id`, `destination` and `transfer_cents`, `refund_cents`,
    `payout_cents`.
    """
    trades = given.get("trades")
    if not isinstance(trades, list):
        raise Invalid("trades must be a list")
    with events.muted():
        return [_write(trade, origin) for trade in trades]


def _write(trade: Any, origin: str) -> Answer:
    try:
        amount, group = int(trade["amount_cents"]), str(trade["transfer_group"])
        at = float(trade.get("at", clock.now()))
    except (KeyError, TypeError, ValueError) as error:
        raise Invalid("a trade needs transfer_group and amount_cents") from error
    with clock.at(at):
        made = _pay(trade, amount, group, origin)
        charge = {"currency": trade.get("currency", "usd"), "charge": made["charge"]}
        if trade.get("transfer_cents"):
            made["transfer"] = _transfer(trade, charge)
        if trade.get("refund_cents"):
            params = {"charge": made["charge"], "amount": trade["refund_cents"]}
            made["refund"] = refunds.create(_call(params, origin))["id"]
    with clock.at(at + settings.AVAILABLE_SECONDS + 1):
        if trade.get("payout_cents"):
            made["payout"] = _payout(trade, charge["currency"])
    # What was planned for later has been done above.
    Due.objects.filter(target__in=made.values()).delete()
    return made


def _pay(trade: Answer, amount: int, group: str, origin: str) -> dict[str, str]:
    price = {
        "currency": trade.get("currency", "usd"),
        "unit_amount": amount,
        "product_data": {"name": trade.get("description", "Credit")},
    }
    metadata = trade.get("metadata") or {}
    params = {
        "success_url": origin,
        "client_reference_id": trade.get("client_reference_id"),
        "metadata": metadata,
        "line_items": [{"price_data": price, "quantity": 1}],
        "payment_intent_data": {"transfer_group": group, "metadata": metadata},
    }
    session = records.get("checkout.session", checkout.create(_call(params, origin))["id"])
    intent = checkout.intent_of(session)
    charge = payment_intents.pay(intent, cards.BY_NUMBER["4242424242424242"])
    checkout.complete(session, name=trade.get("name", ""))
    charges.fee_arrived(charge.key)
    line = records.get("charge", charge.key).data["balance_transaction"]
    return {
        "session": session.key,
        "payment_intent": intent.key,
        "charge": charge.key,
        "balance_transaction": line,
    }


def _transfer(trade: Answer, charge: Answer) -> str:
    params = {
        "amount": trade["transfer_cents"],
        "currency": charge["currency"],
        "destination": str(trade.get("destination")),
        "source_transaction": charge["charge"],
    }
    return str(transfers.create(_call(params, ""))["id"])


def _payout(trade: Answer, currency: str) -> str:
    params = {"amount": trade["payout_cents"], "currency": currency}
    call = _call(params, "", account=str(trade.get("destination")))
    key = str(payouts.create(call)["id"])
    payouts.decide(key, "paid")
    return key


def _call(params: Answer, origin: str, *, account: str = records.PLATFORM) -> Call:
    given = {name: value for name, value in params.items() if value is not None}
    return Call(params=given, ids={}, account=account, url="", origin=origin)
