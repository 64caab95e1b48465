"""Stopping payouts by hand: one person does it at once, two let them go on."""

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from accounts import audit
from accounts.models import Person
from accounts.refusals import WrongState
from payments.models import Freeze


def freeze(*, actor: Person, reason: str) -> Freeze:
    """From now on nothing is paid out. Raises WrongState where that is so by hand already."""
    with transaction.atomic():
        try:
            with transaction.atomic():
                begun = Freeze.objects.create(begun_by=actor, reason=reason)
        except IntegrityError:
            raise WrongState("Payouts are frozen by hand already.") from None
        audit.record(actor=actor, act="payouts_frozen", subject=f"freeze:{begun.pk}", reason=reason)
    return begun


def end(begun: Freeze, *, actor: Person, reason: str) -> None:
    """This is no reason any more not to pay. Raises WrongState where it has ended."""
    with transaction.atomic():
        lasting = Freeze.objects.filter(pk=begun.pk, ended_at=None)
        if not lasting.update(ended_at=Now(), ended_by=actor):
            raise WrongState("This freeze has ended.")
        audit.record(
            actor=actor, act="payouts_unfrozen", subject=f"freeze:{begun.pk}", reason=reason
        )
