"""A moderator's decision: recorded, final, and refused without a reason."""

import pytest
from django.db import DatabaseError, transaction

from accounts.models import AuditEntry, Person
from accounts.refusals import Invalid
from providers.catalogue import LoadReport
from providers.models import PolicyChange, Provider
from providers.policy import change_policy


@pytest.fixture
def moderator(db: None) -> Person:
    return Person.objects.create(email="moderator@example.com", is_staff=True)


def decide(moderator: Person, **changes: str) -> PolicyChange:
    values = {
        "policy": "consent_required",
        "clause": "Resale is possible with a letter.",
        "source": "https://cohere.com/terms",
        "reason": "New terms of November.",
    }
    return change_policy(
        provider=Provider.objects.get(pk="cohere"), actor=moderator, **(values | changes)
    )


def test_keeps_what_it_was_who_changed_it_and_why(catalogue: LoadReport, moderator: Person) -> None:
    change = decide(moderator)
    cohere = Provider.objects.get(pk="cohere")
    assert cohere.resale_policy == "consent_required"
    assert cohere.policy_overridden
    assert change.policy_before == "unknown"
    assert change.policy_after == "consent_required"
    assert change.clause_before == "We have read no rule on passing credit on."
    assert change.actor == moderator
    assert change.created_at is not None
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.subject) == ("provider.policy_changed", "provider:cohere")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"policy": "maybe"}, "policy"),
        ({"clause": "  "}, "clause"),
        ({"reason": ""}, "reason"),
        ({"policy": "allowed", "source": ""}, "source"),
    ],
)
def test_a_refusal_names_the_field_and_changes_nothing(
    catalogue: LoadReport, moderator: Person, changes: dict[str, str], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        decide(moderator, **changes)
    assert refused.value.field == field
    assert Provider.objects.get(pk="cohere").resale_policy == "unknown"
    assert not PolicyChange.objects.exists()
    assert not AuditEntry.objects.exists()


def test_the_database_refuses_to_rewrite_history(catalogue: LoadReport, moderator: Person) -> None:
    change = decide(moderator)
    with pytest.raises(DatabaseError), transaction.atomic():
        PolicyChange.objects.filter(pk=change.pk).update(reason="Another.")
    with pytest.raises(DatabaseError), transaction.atomic():
        change.delete()
    assert PolicyChange.objects.get().reason == "New terms of November."
