"""A moderator's word for a seller: limits of a tier before their trades have earned it."""

from django.db import transaction

from accounts import audit
from accounts.models import Person, Standing, Tier
from accounts.refusals import NotAllowed


def grant(person: Person, *, actor: Person, tier: str, reason: str) -> None:
    """Let somebody count as of a tier, at least; "new" takes the word back. Raises NotAllowed."""
    if not actor.is_staff or actor.pk == person.pk:
        raise NotAllowed("Nobody grants a standing to themselves.")
    with transaction.atomic():
        Standing.objects.get_or_create(person=person)
        # To be worked out: what hangs on a tier is brought up to it by the sweep.
        Standing.objects.filter(person=person).update(granted=Tier(tier), tier_at=None)
        audit.record(
            actor=actor,
            act="standing_granted",
            subject=f"person:{person.pk}",
            reason=reason,
            tier=tier,
        )
