"""Finding out what was paid: asked by a webhook, by the buyer's return, or by the poller."""

import logging
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from payments import escrow as escrows
from payments import failpoints, fingerprints
from payments.models import Basket, BasketStatus, Escrow, EscrowStatus
from payments.polling import POLL_EVERY
from payments.processor import processor
from payments.processor.interface import OutcomeUnknown, Payment, ProcessorRefused

log = logging.getLogger(__name__)


def collect(escrow_id: UUID) -> Escrow:
    """Ask the processor about one escrow's payment and book what it says.

    Raises OutcomeUnknown where the processor does not answer.
    """
    escrow = Escrow.objects.get(pk=escrow_id)
    read_at, again = escrow.poll_due_at, False
    if escrow.charge_id:
        escrow = _book(escrow, escrow.payment_id)
        again = _fee_unknown(escrow)
    elif escrow.checkout_id:
        page = processor().checkout(escrow.checkout_id)
        if page.paid:
            escrow = _book(escrow, page.payment_id)
            again = _fee_unknown(escrow)
        else:
            # Complete and unpaid is a payment that takes days to succeed or fail.
            again = page.status != "expired"
            if page.status == "open" and escrow.status == EscrowStatus.LAPSED:
                with transaction.atomic():
                    escrows.close_checkout(escrow)
    elif escrow.payment_id:
        # A kept card was charged.
        escrow = _book(escrow, escrow.payment_id)
        again = _fee_unknown(escrow)
    # Unless somebody found a reason to ask again meanwhile.
    asked = Escrow.objects.filter(pk=escrow.pk, poll_due_at=read_at)
    asked.update(poll_due_at=Now() + POLL_EVERY if again else None)
    escrow.refresh_from_db()
    return escrow


def _book(escrow: Escrow, payment_id: str) -> Escrow:
    payment = processor().payment(payment_id)
    failpoints.reached("payment asked about")
    return _record(escrow, payment)


def _record(escrow: Escrow, payment: Payment) -> Escrow:
    fingerprints.note(escrow.buyer_id, kind="card", reported=payment.card_fingerprint)
    booked = escrows.record_payment(escrow.pk, payment)
    failpoints.reached("payment booked")
    return booked


def _fee_unknown(escrow: Escrow) -> bool:
    return Escrow.objects.filter(pk=escrow.pk, fee_cents=None).exclude(charge_id="").exists()


def collect_charge(payment_id: str) -> None:
    """Book what was charged to a kept card, perhaps before our own call had its answer.

    Any other payment is followed up by its page; where no card is kept, nobody is asked.
    """
    if not Basket.objects.exclude(status=BasketStatus.ENDED).exists():
        return
    payment = processor().payment(payment_id)
    rows = Escrow.objects.filter(reference=payment.reference, basket__isnull=False)
    if payment.reference and (escrow := rows.first()):
        _record(escrow, payment)


def collect_due(limit: int = 100) -> int:
    """Ask about every escrow whose time has come; a failure of one does not stop the others."""
    due = Escrow.objects.filter(poll_due_at__lte=Now()).order_by("poll_due_at")
    ids = [row.pk for row in due.only("pk")[:limit]]
    for escrow_id in ids:
        # Moved on first, so that one that cannot be asked does not hold up the others.
        Escrow.objects.filter(pk=escrow_id).update(poll_due_at=Now() + POLL_EVERY)
        try:
            collect(escrow_id)
        except (OutcomeUnknown, ProcessorRefused):
            log.warning("could not ask about escrow %s", escrow_id, exc_info=True)
    return len(ids)


def find(*, checkout_id: str = "", reference: str = "", charge_id: str = "") -> Escrow | None:
    """The escrow that an object of the processor belongs to."""
    rows = Escrow.objects.all()
    if charge_id:
        return rows.filter(charge_id=charge_id).first()
    found = rows.filter(checkout_id=checkout_id).first() if checkout_id else None
    if found is None and reference:
        found = rows.filter(reference=reference).first()
        if found and not found.checkout_id and found.status == EscrowStatus.AWAITING:
            # The webhook was quicker than the answer to our own call.
            Escrow.objects.filter(pk=found.pk, checkout_id="").update(checkout_id=checkout_id)
    return found
