"""What becomes of a report: a moderator looks at it and closes it."""

from django.db import transaction
from django.db.models.functions import Now

from accounts import audit
from accounts.models import Person
from accounts.refusals import NotAllowed, WrongState
from listings.models import Report


def close_report(report: Report, *, actor: Person, reason: str) -> None:
    """Say what came of a report. Raises NotAllowed on one's own offer, WrongState if closed."""
    if not actor.is_staff or actor.pk == report.listing.seller_id:
        raise NotAllowed("Nobody decides on a report of their own offer.")
    with transaction.atomic():
        if not Report.objects.filter(pk=report.pk, closed_at=None).update(closed_at=Now()):
            raise WrongState("This report is closed already.")
        audit.record(
            actor=actor,
            act="report_closed",
            subject=f"report:{report.pk}",
            reason=reason,
            listing=str(report.listing_id),
        )
