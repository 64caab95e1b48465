"""Setting a check: tried on past offers first, then put in force, with who, when and why."""

from datetime import timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Now

from accounts import audit
from accounts.models import Person
from accounts.refusals import Invalid, WrongState
from listings import checks
from listings.check_models import Check, Tuning
from listings.models import Listing, ListingStatus

PAST = 1000
TRIED_WITHIN = timedelta(days=1)
BAD = (ListingStatus.REJECTED, ListingStatus.REMOVED)


def make_rows() -> None:
    """A row for each rule that has none yet, as the rule itself is set."""
    Check.objects.bulk_create(
        (
            Check(name=rule.name, weight=rule.weight, threshold=rule.threshold)
            for rule in checks.RULES
        ),
        ignore_conflicts=True,
    )


def past_offers() -> list[UUID]:
    """The offers that were handed in last, a thousand at most."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT listing_id FROM (SELECT listing_id FROM listings_listingevent"
            " WHERE kind = 'submitted' ORDER BY id DESC LIMIT %s) AS newest",
            [PAST],
        )
        return [key for (key,) in cursor.fetchall()]


def attempt(
    check: Check, *, actor: Person, weight: int, threshold: int, is_on: bool, reason: str
) -> Tuning:
    """Count what these settings would have found among past offers, with today's figures.

    Nothing that counts is changed by it.
    """
    past = past_offers()
    found = checks.figures([check.name], past)
    hits = [key for key, given in found.items() if given[check.name] >= threshold]
    return Tuning.objects.create(
        of=check,
        weight=weight,
        threshold=threshold,
        is_on=is_on,
        in_force=False,
        by=actor,
        reason=reason,
        offers=len(past),
        hits=len(hits),
        bad=Listing.objects.filter(pk__in=hits, status__in=BAD).count(),
    )


def change(
    check: Check, *, actor: Person, weight: int, threshold: int, is_on: bool, reason: str
) -> None:
    """Put settings in force for offers handed in from now on.

    Raises Invalid where a check that is on was not tried with this threshold within a day,
    WrongState where it is set so already.
    """
    with transaction.atomic():
        row = Check.objects.select_for_update(no_key=True).get(pk=check.pk)
        before = (row.weight, row.threshold, row.is_on)
        if before == (weight, threshold, is_on):
            raise WrongState("The check is set so already.")
        tried = row.tunings.filter(threshold=threshold, at__gte=Now() - TRIED_WITHIN).first()
        if is_on and tried is None:
            raise Invalid("threshold", "Try this threshold on past offers first, with Try it.")
        counts = {name: getattr(tried, name, 0) for name in ("offers", "hits", "bad")}
        Tuning.objects.create(
            of=row,
            weight=weight,
            threshold=threshold,
            is_on=is_on,
            in_force=True,
            by=actor,
            reason=reason,
            **counts,
        )
        Check.objects.filter(pk=row.pk).update(
            weight=weight, threshold=threshold, is_on=is_on, since=Now()
        )
        audit.record(
            actor=actor,
            act="check_set",
            subject=f"check:{row.pk}",
            reason=reason,
            before=before,
            after=(weight, threshold, is_on),
        )
