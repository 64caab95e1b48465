"""`expand`: ids replaced by the objects they name."""

from typing import Any

from sandbox.models import BalanceTransaction, Record
from sandbox.stripe import books, connected
from sandbox.stripe.errors import StripeError

# Expandable fields that hold ids.
FIELDS = {
    "balance_transaction",
    "charge",
    "customer",
    "destination",
    "destination_payment",
    "destination_payment_refund",
    "failure_balance_transaction",
    "latest_charge",
    "on_behalf_of",
    "payment_intent",
    "payment_method",
    "review",
    "setup_intent",
    "source",
    "source_refund",
    "source_transaction",
    "source_transfer",
    "source_transfer_reversal",
    "transfer",
    "transfer_reversal",
}
# Expandable lists that are left out unless asked for.
LISTS = {("charge", "refunds"), ("checkout.session", "line_items")}
MAX_DEPTH = 4


def expanded(answer: dict[str, Any], paths: list[str]) -> dict[str, Any]:
    """The answer with each path expanded; raises for a path that cannot be."""
    for path in paths:
        parts = path.split(".")
        if len(parts) > MAX_DEPTH:
            message = f"You cannot expand more than {MAX_DEPTH} levels of a property: {path}"
            raise StripeError(message, param="expand[0]")
        _walk(answer, parts, path)
    return answer


def _walk(node: Any, parts: list[str], path: str) -> None:
    if isinstance(node, list):
        for item in node:
            _walk(item, parts, path)
        return
    if not parts or node is None:
        return
    name = parts[0]
    if not isinstance(node, dict) or not _known(node, name):
        raise StripeError(f"This property cannot be expanded ({path}).", param="expand[0]")
    if (node.get("object"), name) in LISTS:
        node[name] = _list(node, name)
    elif isinstance(node.get(name), str):
        node[name] = _object(node[name]) or node[name]
    _walk(node.get(name), parts[1:], path)


def _known(node: dict[str, Any], name: str) -> bool:
    if (node.get("object"), name) in LISTS or (name == "data" and "data" in node):
        return True
    return (name in FIELDS and (name in node or "id" in node)) or isinstance(node.get(name), dict)


def _object(key: str) -> dict[str, Any] | None:
    line = BalanceTransaction.objects.filter(key=key).first()
    if line:
        return books.shown(line)
    record = Record.objects.filter(key=key).first()
    if record is None:
        return None
    if record.kind == connected.KIND:
        return connected.v1_shape(record)
    return dict(record.data)


def _list(node: dict[str, Any], name: str) -> dict[str, Any]:
    if name == "refunds":
        found = Record.objects.filter(kind="refund", charge=node["id"]).order_by("-n")[:10]
        data = [record.data for record in found]
        url = f"/v1/charges/{node['id']}/refunds"
    else:
        data = Record.objects.get(key=node["id"]).inner["line_items"]
        url = f"/v1/checkout/sessions/{node['id']}/line_items"
    return {"object": "list", "data": data, "has_more": False, "url": url}
