"""Giving somebody a role in the console, or taking it away. It holds from their next request on."""

from django.db import transaction

from accounts import audit, tokens
from accounts.models import Person
from accounts.refusals import NotAllowed, WrongState

ADMIN = "admin"


def appoint(person: Person, *, actor: Person, role: str, reason: str) -> None:
    """Set what somebody is in the console; an empty role shuts them out of it.

    Raises NotAllowed for oneself and for whoever is no administrator, WrongState where it is so
    already or the last administrator would go.
    """
    if not actor.is_superuser or actor.pk == person.pk:
        raise NotAllowed("Nobody gives a role to themselves.")
    assert role in ("", *Person.Role.values)
    with transaction.atomic():
        locked = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
        if locked.role == role:
            raise WrongState("They have this role already.")
        if role and not locked.is_active:
            raise WrongState("They are suspended: lift that first.")
        Person.objects.filter(pk=person.pk).update(
            role=role, is_staff=bool(role), is_superuser=role == ADMIN
        )
        if role:
            # Programs keep no way in that was made before: staff make tokens anew.
            tokens.revoke_all(person)
        audit.record(
            actor=actor,
            act="role_given",
            subject=f"person:{person.pk}",
            reason=reason,
            before=locked.role,
            after=role,
        )
