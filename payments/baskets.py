"""Several escrows, one page: a card is kept, each escrow is charged by itself, the card forgotten.

A charge still belongs to one escrow; what several share is only the card, for as long as it takes.
The only module that assigns a basket's status.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from accounts.machines import Machine
from accounts.models import Person
from payments import failpoints, instructions
from payments.models import (
    Basket,
    BasketEvent,
    BasketStatus,
    Escrow,
    EscrowStatus,
    Instruction,
    InstructionStatus,
)
from payments.polling import POLL_EVERY
from payments.processor import processor
from payments.processor.interface import OutcomeUnknown, ProcessorRefused

log = logging.getLogger(__name__)
S = BasketStatus

machine = Machine(
    model=Basket,
    events=BasketEvent,
    link="basket",
    table={S.OPEN: {S.CHARGING, S.ENDED}, S.CHARGING: {S.ENDED}, S.ENDED: set()},
)


def open_basket(*, buyer: Person, currency: str, pay_before: datetime) -> Basket:
    """A basket without escrows yet: `escrow.open_escrow` puts them in."""
    basket = Basket.objects.create(buyer=buyer, currency=currency, pay_before=pay_before)
    machine.begin(basket, kind="opened", actor=buyer)
    return basket


def open_page(
    basket: Basket, *, note: str, success_url: str, cancel_url: str, expires_at: datetime
) -> None:
    """Write the instruction for the page that takes a card; `note` says what will be charged."""
    instructions.write(
        kind="setup",
        purpose=f"basket:{basket.pk}:setup",
        basket=basket,
        params={
            "mode": "setup",
            "currency": basket.currency.lower(),
            "client_reference_id": str(basket.pk),
            "customer_creation": "always",
            "customer_email": basket.buyer.email,
            "allowed_payment_method_types": ["card"],
            "custom_text": {"submit": {"message": note}},
            "setup_intent_data": {"metadata": {"basket": str(basket.pk)}},
            "success_url": success_url,
            "cancel_url": cancel_url,
            "expires_at": int(expires_at.timestamp()),
        },
    )


def collect(basket_id: UUID) -> Basket:
    """Ask the processor whether a card was given, and have the escrows charged if so.

    Raises OutcomeUnknown where the processor does not answer.
    """
    basket = Basket.objects.get(pk=basket_id)
    read_at, again = basket.poll_due_at, False
    if basket.status == S.OPEN and basket.checkout_id:
        page = processor().checkout(basket.checkout_id)
        failpoints.reached("card asked about")
        if page.card_id:
            record_card(basket_id, customer_id=page.customer_id, card_id=page.card_id)
            failpoints.reached("card recorded")
        elif page.status == "expired":
            _end_unused(basket_id)
        else:
            again = True
    # Unless somebody found a reason to ask again meanwhile.
    asked = Basket.objects.filter(pk=basket_id, poll_due_at=read_at)
    asked.update(poll_due_at=Now() + POLL_EVERY if again else None)
    basket.refresh_from_db()
    return basket


def collect_due(limit: int = 100) -> int:
    """Ask about every basket whose time has come; a failure of one does not stop the others."""
    due = Basket.objects.filter(poll_due_at__lte=Now()).order_by("poll_due_at")
    ids = list(due.values_list("pk", flat=True)[:limit])
    for basket_id in ids:
        Basket.objects.filter(pk=basket_id).update(poll_due_at=Now() + POLL_EVERY)
        try:
            collect(basket_id)
        except (OutcomeUnknown, ProcessorRefused):
            log.warning("could not ask about basket %s", basket_id, exc_info=True)
    return len(ids)


def _locked(basket_id: UUID) -> tuple[Basket, Sequence[Escrow]]:
    """A basket, and its escrows that await their price.

    They are locked first, in one order: whoever ends one comes from there.
    """
    rows = Escrow.objects.select_for_update(no_key=True).filter(basket=basket_id)
    waiting = list(rows.filter(status=EscrowStatus.AWAITING).order_by("pk"))
    return Basket.objects.select_for_update(no_key=True).get(pk=basket_id), waiting


@transaction.atomic
def record_card(basket_id: UUID, *, customer_id: str, card_id: str) -> Basket:
    """The buyer gave a card: have each escrow that still awaits its price charged to it, once.

    Reported again, it changes nothing. A card that came too late is forgotten unused.
    """
    basket, waiting = _locked(basket_id)
    if basket.status != S.OPEN:
        return basket
    machine.advance(
        basket,
        S.CHARGING if waiting else S.ENDED,
        kind="card_given" if waiting else "card_given_too_late",
        actor=basket.buyer,
        customer_id=customer_id,
        card_id=card_id,
    )
    # The smallest first: a card near its limit pays for as many as it can.
    for escrow in sorted(waiting, key=lambda escrow: escrow.price_cents):
        _write_charge(escrow, basket)
    if not waiting:
        _forget_card(basket)
    return basket


def _write_charge(escrow: Escrow, basket: Basket) -> None:
    instructions.write(
        kind="charge",
        purpose=f"escrow:{escrow.pk}:charge",
        escrow=escrow,
        params={
            "amount": escrow.price_cents,
            "currency": escrow.currency.lower(),
            "customer": basket.customer_id,
            "payment_method": basket.card_id,
            "allowed_payment_method_types": ["card"],
            "off_session": True,
            "confirm": True,
            "transfer_group": escrow.reference,
            "metadata": {"order": escrow.reference},
        },
    )


def _forget_card(basket: Basket) -> None:
    """The card, and with it the customer who was made to hold it: in whatever order."""
    instructions.write(
        kind="detach",
        purpose=f"basket:{basket.pk}:detach",
        basket=basket,
        params={"card": basket.card_id},
    )
    instructions.write(
        kind="forget",
        purpose=f"basket:{basket.pk}:forget",
        basket=basket,
        params={"customer": basket.customer_id},
    )


@transaction.atomic
def _end_unused(basket_id: UUID) -> None:
    basket, _ = _locked(basket_id)
    if basket.status == S.OPEN:
        machine.advance(basket, S.ENDED, kind="page_closed", actor=None)


def _unfinished() -> Q:
    """Charges that may still be made; one that was set aside waits for a person."""
    ready, sent = InstructionStatus.READY, InstructionStatus.SENT
    return Q(status__in=[ready, sent], due_at__isnull=False)


def due() -> list[UUID]:
    """Baskets that nothing waits for any more: no order to be paid, or no charge to be made."""
    waiting = Escrow.objects.filter(basket=OuterRef("pk"), status=EscrowStatus.AWAITING)
    closing = Instruction.objects.filter(basket=OuterRef("pk"), kind="expire")
    charges = Instruction.objects.filter(_unfinished(), escrow__basket=OuterRef("pk"))
    abandoned = Q(~Exists(waiting), ~Exists(closing), status=S.OPEN)
    charged = Q(~Exists(charges.filter(kind="charge")), status=S.CHARGING)
    rows = Basket.objects.exclude(status=S.ENDED).filter(abandoned | charged)
    return list(rows.order_by("created_at").values_list("pk", flat=True)[:100])


@transaction.atomic
def tidy(basket_id: UUID) -> None:
    """Close the page of a basket whose orders have all ended; forget a card that has done its work.

    Nothing where either is still needed.
    """
    basket, waiting = _locked(basket_id)
    if basket.status == S.CHARGING:
        charges = Instruction.objects.filter(_unfinished(), escrow__basket=basket, kind="charge")
        if not charges.exists():
            machine.advance(basket, S.ENDED, kind="charged", actor=None)
            _forget_card(basket)
    elif basket.status == S.OPEN and not waiting:
        _close_page(basket)


@transaction.atomic
def close_page(basket_id: UUID) -> None:
    """Take no card here any more; orders that await their price end in time."""
    basket, _ = _locked(basket_id)
    if basket.status == S.OPEN:
        _close_page(basket)


def _close_page(basket: Basket) -> None:
    """One that is just being opened is closed when its answer is here."""
    if basket.checkout_id:
        instructions.write(
            kind="expire",
            purpose=f"basket:{basket.pk}:expire",
            basket=basket,
            params={"checkout": basket.checkout_id},
        )
        return
    page = Instruction.objects.filter(basket=basket, kind="setup")
    never_sent = page.filter(status=InstructionStatus.READY, tries=0)
    never_sent.update(status=InstructionStatus.CALLED_OFF, due_at=None)
    never = (InstructionStatus.CALLED_OFF, InstructionStatus.REFUSED)
    if page.filter(status__in=never).exists():
        machine.advance(basket, S.ENDED, kind="page_never_opened", actor=None)


def page_url(basket: Basket) -> str | None:
    """Where the buyer gives a card, while one is waited for."""
    return (basket.checkout_url or None) if basket.status == S.OPEN else None


def find(*, checkout_id: str, reference: str) -> Basket | None:
    """The basket that a page of the processor belongs to."""
    found = Basket.objects.filter(checkout_id=checkout_id).first() if checkout_id else None
    if found is None and reference:
        try:
            found = Basket.objects.filter(pk=UUID(reference)).first()
        except ValueError:
            return None
        if found and not found.checkout_id:
            # The webhook was quicker than the answer to our own call.
            Basket.objects.filter(pk=found.pk, checkout_id="").update(checkout_id=checkout_id)
    return found
