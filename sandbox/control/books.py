"""Books for demo data: whole trades written at once, as if they had happened at an earlier time."""

from functools import partial
from typing import Any

from django.conf import settings

from sandbox import clock
from sandbox.control.answering import Answer, Invalid
from sandbox.control.copies import EXAMPLE_AT, Pattern, known, save
from sandbox.stripe import (
    books,
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

# What stands in the examples for what each trade brings along.
AMOUNT, TRANSFER, REFUND, PAYOUT = 71_000_001, 31_000_003, 21_000_007, 11_000_009
GROUP, REFERENCE, TITLE, NAME = "GROUP-MARK", "REFERENCE-MARK", "TITLE-MARK", "NAME-MARK"
OPTIONAL = ("transfer_cents", "refund_cents", "payout_cents")


def write(given: Answer, origin: str) -> list[Answer]:
    """Writes each of `trades` and returns the ids of what it made; no event is told of any.

    A trade is `{transfer_group, amount_cents}` with, as wanted, `currency`, `at` (Unix seconds),
    `metadata`, `client_reference_id`, `description`, `name`, `destination` and `transfer_cents`,
    `refund_cents`, `payout_cents`, and `transfer_metadata`, `refund_metadata`. Ids follow from the
    group, so that a trade which is there already is left as it is.
    """
    trades = given.get("trades")
    if not isinstance(trades, list):
        raise Invalid("trades must be a list")
    patterns: dict[Any, Pattern] = {}
    with events.muted():
        copies = [_copy(trade, origin, patterns) for trade in trades]
        there = known(made["charge"] for made, _ in copies)
        save(make() for made, make in copies if made["charge"] not in there)
    return [made for made, _ in copies]


def pay_out(given: Answer) -> list[Answer]:
    """Writes each of `payouts`, `{key, account, amount_cents, at}`, paid, and returns the ids."""
    copies, patterns = [], dict[str, Pattern]()
    with events.muted():
        for payout in given.get("payouts", []):
            try:
                key, account = str(payout["key"]), str(payout["account"])
                cents, at = int(payout["amount_cents"]), float(payout["at"])
            except (KeyError, TypeError, ValueError) as error:
                raise Invalid("a payout needs key, account, amount_cents and at") from error
            if account not in patterns:
                patterns[account] = _payout_pattern(account)
            pattern = patterns[account]
            found = pattern.names(key)[pattern.made["payout"]]
            values = {str(PAYOUT): cents, _quoted("payout"): payout.get("metadata") or {}}
            copies.append((found, partial(pattern.rows, key, at=at, values=values)))
        there = known(key for key, _ in copies)
        save(make() for key, make in copies if key not in there)
    return [{"payout": key} for key, _ in copies]


def _copy(trade: Any, origin: str, patterns: dict[Any, Pattern]) -> tuple[Answer, Any]:
    try:
        amount, group = int(trade["amount_cents"]), str(trade["transfer_group"])
        at = float(trade.get("at", clock.now()))
    except (KeyError, TypeError, ValueError) as error:
        raise Invalid("a trade needs transfer_group and amount_cents") from error
    cents = {name: int(trade.get(name) or 0) for name in OPTIONAL}
    if not all(0 <= value <= amount for value in cents.values()):
        raise Invalid("no more can leave a trade than came in")
    whole = cents["refund_cents"] == amount
    shape = (*(bool(value) for value in cents.values()), whole, _currency(trade))
    shape = (*shape, str(trade.get("destination")))
    fee = charges.fee_cents(amount)
    values = {
        str(AMOUNT): amount,
        str(charges.fee_cents(AMOUNT)): fee,
        str(AMOUNT - charges.fee_cents(AMOUNT)): amount - fee,
        str(TRANSFER): cents["transfer_cents"],
        str(PAYOUT): cents["payout_cents"],
        **({} if whole else {str(REFUND): cents["refund_cents"]}),
        GROUP: group,
        REFERENCE: trade.get("client_reference_id") or group,
        TITLE: trade.get("description") or "Credit",
        NAME: trade.get("name") or "A buyer",
        _quoted("trade"): trade.get("metadata") or {},
        _quoted("transfer"): trade.get("transfer_metadata") or {},
        _quoted("refund"): trade.get("refund_metadata") or {},
    }
    if shape not in patterns:
        example = partial(_example, trade, origin, whole=whole)
        # Refunds must not have to wait for money in the example.
        fund = partial(_fund, records.PLATFORM, 2 * AMOUNT, _currency(trade))
        patterns[shape] = Pattern(example, marks=values, prepare=fund)
    pattern = patterns[shape]
    names = pattern.names(group)
    made = {name: names[key] for name, key in pattern.made.items()}
    return made | {"fee_cents": fee}, partial(pattern.rows, group, at=at, values=values)


def _currency(trade: Answer) -> str:
    return str(trade.get("currency", "usd"))


def _mark(what: str) -> dict[str, str]:
    return {"mark": what}


def _quoted(what: str) -> str:
    return f'{{"mark": "{what}"}}'


def _example(trade: Answer, origin: str, *, whole: bool) -> dict[str, str]:
    """One such trade by the API's own code, with marks for what is its own."""
    with clock.at(EXAMPLE_AT):
        made = _pay(trade, origin)
        if trade.get("transfer_cents"):
            made["transfer"] = _transfer(trade, made["charge"])
        if trade.get("refund_cents"):
            params = {"charge": made["charge"], "amount": AMOUNT if whole else REFUND}
            made["refund"] = refunds.create(_call(params | {"metadata": _mark("refund")}))["id"]
    with clock.at(EXAMPLE_AT + settings.AVAILABLE_SECONDS + 1):
        if trade.get("payout_cents"):
            made["payout"] = _payout(str(trade.get("destination")), _currency(trade))
    return made


def _pay(trade: Answer, origin: str) -> dict[str, str]:
    price = {
        "currency": _currency(trade),
        "unit_amount": AMOUNT,
        "product_data": {"name": TITLE},
    }
    params = {
        "success_url": origin,
        "client_reference_id": REFERENCE,
        "metadata": _mark("trade"),
        "line_items": [{"price_data": price, "quantity": 1}],
        "payment_intent_data": {"transfer_group": GROUP, "metadata": _mark("trade")},
    }
    session = records.get("checkout.session", checkout.create(_call(params, origin))["id"])
    intent = checkout.intent_of(session)
    charge = payment_intents.pay(intent, cards.BY_NUMBER["4242424242424242"])
    checkout.complete(session, name=NAME)
    charges.fee_arrived(charge.key)
    line = records.get("charge", charge.key).data["balance_transaction"]
    return {
        "session": session.key,
        "payment_intent": intent.key,
        "charge": charge.key,
        "balance_transaction": line,
    }


def _transfer(trade: Answer, charge: str) -> str:
    params = {
        "amount": TRANSFER,
        "currency": _currency(trade),
        "destination": str(trade.get("destination")),
        "source_transaction": charge,
        "metadata": _mark("transfer"),
    }
    return str(transfers.create(_call(params))["id"])


def _payout_pattern(account: str) -> Pattern:
    def example() -> dict[str, str]:
        with clock.at(EXAMPLE_AT):
            return {"payout": _payout(account, "usd")}

    fund = partial(_fund, account, PAYOUT, "usd")
    return Pattern(example, marks=[str(PAYOUT), _quoted("payout")], prepare=fund)


def _fund(account: str, amount: int, currency: str) -> None:
    with clock.at(EXAMPLE_AT):
        books.book(
            account=account, kind="payment", amount=amount, currency=currency, source="prepared"
        )


def _payout(account: str, currency: str) -> str:
    params = {"amount": PAYOUT, "currency": currency, "metadata": _mark("payout")}
    key = str(payouts.create(_call(params, account=account))["id"])
    payouts.decide(key, "paid")
    return key


def _call(params: Answer, origin: str = "", *, account: str = records.PLATFORM) -> Call:
    given = {name: value for name, value in params.items() if value is not None}
    return Call(params=given, ids={}, account=account, url="", origin=origin)
