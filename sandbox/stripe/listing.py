"""Lists: newest first, filtered, in pages."""

from collections.abc import Callable
from typing import Any

from django.db.models import Model, QuerySet

from sandbox.models import BalanceTransaction, Record
from sandbox.stripe import books
from sandbox.stripe.calls import Answer, Call
from sandbox.stripe.errors import StripeError, missing

# Which column of Record repeats a filter's value; other filters look into the object itself.
COLUMNS = {
    "transfer_group": "group",
    "charge": "charge",
    "payment_intent": "intent",
    "destination": "parent",
    "transfer": "parent",
}
LOOKUPS = {"gt": "gt", "gte": "gte", "lt": "lt", "lte": "lte"}


def of_records(call: Call, kind: str, *filters: str, **fixed: Any) -> Answer:
    """A page of objects of one kind, filtered by the named parameters and by `fixed` values."""
    rows = Record.objects.filter(kind=kind, account=call.account)
    wanted = {name: call.params[name] for name in filters if name in call.params}
    for name, value in {**wanted, **fixed}.items():
        rows = rows.filter(**{COLUMNS.get(name, f"data__{name}"): value})
    return page(call, rows, kind, lambda record: record.data)


def of_balance_transactions(call: Call) -> Answer:
    """A page of the account's balance transactions."""
    rows = BalanceTransaction.objects.filter(account=call.account)
    for name, column in (("type", "kind"), ("source", "source"), ("currency", "currency")):
        if name in call.params:
            rows = rows.filter(**{column: call.params[name]})
    if "payout" in call.params:
        rows = rows.filter(source=call.params["payout"])
    return page(call, rows, "balance_transaction", books.shown)


def page(
    call: Call, rows: QuerySet[Any], kind: str, show: Callable[[Any], dict[str, Any]]
) -> Answer:
    """Cuts one page out of rows; raises for a bad limit or cursor."""
    limit = call.params.get("limit", 10)
    if not 1 <= limit <= 100:
        message = "Invalid limit: must be between 1 and 100"
        raise StripeError(message, code="parameter_invalid_integer", param="limit")
    created = call.params.get("created")
    if isinstance(created, int):
        rows = rows.filter(created=created)
    elif created:
        rows = rows.filter(**{f"created__{LOOKUPS[name]}": at for name, at in created.items()})
    after, before = call.params.get("starting_after"), call.params.get("ending_before")
    if after and before:
        message = "You cannot specify both starting_after and ending_before."
        raise StripeError(message, param="starting_after")
    if before:
        cursor = _cursor(rows.model, before, kind, "ending_before")
        found = list(rows.filter(n__gt=cursor).order_by("n")[: limit + 1])
        shown = found[:limit][::-1]
    else:
        if after:
            rows = rows.filter(n__lt=_cursor(rows.model, after, kind, "starting_after"))
        found = list(rows.order_by("-n")[: limit + 1])
        shown = found[:limit]
    return {
        "object": "list",
        "url": call.url,
        "has_more": len(found) > limit,
        "data": [show(row) for row in shown],
    }


def _cursor(model: type[Model], key: str, kind: str, param: str) -> int:
    row = model._default_manager.filter(key=key).values_list("n", flat=True).first()
    if row is None:
        raise missing(kind, key, param=param, status=400)
    return int(row)
