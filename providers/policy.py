"""A moderator decides what a provider's terms allow."""

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.models import Person
from accounts.refusals import Invalid
from providers.models import POLICY_FIELDS, PolicyChange, Provider
from providers.vocabulary import ResalePolicy


def change_policy(
    *, provider: Provider, policy: str, clause: str, source: str, actor: Person, reason: str
) -> PolicyChange:
    """Set the resale policy, and keep what it was, who changed it and why.

    From then on the catalogue no longer sets this provider's policy. Live offers that may no
    longer be live are paused by a sweep (`listings.permission`). Raises Invalid when the policy
    is unknown, or clause or reason is empty, or a permission has no source.
    """
    clause, source, reason = clause.strip(), source.strip(), reason.strip()
    _refuse_gaps(policy=policy, clause=clause, source=source, reason=reason)
    with transaction.atomic():
        locked = Provider.objects.select_for_update().get(pk=provider.pk)
        change = PolicyChange.objects.create(
            provider=locked,
            policy_before=locked.resale_policy,
            policy_after=policy,
            clause_before=locked.policy_clause,
            clause_after=clause,
            source=source,
            actor=actor,
            reason=reason,
        )
        locked.resale_policy = policy
        locked.policy_clause = clause
        locked.policy_source = source
        locked.policy_checked_on = timezone.localdate()
        locked.policy_overridden = True
        locked.save(update_fields=[*POLICY_FIELDS, "policy_overridden"])
        audit.record(
            actor=actor,
            act="provider.policy_changed",
            subject=f"provider:{locked.pk}",
            reason=reason,
            before=change.policy_before,
            after=change.policy_after,
        )
    provider.refresh_from_db()
    return change


def _refuse_gaps(*, policy: str, clause: str, source: str, reason: str) -> None:
    if policy not in ResalePolicy.values:
        raise Invalid("policy", f"There is no policy called {policy}.")
    if not clause:
        raise Invalid("clause", "Say in a sentence what the terms say.")
    if not source and policy == ResalePolicy.ALLOWED:
        raise Invalid("source", "Give the address where the provider allows it.")
    if not reason:
        raise Invalid("reason", "Give the reason for the change.")
