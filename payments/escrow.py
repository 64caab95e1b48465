"""The life of one order's money: awaiting → held → released, refunded or split; or lapsed.

The only module that assigns an escrow's status. What a decision moves at the processor is
written as an instruction in the same transaction, and carried out afterwards.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts import bulk
from accounts.machines import Machine
from accounts.models import Person
from accounts.refusals import WrongState
from payments import incidents, instructions, ledger, money, recovery
from payments.models import Basket, Escrow, EscrowEvent, EscrowStatus
from payments.processor.interface import Payment
from payments.refusals import Contested, Suspected

AWAITING, HELD = EscrowStatus.AWAITING, EscrowStatus.HELD
RELEASED, REFUNDED = EscrowStatus.RELEASED, EscrowStatus.REFUNDED
SPLIT, LAPSED = EscrowStatus.SPLIT, EscrowStatus.LAPSED

machine = Machine(
    model=Escrow,
    events=EscrowEvent,
    link="escrow",
    table={
        AWAITING: {HELD, LAPSED},
        HELD: {RELEASED, REFUNDED, SPLIT},
        RELEASED: set(),
        REFUNDED: set(),
        SPLIT: set(),
        LAPSED: set(),
    },
)


def open_escrow(
    *,
    reference: UUID,
    buyer: Person,
    seller: Person,
    currency: str,
    price_cents: int,
    commission_cents: int,
    basket: Basket | None = None,
) -> Escrow:
    """Await the price of one order, by itself or with the others of a basket."""
    escrow = Escrow(
        basket=basket,
        reference=str(reference),
        buyer=buyer,
        seller=seller,
        currency=currency,
        price_cents=price_cents,
        commission_cents=commission_cents,
        proceeds_cents=price_cents - commission_cents,
    )
    bulk.add(escrow)
    machine.begin(escrow, kind="opened", actor=buyer)
    return escrow


def open_checkout(
    escrow: Escrow, *, title: str, success_url: str, cancel_url: str, expires_at: datetime
) -> None:
    """Write the instruction for a payment page; `instructions.carry_out` then opens it.

    In a basket it is only kept ready: it becomes due if the basket's card is declined.
    """
    links = {"due_at": None} if escrow.basket_id else {}
    product = {"name": title}
    item = {
        "quantity": 1,
        "price_data": {
            "currency": escrow.currency.lower(),
            "unit_amount": escrow.price_cents,
            "product_data": product,
        },
    }
    instructions.write(
        kind="checkout",
        purpose=f"escrow:{escrow.pk}:checkout",
        escrow=escrow,
        params={
            "mode": "payment",
            "line_items": [item],
            "client_reference_id": escrow.reference,
            "customer_email": escrow.buyer.email,
            "allowed_payment_method_types": ["card"],
            # The price is in one currency; the page must not offer another.
            "adaptive_pricing": {"enabled": False},
            "payment_intent_data": {
                "transfer_group": escrow.reference,
                "metadata": {"order": escrow.reference},
            },
            "success_url": success_url,
            "cancel_url": cancel_url,
            "expires_at": int(expires_at.timestamp()),
        },
        **links,
    )


@transaction.atomic
def record_payment(escrow_id: UUID, payment: Payment) -> Escrow:
    """Book a payment that the processor reports; reported again, it changes nothing."""
    escrow = Escrow.objects.select_for_update(no_key=True).get(pk=escrow_id)
    as_agreed = (payment.amount_cents, payment.currency) == (escrow.price_cents, escrow.currency)
    if escrow.charge_id == payment.charge_id:
        _record_fee(escrow, payment)
    elif escrow.status == AWAITING and as_agreed:
        _book(escrow, payment, ledger.held(escrow.pk))
        machine.advance(escrow, HELD, kind="paid", actor=escrow.buyer, **_ids(payment))
        if escrow.basket_id:
            instructions.call_off(escrow, kind="checkout")
        _record_fee(escrow, payment)
    elif escrow.status == LAPSED and as_agreed and not escrow.charge_id:
        # Paid in the moment that the order was cancelled: all of it goes back.
        _book(escrow, payment, ledger.owed_to_buyer(escrow.buyer_id))
        Escrow.objects.filter(pk=escrow.pk).update(**_ids(payment))
        escrow.charge_id = payment.charge_id
        _write_refund(escrow, escrow.price_cents)
        machine.remark(escrow, kind="paid_too_late", actor=None, note="refunded in full")
        _record_fee(escrow, payment)
    else:
        _quarantine(escrow, payment)
    return escrow


def _ids(payment: Payment) -> dict[str, Any]:
    return {"payment_id": payment.id, "charge_id": payment.charge_id}


def _book(escrow: Escrow, payment: Payment, destination: str) -> bool:
    return ledger.post(
        key=f"charge:{payment.charge_id}",
        source=ledger.CARDS,
        destination=destination,
        amount_cents=payment.amount_cents,
        currency=payment.currency,
        escrow=escrow,
    )


def _record_fee(escrow: Escrow, payment: Payment) -> None:
    if payment.fee_cents is None:
        return
    if payment.fee_cents:
        ledger.post(
            key=f"charge:{payment.charge_id}:fee",
            source=ledger.FEES,
            destination=ledger.PROCESSOR,
            amount_cents=payment.fee_cents,
            currency=payment.currency,
            escrow=escrow,
        )
    Escrow.objects.filter(pk=escrow.pk).update(fee_cents=payment.fee_cents)


def _quarantine(escrow: Escrow, payment: Payment) -> None:
    """Money that is not as agreed, or came twice: kept apart until a person decides."""
    if _book(escrow, payment, ledger.quarantine(escrow.pk)):
        Escrow.objects.filter(pk=escrow.pk).update(quarantined_at=Now())
        machine.remark(escrow, kind="quarantined", actor=None, note=payment.charge_id)
        incidents.report(
            key=f"quarantine:{payment.charge_id}",
            kind="payment_not_as_agreed",
            text=f"{payment.amount_cents} {payment.currency} arrived for order {escrow.reference}, "
            f"which awaits {escrow.price_cents} {escrow.currency} and is {escrow.status}.",
            escrow=escrow,
        )


def lapse(escrow: Escrow, *, actor: Person | None, reason: str) -> None:
    """Stop awaiting a payment, and close its page. Raises WrongState if it was paid meanwhile."""
    machine.advance(escrow, LAPSED, kind="lapsed", actor=actor, note=reason)
    close_checkout(escrow)


def close_checkout(escrow: Escrow) -> None:
    """Have the payment page of a lapsed escrow closed, or never opened; a kept card is not charged.

    One that is just being opened is closed when the poller finds it open.
    """
    instructions.call_off(escrow, kind="checkout")
    if escrow.basket_id:
        instructions.call_off(escrow, kind="charge")
    if escrow.checkout_id:
        instructions.write(
            kind="expire",
            purpose=f"escrow:{escrow.pk}:expire",
            escrow=escrow,
            params={"checkout": escrow.checkout_id},
        )


@dataclass(frozen=True)
class Shares:
    """Who gets what of a price; the three sum to it."""

    to_buyer_cents: int
    to_seller_cents: int
    commission_cents: int


def shares(escrow: Escrow, refunded_cents: int) -> Shares:
    """What an ending would move: the commission is taken from the released share alone."""
    released = escrow.price_cents - refunded_cents
    commission, _ = money.split(escrow.commission_cents, [released, refunded_cents])
    return Shares(refunded_cents, released - commission, commission)


def require_free(escrow: Escrow, *, to_release_cents: int) -> None:
    """Raises Contested or Suspected where it cannot move so now."""
    if escrow.contested_at:
        raise Contested
    if to_release_cents and escrow.suspected_at:
        raise Suspected


def release(escrow: Escrow, *, actor: Person | None, reason: str) -> None:
    """All of it to the seller, less the commission."""
    settle(escrow, seller_share_cents=escrow.price_cents, actor=actor, reason=reason)


def release_all(escrows: Sequence[Escrow], *, reason: str) -> None:
    """`release` for many at once, whose sellers owe nothing: all of them, or WrongState.

    The caller has locked them, and knows from those rows that they are held and free.
    """
    machine.advance_all(
        [escrow.pk for escrow in escrows],
        HELD,
        RELEASED,
        kind="released",
        note=reason,
        only_if=Q(contested_at=None, suspected_at=None, released_cents=0, refunded_cents=0),
        released_cents=F("price_cents"),
    )
    ledger.post_all([movement for escrow in escrows for movement in _released_whole(escrow)])
    sent = [(escrow, escrow.proceeds_cents) for escrow in escrows if escrow.proceeds_cents]
    instructions.write_transfers(sent)


def _released_whole(escrow: Escrow) -> Iterator[ledger.Movement]:
    source = ledger.held(escrow.pk)
    ends = (
        ("commission", ledger.COMMISSION, escrow.commission_cents),
        ("release", ledger.owed_to_seller(escrow.seller_id), escrow.proceeds_cents),
    )
    for what, destination, cents in ends:
        if cents:
            key = f"escrow:{escrow.pk}:{what}"
            yield ledger.Movement(key, source, destination, cents, escrow.currency, escrow.pk)


def refund(escrow: Escrow, *, actor: Person | None, reason: str) -> None:
    """All that is held back to the buyer; parts that were released stay the seller's."""
    settle(escrow, seller_share_cents=escrow.released_cents, actor=actor, reason=reason)


def release_part(
    escrow: Escrow, *, number: int, released_cents: int, actor: Person | None, reason: str
) -> None:
    """Release `released_cents` of the price in all, while the rest stays held.

    `number` is that of the part, once per escrow. Raises Contested or Suspected, and WrongState
    if the escrow has ended or that much was released before.
    """
    assert released_cents < escrow.price_cents, "the last part is an ending"
    before = escrow.released_cents
    require_free(escrow, to_release_cents=released_cents - before)
    if released_cents <= before:
        raise WrongState
    free = Q(contested_at=None, suspected_at=None, released_cents=before)
    held = Escrow.objects.filter(free, pk=escrow.pk, status=HELD)
    if held.update(released_cents=released_cents) != 1:
        raise WrongState
    escrow.released_cents = released_cents
    machine.remark(escrow, kind="released_in_part", actor=actor, note=reason)
    _release_share(escrow, before_cents=before, part=f":{number}")


def settle(escrow: Escrow, *, seller_share_cents: int, actor: Person | None, reason: str) -> None:
    """End the escrow: a share of the price to the seller, the rest back to the buyer.

    What was released in parts counts as part of the share. Raises Contested while the buyer's
    bank disputes the payment, Suspected where anything more would go to the seller while fraud is
    suspected, WrongState if it has ended.
    """
    before = escrow.released_cents
    assert before <= seller_share_cents <= escrow.price_cents
    refunded = escrow.price_cents - seller_share_cents
    to = SPLIT if refunded and seller_share_cents else REFUNDED if refunded else RELEASED
    require_free(escrow, to_release_cents=seller_share_cents - before)
    may = Q(contested_at=None, released_cents=before)
    if seller_share_cents > before:
        may &= Q(suspected_at=None)
    machine.advance(
        escrow,
        to,
        kind=to.value,
        actor=actor,
        note=reason,
        only_if=may,
        released_cents=seller_share_cents,
        refunded_cents=refunded,
    )
    _release_share(escrow, before_cents=before)
    if refunded:
        moved = _move(escrow, "refund", ledger.owed_to_buyer(escrow.buyer_id), refunded)
        assert moved
        _write_refund(escrow, refunded)


def _release_share(escrow: Escrow, *, before_cents: int, part: str = "") -> None:
    """Move what was released beyond `before_cents`: the difference of the two shares, so that
    parts sum to the whole.
    """
    now = shares(escrow, escrow.price_cents - escrow.released_cents)
    before = shares(escrow, escrow.price_cents - before_cents)
    commission = now.commission_cents - before.commission_cents
    proceeds = now.to_seller_cents - before.to_seller_cents
    if commission:
        moved = _move(escrow, f"commission{part}", ledger.COMMISSION, commission)
        assert moved
    if proceeds:
        seller = ledger.owed_to_seller(escrow.seller_id)
        moved = _move(escrow, f"release{part}", seller, proceeds)
        assert moved
        if left := recovery.net(escrow, proceeds, part=part):
            purpose = instructions.transfer_purpose(escrow) + part
            instructions.write_transfer(escrow, left, purpose=purpose)


def _move(escrow: Escrow, what: str, destination: str, amount_cents: int) -> bool:
    return ledger.post(
        key=f"escrow:{escrow.pk}:{what}",
        source=ledger.held(escrow.pk),
        destination=destination,
        amount_cents=amount_cents,
        currency=escrow.currency,
        escrow=escrow,
    )


def _write_refund(escrow: Escrow, amount_cents: int) -> None:
    instructions.write(
        kind="refund",
        purpose=f"escrow:{escrow.pk}:refund",
        escrow=escrow,
        params={"charge": escrow.charge_id, "amount": amount_cents},
    )


def take_back(escrow: Escrow, *, note: str) -> None:
    """The buyer's bank took back all that was held; called with its posting."""
    machine.advance(
        escrow,
        SPLIT if escrow.released_cents else REFUNDED,
        kind="taken_back_by_bank",
        actor=None,
        note=note,
        refunded_cents=F("price_cents") - F("released_cents"),
    )
