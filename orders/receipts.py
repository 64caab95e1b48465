"""A buyer's receipt: what was paid for an order, and what went back."""

from orders.models import Order
from payments import ledger
from payments.documents import Cents, Paper


def receipt(order: Order) -> Paper:
    """What moved between the buyer's card and the platform for one order."""
    rows, paid = [], 0
    for posting in order.escrow.postings.order_by("at", "id"):
        cents = _at_card(posting.source, posting.destination, posting.amount_cents)
        if cents:
            paid += cents
            what = "Paid by card" if cents > 0 else "Back to the card"
            rows.append([posting.at, what, Cents(cents)])
    return Paper(
        title="Receipt",
        number=f"receipt-{order.pk}",
        facts=[
            ("Order", str(order.pk)),
            ("For", order.title),
            ("Face value", f"{Cents(order.face_value_cents)} {order.currency}"),
            ("Buyer", order.buyer.public_name),
            ("Seller", order.seller.public_name),
            ("State", order.get_status_display()),
        ],
        columns=("Date", "What", "Amount"),
        rows=rows,
        totals=[("You paid in all", Cents(paid))],
        currency=order.currency,
        notes=["Times are UTC. The commission is the seller's; buyers pay none."],
    )


def _at_card(source: str, destination: str, cents: int) -> int:
    if source == ledger.CARDS:
        return cents
    return -cents if destination == ledger.CARDS else 0
