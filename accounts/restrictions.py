"""What somebody may not do for a while: be paid out, offer, buy, or sign in at all.

It stops what would begin; trades that are under way go on. The person is told why and until when.
It ends by the database's clock, or when a moderator lifts it.
"""

from datetime import date, datetime, time, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from accounts import audit
from accounts.models import Person, Restriction
from accounts.notifications import notify
from accounts.refusals import Invalid, NotAllowed, Refusal, WrongState

Kind = Restriction.Kind
# What a moderator chooses; the way in is shut by `accounts.suspension`.
CHOICES = [(kind.value, kind.label) for kind in (Kind.PAYOUTS, Kind.SELLING, Kind.BUYING)]


class Restricted(Refusal):
    """A moderator has stopped this for a while."""

    code = "restricted"
    status = 403


def active() -> QuerySet[Restriction]:
    """Those that count now."""
    lasts = Q(until=None) | Q(until__gt=Now())
    return Restriction.objects.filter(lasts, ended_at=None)


def of(person: Person) -> list[Restriction]:
    """What a person who may sign in may not do now; no query where that is nothing."""
    if not person.restricted:
        return []
    rows = active().filter(person__in=person.selves).exclude(kind=Kind.ACCESS)
    return list(rows.order_by("kind"))


def require_free(person: Person, kind: str) -> None:
    """Raises Restricted, with the reason and the end.

    The person's row is locked, so that nothing begins any more once a moderator has stopped it.
    """
    _locked(person)
    if one := active().filter(person__in=person.selves, kind=kind).first():
        raise Restricted(f"{one.title}: {one.reason}")


def end_of(day: date | None) -> datetime | None:
    """The end of a day (UTC). Raises Invalid naming `until` for one that is over."""
    if day is None:
        return None
    found = datetime.combine(
        day + timedelta(days=1), time(), tzinfo=timezone.get_default_timezone()
    )
    if found <= timezone.now():
        raise Invalid("until", "This day is over. Choose a later one, or leave it empty.")
    return found


@transaction.atomic
def restrict(
    person: Person, *, actor: Person, kind: str, reason: str, until: date | None = None
) -> Restriction:
    """Stop one kind of thing, to the end of a day or until it is lifted.

    Raises NotAllowed for oneself, WrongState where it is stopped already or the account is closed,
    Invalid for a day that is over.
    """
    end = end_of(until)
    if not actor.is_staff or actor.pk == person.pk:
        raise NotAllowed("Nobody restricts themselves.")
    if person.merged_into_id:
        raise WrongState("This account was merged into another one: restrict that.")
    row = begin(_locked(person), actor=actor, kind=kind, reason=reason, until=end)
    audit.record(
        actor=actor,
        act="person_restricted",
        subject=f"person:{person.pk}",
        reason=reason,
        kind=kind,
        until=end.isoformat() if end else None,
    )
    _tell(row, "account_restricted")
    return row


def begin(
    person: Person, *, actor: Person, kind: str, reason: str, until: datetime | None
) -> Restriction:
    """Write it down, with the person locked. Raises WrongState where it is so already."""
    over = Restriction.objects.filter(person=person, kind=kind, ended_at=None, until__lte=Now())
    over.update(ended_at=F("until"))
    try:
        with transaction.atomic():
            row = Restriction.objects.create(
                person=person, kind=kind, reason=reason, by=actor, until=until
            )
    except IntegrityError:
        raise WrongState("That is stopped already. Lift it first to set another end.") from None
    Person.objects.filter(pk=person.pk).update(restricted=True)
    return row


@transaction.atomic
def lift(person: Person, *, actor: Person, kind: str, reason: str) -> None:
    """End it before its time. Raises NotAllowed for oneself, WrongState where there is none."""
    if not actor.is_staff or actor.pk == person.pk:
        raise NotAllowed("Nobody lifts what restricts themselves.")
    owner = _locked(person)
    rows = list(active().filter(person__in=owner.selves, kind=kind))
    if not rows:
        raise WrongState("That is not stopped, or no longer.")
    Restriction.objects.filter(pk__in=[row.pk for row in rows]).update(ended_at=Now())
    audit.record(
        actor=actor,
        act="restriction_lifted",
        subject=f"person:{owner.pk}",
        reason=reason,
        kind=kind,
    )
    settle(owner)
    _tell(rows[0], "account_free_again")


def _locked(person: Person) -> Person:
    """Whose account it is, locked: what begins meanwhile waits."""
    key = person.merged_into_id or person.pk
    return Person.objects.select_for_update(no_key=True).get(pk=key)


def settle(owner: Person) -> None:
    """With nothing left that is not ended, nobody asks about this person any more."""
    if not Restriction.objects.filter(person__in=owner.selves, ended_at=None).exists():
        Person.objects.filter(pk=owner.pk).update(restricted=False)


def due() -> list[int]:
    """Whose time is over, but for the way in (`accounts.suspension`)."""
    rows = Restriction.objects.filter(ended_at=None, until__lte=Now()).exclude(kind=Kind.ACCESS)
    return list(rows.order_by("until").values_list("pk", flat=True)[:100])


@transaction.atomic
def end(restriction_id: int) -> None:
    """Its time is over: the person is told. It has not counted since then."""
    row = Restriction.objects.select_related("person").get(pk=restriction_id)
    owner = _locked(row.person)
    over = Restriction.objects.filter(pk=row.pk, ended_at=None, until__lte=Now())
    if over.update(ended_at=F("until")):
        settle(owner)
        _tell(row, "account_free_again")


def _tell(row: Restriction, kind: str) -> None:
    notify(
        person=row.person,
        kind=kind,
        key=f"{kind}:{row.pk}",
        url="/account/",
        what=str(row),
        about=row.kind,
        why=row.reason,
        until=row.until.isoformat() if row.until else "",
    )
