"""Balances: every change of an account's money is one balance transaction."""

from typing import Any

from django.db.models import Sum

from sandbox import clock
from sandbox.models import BalanceTransaction, Record
from sandbox.stripe import records
from sandbox.stripe.errors import missing


def book(
    *,
    account: str,
    kind: str,
    amount: int,
    currency: str,
    source: str,
    fee: int = 0,
    category: str = "",
    available_at: float | None = None,
    description: str = "",
) -> str:
    """Adds a line to an account's balance and returns its id. Minor units; amount is signed."""
    now = clock.now()
    line = BalanceTransaction.objects.create(
        key=records.new_key("txn_3"),
        account=account,
        kind=kind,
        category=category or kind,
        amount=amount,
        fee=fee,
        net=amount - fee,
        currency=currency,
        description=description,
        source=source,
        created=int(now),
        available_at=now if available_at is None else available_at,
    )
    return line.key


def shown(line: BalanceTransaction) -> dict[str, Any]:
    """A balance transaction as the API shows it; pending until its funds are available."""
    fee_details = [
        {
            "amount": line.fee,
            "application": None,
            "currency": line.currency,
            "description": "Stripe processing fees",
            "type": "stripe_fee",
        }
    ]
    return {
        "id": line.key,
        "object": "balance_transaction",
        "amount": line.amount,
        "available_on": int(line.available_at),
        "balance_type": "payments",
        "created": line.created,
        "currency": line.currency,
        "description": line.description or None,
        "exchange_rate": None,
        "fee": line.fee,
        "fee_details": fee_details if line.fee else [],
        "net": line.net,
        "reporting_category": line.category,
        "source": line.source,
        "status": "available" if line.available_at <= clock.now() else "pending",
        "type": line.kind,
    }


def get(key: str, *, account: str) -> BalanceTransaction:
    """The balance transaction; raises `resource_missing`."""
    line = BalanceTransaction.objects.filter(key=key, account=account).first()
    if line is None:
        raise missing("balance_transaction", key)
    return line


def totals(account: str) -> dict[str, tuple[int, int]]:
    """Available and pending money of an account, by currency."""
    now = clock.now()
    lines = BalanceTransaction.objects.filter(account=account)
    sums = {"usd": [0, 0]} if not account else {}
    for index, part in enumerate(
        (lines.filter(available_at__lte=now), lines.filter(available_at__gt=now))
    ):
        for row in part.values("currency").annotate(total=Sum("net")):
            sums.setdefault(row["currency"], [0, 0])[index] = row["total"]
    return {currency: (pair[0], pair[1]) for currency, pair in (sums or {"usd": [0, 0]}).items()}


def available(account: str, currency: str) -> int:
    """Money of an account that may be paid out or transferred now."""
    return totals(account).get(currency, (0, 0))[0]


def balance(account: str) -> dict[str, Any]:
    """The balance object of an account."""
    parts = sorted(totals(account).items())

    def amounts(index: int) -> list[dict[str, Any]]:
        return [
            {"amount": pair[index], "currency": currency, "source_types": {"card": pair[index]}}
            for currency, pair in parts
        ]

    return {
        "object": "balance",
        "available": amounts(0),
        "connect_reserved": [{"amount": 0, "currency": currency} for currency, _ in parts],
        "livemode": False,
        "pending": amounts(1),
        "refund_and_dispute_prefunding": {"available": [], "pending": []},
    }


def available_at(charge: Record) -> float:
    """The moment at which the funds of a charge become available."""
    return float(charge.inner["available_at"])
