"""Whether two accounts are one person's: cases, decisions, and what is known.

A case forbids nothing. Once it is decided that two are the same, they cannot trade with each
other, and neither can anybody who is the same as one of them.
"""

from django.db import connection, transaction
from django.db.models import F, Func, Value
from django.db.models.functions import Now

from accounts import audit
from accounts.models import Likeness, Person
from accounts.refusals import NotAllowed, WrongState

KINDS = {
    "card": "They paid with the same card.",
    "bank": "They are paid out to the same bank account.",
    "device": "They signed in from the same browser.",
    "passkey": "They use the same passkey.",
    "proved": "Somebody signed in to both.",
}


def pair(one: int, other: int) -> tuple[int, int]:
    """Two numbers of people in the order in which a case has them."""
    assert one != other, "nobody is a pair"
    return min(one, other), max(one, other)


def raise_case(one: int, other: int, *, evidence: str) -> None:
    """Say that something points to one person; the second time is nothing.

    New evidence opens a case again that was decided as two different people.
    """
    assert evidence in KINDS
    first, second = pair(one, other)
    Likeness.objects.bulk_create(
        [Likeness(first_id=first, second_id=second)], ignore_conflicts=True
    )
    unsaid = Likeness.objects.filter(first=first, second=second).exclude(
        evidence__contains=[evidence]
    )
    grown = Func(F("evidence"), Value(evidence), function="array_append")
    unsaid.filter(decision=Likeness.DIFFERENT).update(
        decision="", decided_by=None, decided_at=None, raised_at=Now()
    )
    unsaid.update(evidence=grown)


def decide(likeness: Likeness, *, actor: Person, decision: str, reason: str) -> None:
    """A moderator says what two accounts are. Raises NotAllowed, or WrongState if it is decided."""
    if not actor.is_staff or actor.pk in (likeness.first_id, likeness.second_id):
        raise NotAllowed("Nobody decides on their own case.")
    with transaction.atomic():
        undecided = Likeness.objects.filter(pk=likeness.pk, decision="")
        if not undecided.update(decision=decision, decided_by=actor, decided_at=Now()):
            raise WrongState
        for person in (likeness.first_id, likeness.second_id):
            audit.record(
                actor=actor,
                act=f"called_{decision}_person",
                subject=f"person:{person}",
                reason=reason,
                likeness=likeness.pk,
            )
        audit.record(
            actor=actor,
            act=f"called_{decision}_person",
            subject=f"likeness:{likeness.pk}",
            reason=reason,
        )


def record_proof(one: Person, other: Person) -> None:
    """Somebody has proved to be both. Within the caller's transaction."""
    raise_case(one.pk, other.pk, evidence="proved")
    first, second = pair(one.pk, other.pk)
    Likeness.objects.filter(first=first, second=second).exclude(decision=Likeness.SAME).update(
        decision=Likeness.SAME, decided_by=one, decided_at=Now()
    )


# One parameter: whose others are looked for.
SAME_AS = """WITH RECURSIVE known (id) AS (
    SELECT %s::bigint
    UNION
    SELECT CASE WHEN l.first_id = k.id THEN l.second_id ELSE l.first_id END
    FROM accounts_likeness l JOIN known k ON k.id IN (l.first_id, l.second_id)
    WHERE l.decision = 'same'
) SELECT id FROM known"""


def same_as(person_id: int) -> set[int]:
    """Everybody who is known to be this person, themselves among them."""
    with connection.cursor() as cursor:
        cursor.execute(SAME_AS, [person_id])
        return {row[0] for row in cursor.fetchall()}


def are_same(one: int, other: int) -> bool:
    """Whether two are one, or known to be."""
    return one == other or other in same_as(one)
