"""Somebody says that an offer is not in order; moderators see it in the console."""

from django.core.cache import cache

from accounts.models import Person
from listings.models import Listing, Question, Report
from listings.refusals import TooManyReports

MOST_REPORTS = 10
WITHIN_SECONDS = 3600


def file_report(
    listing: Listing,
    *,
    reporter: Person | None,
    address: str,
    reason: str,
    text: str,
    question: Question | None = None,
) -> Report:
    """Keep a report, by a person or a stranger. Raises TooManyReports after ten in an hour.

    `question`: where it is about a question and its answer rather than the offer.
    `address` is where a stranger writes from; it is counted for the hour and kept nowhere else.
    """
    source = f"person:{reporter.pk}" if reporter else f"address:{address}"
    key = f"reports:{source}"
    cache.add(key, 0, WITHIN_SECONDS)
    if cache.incr(key) > MOST_REPORTS:
        raise TooManyReports
    return Report.objects.create(
        listing=listing, question=question, reporter=reporter, reason=reason, text=text
    )
