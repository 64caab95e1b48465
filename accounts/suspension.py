"""Shutting somebody out, and letting them in again. Their money and trades go on as they are."""

from django.db import transaction

from accounts import audit, devices, tokens
from accounts.models import Erasure, Person
from accounts.refusals import NotAllowed, WrongState


def suspend(person: Person, *, actor: Person, reason: str) -> None:
    """From now on neither their sessions nor their tokens open anything.

    Raises NotAllowed for oneself, and for staff unless a superuser asks; WrongState if they are
    suspended already, merged, or erased.
    """
    _set(person, active=False, act="person_suspended", actor=actor, reason=reason)


def reinstate(person: Person, *, actor: Person, reason: str) -> None:
    """Let them sign in again. Raises as `suspend` does."""
    _set(person, active=True, act="person_reinstated", actor=actor, reason=reason)


def closed_for_good(person: Person) -> str:
    """Why nobody lets this person in again, in a sentence; empty where somebody may."""
    if person.merged_into_id:
        return "This account was merged into another one, and stays closed."
    if Erasure.objects.filter(person=person).exists():
        return "This account was erased by its owner, and stays closed."
    return ""


def _set(person: Person, *, active: bool, act: str, actor: Person, reason: str) -> None:
    if not actor.is_staff or actor.pk == person.pk:
        raise NotAllowed("Nobody decides on their own suspension.")
    with transaction.atomic():
        locked = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
        if (locked.is_staff or locked.is_superuser) and not actor.is_superuser:
            raise NotAllowed("Only an administrator may suspend or reinstate a moderator.")
        if locked.is_active == active:
            raise WrongState
        if why := closed_for_good(locked):
            raise WrongState(why)
        Person.objects.filter(pk=person.pk).update(is_active=active)
        # What was open then must not be open again when the suspension is lifted.
        devices.end_all(person)
        tokens.revoke_all(person)
        audit.record(actor=actor, act=act, subject=f"person:{person.pk}", reason=reason)
