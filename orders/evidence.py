"""Answering a dispute at the buyer's bank with what the order's own record shows.

Only what was handed over is defended: where nothing was sent, the bank is right.
"""

from django.conf import settings
from django.db import transaction

from orders.models import Order
from payments import chargebacks
from payments.models import Chargeback
from providers.vocabulary import TransferMethod


def due() -> list[int]:
    """Open disputes that nobody has answered."""
    rows = Chargeback.objects.filter(outcome="", answered=False).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:100])


@transaction.atomic
def answer(chargeback_id: int) -> None:
    """Write the instruction that sends the evidence, once."""
    disputed = Chargeback.objects.select_for_update(no_key=True).get(pk=chargeback_id)
    if disputed.answered:
        return
    order = Order.objects.with_parts().filter(escrow=disputed.escrow_id).first()
    sent = order is not None and order.sent_at is not None
    chargebacks.answer(disputed, evidence=assemble(order) if order and sent else None)


def assemble(order: Order) -> dict[str, str]:
    """The fields of the evidence, in the bank's language: English and plain."""
    history = "\n".join(
        f"{event.at:%Y-%m-%d %H:%M:%S} UTC: {event.kind}"
        + (f" by {_who(order, event.actor_id)}" if event.actor_id else "")
        for event in order.events.order_by("id")
    )
    by_code = order.transfer_method == TransferMethod.REDEEM_CODE
    how = (
        "by redeem codes, revealed in the buyer's account" if by_code else "to the buyer's account"
    )
    return {
        "customer_name": order.buyer.public_name,
        "customer_email_address": order.buyer.email,
        "product_description": f"Digital credit at {order.listing.provider.name}: {order.title}. "
        f"Face value {_shown(order.face_value_cents, order.currency)}, delivered {how}.",
        "service_date": f"{order.sent_at:%Y-%m-%d}",
        "access_activity_log": history,
        "refund_policy_disclosure": "Before paying, the buyer was shown that the payment is held "
        "until the credit has arrived and that a dispute can be opened until it is released: "
        f"{settings.SITE_ORIGIN}/help/",
        "uncategorized_text": f"Order {order.pk}, {_shown(order.price_cents, order.currency)}. "
        f"The seller handed the credit over at {order.sent_at:%Y-%m-%d %H:%M} UTC. "
        f"State of the order: {order.get_status_display()}.",
    }


def _who(order: Order, person_id: int) -> str:
    if person_id == order.buyer_id:
        return "the buyer"
    return "the seller" if person_id == order.seller_id else "a moderator"


def _shown(cents: int, currency: str) -> str:
    return f"{cents // 100}.{cents % 100:02d} {currency}"
