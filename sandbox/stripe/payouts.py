"""Payouts to bank accounts, balances, and their settings."""

from typing import Any

from django.conf import settings

from sandbox import clock
from sandbox.models import Record
from sandbox.stripe import books, connected, events, listing, money, records
from sandbox.stripe.calls import Answer, Call, endpoint
from sandbox.stripe.errors import StripeError

# The test bank accounts that refuse money, by their last four digits.
FAILING_BANKS = {
    "1116": ("no_account", "The bank account could not be found."),
    "1113": ("account_closed", "The bank account has been closed."),
}
BANK_AT_PLATFORM = {"id": "ba_1SandboxPlatform", "last4": "6789"}


@endpoint("GET", "/v1/balance")
def balance(call: Call) -> Answer:
    """What an account has, available and pending."""
    return books.balance(call.account)


@endpoint("GET", "/v1/balance_transactions")
def list_transactions(call: Call) -> Answer:
    """Everything that changed an account's balance."""
    return listing.of_balance_transactions(call)


@endpoint("GET", "/v1/balance_transactions/{id}")
def retrieve_transaction(call: Call) -> Answer:
    """One balance transaction."""
    return books.shown(books.get(call.ids["id"], account=call.account))


@endpoint("GET", "/v1/balance_settings")
def show_settings(call: Call) -> Answer:
    """How and when an account is paid out."""
    record = Record.objects.filter(key=f"settings_{call.account}").first()
    return dict(record.data["shown"]) if record else _default_settings()


@endpoint("POST", "/v1/balance_settings")
def change_settings(call: Call) -> Answer:
    """Changes them. The sandbox never pays out by itself, whatever the interval."""
    shown = show_settings(call)
    _merge(shown["payments"], call.params.get("payments", {}))
    record = Record.objects.filter(key=f"settings_{call.account}").first()
    if record is None:
        data = {"id": f"settings_{call.account}", "shown": shown}
        records.create("balance_settings", data, account=call.account)
    else:
        record.data["shown"] = shown
        record.save()
    return shown


@endpoint("POST", "/v1/payouts")
def create(call: Call) -> Answer:
    """Sends available money to the account's bank."""
    amount, currency = call.positive("amount"), call.params["currency"].lower()
    bank = _bank(call, currency)
    if books.available(call.account, currency) < amount:
        message = "You have insufficient funds in your Stripe account for this payout."
        raise StripeError(message, code="balance_insufficient", param="amount")
    data = _blank(call, amount, currency, bank["id"])
    data["balance_transaction"] = books.book(
        account=call.account,
        kind="payout",
        amount=-amount,
        currency=currency,
        source=data["id"],
    )
    records.create("payout", data, account=call.account, inner={"last4": bank["last4"]})
    clock.plan("payout.arrive", data["id"], after=settings.PAYOUT_SECONDS)
    events.emit("payout.created", data, account=call.account)
    return data


@endpoint("GET", "/v1/payouts")
def list_payouts(call: Call) -> Answer:
    """Payouts, by status or destination."""
    return listing.of_records(call, "payout", "status", "destination")


@endpoint("GET", "/v1/payouts/{payout}")
def retrieve(call: Call) -> Answer:
    """One payout."""
    return dict(records.get("payout", call.ids["payout"], account=call.account).data)


@clock.on_due("payout.arrive")
def arrive(key: str) -> None:
    """The bank takes the money, or sends it back."""
    record = Record.objects.get(key=key)
    if record.data["status"] == "pending":
        decide(key, "failed" if record.inner["last4"] in FAILING_BANKS else "paid")


def decide(key: str, outcome: str) -> Record:
    """Makes a payout `paid` or `failed`; a paid one can still fail, never the reverse."""
    record = Record.objects.filter(kind="payout", key=key).first()
    if record is None:
        raise StripeError(f"No such payout: '{key}'", status=404, code="resource_missing")
    data, before = record.data, record.data["status"]
    if before == "failed" or before == outcome:
        raise StripeError(f"This payout is already {before}.")
    data["status"] = outcome
    if outcome == "paid":
        records.save(record)
        money.count("paid_out", data["amount"], group=None, reference=key)
    else:
        _return(record, counted=before == "paid")
    events.emit(f"payout.{outcome}", data, account=record.account, before={"status": before})
    return record


def _return(record: Record, *, counted: bool) -> None:
    """A failed payout puts the money back on the balance."""
    data = record.data
    code, message = FAILING_BANKS.get(record.inner["last4"], FAILING_BANKS["1116"])
    data |= {"failure_code": code, "failure_message": message}
    data["failure_balance_transaction"] = books.book(
        account=record.account,
        kind="payout_failure",
        category="payout_reversal",
        amount=data["amount"],
        currency=data["currency"],
        source=record.key,
    )
    records.save(record)
    if counted:
        money.count("paid_out", -data["amount"], group=None, reference=record.key)


def _bank(call: Call, currency: str) -> dict[str, Any]:
    if not call.account:
        return BANK_AT_PLATFORM
    account = records.get(connected.KIND, call.account)
    bank = account.inner["bank"]
    if bank is None or bank["currency"] != currency:
        message = f"Sorry, you don't have any external accounts in that currency ({currency})."
        raise StripeError(message)
    if account.inner["restricted"]:
        message = "Payouts are not allowed on this account."
        raise StripeError(message, code="payouts_not_allowed")
    found: dict[str, Any] = bank
    return found


def _blank(call: Call, amount: int, currency: str, destination: str) -> dict[str, Any]:
    return {
        "id": records.new_key("po_1"),
        "object": "payout",
        "amount": amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": int(clock.now() + settings.PAYOUT_SECONDS),
        "automatic": False,
        "balance_transaction": None,
        "created": clock.timestamp(),
        "currency": currency,
        "description": call.params.get("description"),
        "destination": destination,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": call.params.get("metadata") or {},
        "method": "standard",
        "original_payout": None,
        "payout_method": None,
        "reconciliation_status": "not_applicable",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": call.params.get("statement_descriptor"),
        "status": "pending",
        "trace_id": None,
        "type": "bank_account",
    }


def _default_settings() -> dict[str, Any]:
    return {
        "object": "balance_settings",
        "payments": {
            "debit_negative_balances": True,
            "payouts": {
                "schedule": {"interval": "daily"},
                "statement_descriptor": None,
                "status": "enabled",
            },
            "settlement_timing": {"delay_days": 2, "delay_days_override": None},
        },
    }


def _merge(into: dict[str, Any], given: dict[str, Any]) -> None:
    for name, value in given.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict):
            _merge(into[name], value)
        else:
            into[name] = value
