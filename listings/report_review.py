"""What becomes of a report: a moderator looks at it and closes it."""

from django.db import transaction
from django.db.models.functions import Now

from accounts import audit
from accounts.models import Person
from accounts.refusals import NotAllowed, WrongState
from listings.models import Report

MOST_AT_ONCE = 200


def close_report(report: Report, *, actor: Person, reason: str) -> None:
    """Say what came of a report. Raises NotAllowed on one's own offer, WrongState if closed."""
    _require_other(report, actor)
    with transaction.atomic():
        if not Report.objects.filter(pk=report.pk, closed_at=None).update(closed_at=Now()):
            raise WrongState("This report is closed already.")
        _record(report, actor, reason)


def close_alike(report: Report, *, actor: Person, reason: str) -> int:
    """Close this report and every open one of the same offer that says the same; returns how many.

    Raises NotAllowed on one's own offer, WrongState if this one is closed. One's own reports stay.
    """
    _require_other(report, actor)
    with transaction.atomic():
        alike = Report.objects.filter(
            listing=report.listing_id, question=report.question_id, reason=report.reason
        )
        open_ones = list(
            alike.filter(closed_at=None).exclude(reporter=actor).select_for_update()[:MOST_AT_ONCE]
        )
        if report.pk not in {one.pk for one in open_ones}:
            raise WrongState("This report is closed already.")
        alike.filter(pk__in=[one.pk for one in open_ones]).update(closed_at=Now())
        for one in open_ones:
            _record(one, actor, reason)
    return len(open_ones)


def _require_other(report: Report, actor: Person) -> None:
    if not actor.is_staff or actor.pk == report.listing.seller_id:
        raise NotAllowed("Nobody decides on a report of their own offer.")


def _record(report: Report, actor: Person, reason: str) -> None:
    audit.record(
        actor=actor,
        act="report_closed",
        subject=f"report:{report.pk}",
        reason=reason,
        listing=str(report.listing_id),
    )
