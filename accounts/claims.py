"""One moderator at a time works on a case: they claim it, and time or they themselves let it go."""

from datetime import timedelta

from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Now

from accounts.models import Claim, Person
from accounts.refusals import WrongState

LASTS = timedelta(minutes=15)
# One statement: whoever comes second finds no row to change.
_TAKE = """
INSERT INTO accounts_claim (key, person_id, until) VALUES (%s, %s, now() + %s::interval)
ON CONFLICT (key) DO UPDATE SET person_id = excluded.person_id, until = excluded.until
WHERE accounts_claim.until <= now() OR accounts_claim.person_id = excluded.person_id
RETURNING id"""


class Claimed(WrongState):
    """Somebody else is on it."""

    code = "claimed"


def key_of(label: str, pk: object) -> str:
    """What a claim calls a row: `label` is app.model."""
    return f"{label}:{pk}"


def lasting() -> QuerySet[Claim]:
    """Claims that hold now."""
    return Claim.objects.filter(until__gt=Now())


def take(key: str, *, actor: Person) -> bool:
    """Claim a case, or go on with it; False where somebody else is on it."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [key, actor.pk, f"{LASTS.seconds} seconds"])
        return cursor.fetchone() is not None


def release(key: str, *, actor: Person) -> bool:
    """Let a case go; False where it was not theirs."""
    return bool(Claim.objects.filter(key=key, person=actor).delete()[0])


def of(key: str) -> Claim | None:
    """Who is on a case now."""
    return lasting().filter(key=key).select_related("person").first()


def require_free(key: str, *, actor: Person) -> None:
    """Raises Claimed while somebody else is on the case."""
    other = lasting().filter(key=key).exclude(person=actor).select_related("person").first()
    if other is not None:
        raise Claimed(f"{other.person} is on this case. It is free when they let it go, or soon.")
