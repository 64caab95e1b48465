"""Orders at every stage of their life, brought there by the functions that bring them there."""

from collections.abc import Callable

from django.db import transaction

from accounts.models import Person
from listings.models import Listing
from orders import cancellation, completion, disputes, transfer
from orders.models import Order, OrderStatus, Verdict
from orders.progress import advance
from payments import chargebacks
from payments.processor.interface import CardDispute
from providers.vocabulary import TransferMethod
from tests.factories import a_moderator
from tests.trade import an_offer, paid, placed

AMOUNT = 50_00
CODES = ("GIFT-0001-AAAA", "GIFT-0002-BBBB")
REASON = "The seller's receipt names the account."


def an_order(
    *, buyer: Person, listing: Listing, stage: str = "placed", recipient: str = ""
) -> Order:
    """$50 of an offer at `stage`: a key of STAGES. Paid stages need the sandbox."""
    order = placed(buyer, listing, AMOUNT)
    if recipient:
        transfer.name_recipient(order, actor=buyer, recipient=recipient)
    STAGES[stage](order)
    return Order.objects.with_parts().get(pk=order.pk)


def _handed_over(order: Order) -> None:
    paid(order)
    if order.transfer_method == TransferMethod.REDEEM_CODE:
        transfer.reveal(order, actor=order.buyer)
    else:
        transfer.send(order, actor=order.seller, note="Sent from the billing page, reference 17.")


def _verified(order: Order) -> None:
    """As a reading of the provider's balance would verify it."""
    _handed_over(order)
    order = Order.objects.get(pk=order.pk)
    with transaction.atomic():
        advance(
            order,
            OrderStatus.VERIFIED,
            kind="verified",
            actor=None,
            within_seconds=order.cooling_off_seconds,
            verdict=Verdict.VERIFIED,
        )


def _disputed(order: Order) -> None:
    _handed_over(order)
    disputes.open_dispute(
        order, actor=order.buyer, reason="less_than_agreed", text="Only half of it is there."
    )


def _decided(outcome: str) -> Callable[[Order], None]:
    def decide(order: Order) -> None:
        _disputed(order)
        dispute = Order.objects.get(pk=order.pk).dispute
        decided = disputes.decide(dispute, actor=a_moderator(), outcome=outcome, reason=REASON)
        loser = order.buyer if outcome == disputes.RELEASE else order.seller
        disputes.accept(decided, actor=loser)

    return decide


def _contested(order: Order) -> None:
    paid(order)
    order.escrow.refresh_from_db()
    charge = order.escrow.charge_id
    chargebacks.record(CardDispute("du_1", charge, order.price_cents, outcome=""))


def _paid_then(act: Callable[[Order], object]) -> Callable[[Order], None]:
    def then(order: Order) -> None:
        paid(order)
        act(order)

    return then


def _confirmed(order: Order) -> None:
    _handed_over(order)
    completion.confirm(order, actor=order.buyer)


def _accepted(order: Order) -> None:
    _handed_over(order)
    completion.accept_silence(order)


STAGES: dict[str, Callable[[Order], object]] = {
    "placed": lambda order: order,
    "paid": paid,
    "contested": _contested,
    "transferred": _handed_over,
    "verified": _verified,
    "disputed": _disputed,
    "confirmed": _confirmed,
    "accepted": _accepted,
    "decided for the seller": _decided(disputes.RELEASE),
    "decided for the buyer": _decided(disputes.REFUND),
    "withdrawn": lambda order: cancellation.withdraw(order, actor=order.buyer),
    "lapsed": cancellation.lapse_unpaid,
    "declined": _paid_then(lambda order: cancellation.decline(order, actor=order.seller)),
    "not delivered": _paid_then(cancellation.give_up_waiting),
}

# What each stage offers: to the buyer and to the seller, by credit that is sent.
SENT: dict[str, tuple[set[str], set[str]]] = {
    "placed": ({"payment", "recipient", "cancellation"}, set()),
    "paid": ({"recipient", "dispute"}, {"transfer", "cancellation"}),
    "contested": ({"recipient", "dispute"}, {"transfer", "cancellation"}),
    "transferred": ({"confirmation", "dispute"}, set()),
    "verified": ({"confirmation", "dispute"}, set()),
}
# The same by codes, which can be seen again once they were seen.
BY_CODE: dict[str, tuple[set[str], set[str]]] = {
    "placed": ({"payment", "cancellation"}, set()),
    "paid": ({"reveal", "dispute"}, {"cancellation"}),
    "contested": ({"reveal", "dispute"}, {"cancellation"}),
    "transferred": ({"confirmation", "dispute", "reveal"}, set()),
    "verified": ({"confirmation", "dispute", "reveal"}, set()),
    **{
        stage: ({"reveal"}, set())
        for stage in (
            "disputed",
            "confirmed",
            "accepted",
            "decided for the seller",
            "decided for the buyer",
        )
    },
}


def an_order_by(method: str, buyer: Person, stage: str) -> Order:
    """An order of an offer of its own, by codes or sent by the seller."""
    listing = an_offer(codes=CODES) if method == TransferMethod.REDEEM_CODE else an_offer()
    return an_order(buyer=buyer, listing=listing, stage=stage)
