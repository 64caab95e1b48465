"""What is held, as a hash tree over every open escrow: its root is published, and each party can
check that its order is in the published sum.

A node is a digest and the sum of its leaves, so that a proof shows the amount as well as the
membership. `docs/transparency.md` says how to check one; `docs/verify_proof.py` does it.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from django.db.models import F

from payments.models import Escrow, EscrowStatus, LedgerAudit, PublishedTotal

CURRENCY = "USD"
Node = tuple[str, int]


def leaf(reference: str, cents: int, currency: str = CURRENCY) -> Node:
    """One open escrow."""
    return sha256(f"leaf|{reference}|{cents}|{currency}".encode()).hexdigest(), cents


def _parent(left: Node, right: Node) -> Node:
    text = f"node|{left[0]}|{left[1]}|{right[0]}|{right[1]}"
    return sha256(text.encode()).hexdigest(), left[1] + right[1]


def _above(nodes: Sequence[Node]) -> list[Node]:
    """The next level; a node without a neighbour goes up as it is."""
    pairs = [_parent(nodes[n], nodes[n + 1]) for n in range(0, len(nodes) - 1, 2)]
    return pairs + ([nodes[-1]] if len(nodes) % 2 else [])


def root(leaves: Sequence[Node]) -> Node:
    """The top of the tree; of nothing, the digest of nothing."""
    nodes = list(leaves) or [(sha256(b"").hexdigest(), 0)]
    while len(nodes) > 1:
        nodes = _above(nodes)
    return nodes[0]


def path(leaves: Sequence[Node], place: int) -> list[dict[str, Any]]:
    """The neighbours on the way from a leaf to the root."""
    nodes, found = list(leaves), []
    while len(nodes) > 1:
        other = place ^ 1
        if other < len(nodes):
            side = "left" if other < place else "right"
            found.append({"side": side, "hash": nodes[other][0], "cents": nodes[other][1]})
        nodes, place = _above(nodes), place // 2
    return found


def publish(audit: LedgerAudit) -> PublishedTotal:
    """Publish what is held now, with a clean audit; proofs are of the newest only."""
    held = F("price_cents") - F("released_cents") - F("refunded_cents")
    rows = Escrow.objects.filter(status=EscrowStatus.HELD, currency=CURRENCY).order_by("reference")
    leaves = list(rows.annotate(held=held).values_list("reference", "held"))
    digest, cents = root([leaf(reference, held_cents) for reference, held_cents in leaves])
    total = PublishedTotal.objects.create(
        audit=audit,
        currency=CURRENCY,
        root=digest,
        count=len(leaves),
        held_cents=cents,
        leaves=leaves,
    )
    PublishedTotal.objects.filter(leaves__isnull=False).exclude(pk=total.pk).update(leaves=None)
    return total


def newest() -> PublishedTotal | None:
    """The newest published total, without its leaves."""
    return PublishedTotal.objects.select_related("audit").defer("leaves").order_by("-pk").first()


def proof(reference: str) -> dict[str, Any] | None:
    """That an order is in the newest published total; None if it was not held then."""
    total = PublishedTotal.objects.filter(leaves__isnull=False).order_by("-pk").first()
    rows = total.leaves or [] if total else []
    place = next((n for n, (found, _) in enumerate(rows) if found == reference), None)
    if total is None or place is None:
        return None
    nodes = [leaf(found, cents) for found, cents in rows]
    return {
        "order": reference,
        "held_cents": rows[place][1],
        "currency": total.currency,
        "path": path(nodes, place),
        "root": total.root,
        "total_held_cents": total.held_cents,
        "open_orders": total.count,
    }
