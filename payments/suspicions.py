"""Suspicions of fraud: a review at the processor, or an early warning of the card's bank.

While one is open the payment is not released; it can go back to the buyer at any time.
"""

from django.db import transaction
from django.db.models.functions import Now

from payments import collection, escrow, failpoints, incidents
from payments.models import Escrow, Suspicion
from payments.processor import processor
from payments.processor.interface import Warned

WORDS = {
    "review": "The processor is reviewing this payment.",
    "fraud_warning": "The card's bank warns that this payment may be fraud. Refunding it now "
    "avoids a dispute.",
}


def follow(warning_id: str) -> None:
    """Ask the processor about one suspicion and act on it."""
    found = processor().warning(warning_id)
    failpoints.reached("suspicion asked about")
    record(found)


def follow_recent() -> int:
    """Look through the newest for what no webhook announced; returns their number."""
    found = processor().recent_warnings()
    for warned in found:
        record(warned)
    # Of reviews, only open ones are listed: those that are open here may have ended.
    listed = [warned.id for warned in found]
    reviews = Suspicion.objects.filter(kind=Suspicion.Kind.REVIEW, cleared_at=None)
    for remote_id in reviews.exclude(remote_id__in=listed).values_list("remote_id", flat=True)[
        :100
    ]:
        follow(remote_id)
    return len(found)


def record(warned: Warned) -> None:
    """Act on a suspicion: hold the payment back while one is open."""
    if not Escrow.objects.filter(charge_id=warned.charge_id).exists():
        # It came before we noticed the payment it is about.
        found = collection.find(reference=warned.reference) if warned.reference else None
        if found is None:
            return
        collection.collect(found.pk)
    with transaction.atomic():
        locked = Escrow.objects.select_for_update(no_key=True)
        suspected = locked.filter(charge_id=warned.charge_id).first()
        if suspected is not None:
            _record(suspected, warned)


def _record(suspected: Escrow, warned: Warned) -> None:
    row, new = Suspicion.objects.get_or_create(
        remote_id=warned.id, defaults={"escrow": suspected, "kind": warned.kind}
    )
    if new and warned.is_open:
        escrow.machine.remark(suspected, kind="suspected", actor=None, note=warned.id)
        incidents.report(
            key=f"suspicion:{warned.id}",
            kind=f"suspicion_{warned.kind}",
            text=WORDS[warned.kind],
            escrow=suspected,
        )
    if not warned.is_open and row.cleared_at is None:
        Suspicion.objects.filter(pk=row.pk).update(cleared_at=Now())
        escrow.machine.remark(suspected, kind="suspicion_cleared", actor=None, note=warned.id)
    _mark(suspected)


def _mark(suspected: Escrow) -> None:
    open_ones = Suspicion.objects.filter(escrow=suspected, cleared_at=None)
    suspected.suspected_at = open_ones.values_list("opened_at", flat=True).first()
    suspected.save(update_fields=["suspected_at"])


def clear(suspected: Escrow) -> int:
    """A person has looked and sees no fraud; returns how many suspicions that ends."""
    suspected = Escrow.objects.select_for_update(no_key=True).get(pk=suspected.pk)
    open_ones = Suspicion.objects.filter(escrow=suspected, cleared_at=None)
    cleared = open_ones.update(cleared_at=Now())
    _mark(suspected)
    return cleared
