"""Shutting somebody out, and letting them in again. Their money and trades go on as they are."""

from datetime import date

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from accounts import audit, devices, restrictions, tokens
from accounts.models import Erasure, Person, Restriction
from accounts.refusals import NotAllowed, WrongState

ENDED = "The suspension ended on the day that was set."


def suspend(person: Person, *, actor: Person, reason: str, until: date | None = None) -> None:
    """From now on neither their sessions nor their tokens open anything, to the end of a day or
    until somebody lifts it.

    Raises NotAllowed for oneself, and for staff unless a superuser asks; WrongState if they are
    suspended already, merged, or erased; Invalid for a day that is over.
    """
    end = restrictions.end_of(until)
    with transaction.atomic():
        _require_may(person, active=False, actor=actor)
        kind = Restriction.Kind.ACCESS
        restrictions.begin(person, actor=actor, kind=kind, reason=reason, until=end)
        _set(person, active=False, actor=actor, reason=reason)


def of(person: Person) -> Restriction | None:
    """What shuts somebody out now; None where nothing does, or the account is closed for good."""
    return _shut(person).first()


def reinstate(person: Person, *, actor: Person, reason: str) -> None:
    """Let them sign in again. Raises as `suspend` does."""
    with transaction.atomic():
        _require_may(person, active=True, actor=actor)
        _shut(person).update(ended_at=Now())
        restrictions.settle(person)
        _set(person, active=True, actor=actor, reason=reason)


def due() -> list[int]:
    """Whose suspension is over."""
    rows = Restriction.objects.filter(kind=Restriction.Kind.ACCESS, ended_at=None)
    return list(rows.filter(until__lte=Now()).values_list("person", flat=True)[:100])


def end(person_id: int) -> None:
    """Let somebody in again whose suspension is over, unless the account was closed meanwhile."""
    with transaction.atomic():
        person = Person.objects.select_for_update(no_key=True).get(pk=person_id)
        over = _shut(person).filter(until__lte=Now()).update(ended_at=F("until"))
        restrictions.settle(person)
        if over and not closed_for_good(person):
            _set(person, active=True, actor=None, reason=ENDED)


def _shut(person: Person) -> QuerySet[Restriction]:
    return Restriction.objects.filter(person=person, kind=Restriction.Kind.ACCESS, ended_at=None)


def closed_for_good(person: Person) -> str:
    """Why nobody lets this person in again, in a sentence; empty where somebody may."""
    if person.merged_into_id:
        return "This account was merged into another one, and stays closed."
    if Erasure.objects.filter(person=person).exists():
        return "This account was erased by its owner, and stays closed."
    return ""


def _require_may(person: Person, *, active: bool, actor: Person) -> None:
    """With the person locked from here on."""
    if not actor.is_staff or actor.pk == person.pk:
        raise NotAllowed("Nobody decides on their own suspension.")
    locked = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    if (locked.is_staff or locked.is_superuser) and not actor.is_superuser:
        raise NotAllowed("Only an administrator may suspend or reinstate a moderator.")
    if locked.is_active == active:
        raise WrongState
    if why := closed_for_good(locked):
        raise WrongState(why)


def _set(person: Person, *, active: bool, actor: Person | None, reason: str) -> None:
    Person.objects.filter(pk=person.pk).update(is_active=active)
    # What was open then must not be open again when the suspension is lifted.
    devices.end_all(person)
    tokens.revoke_all(person)
    act = "person_reinstated" if active else "person_suspended"
    audit.record(actor=actor, act=act, subject=f"person:{person.pk}", reason=reason)
