"""Somebody says that an offer is not in order; moderators see it in the console."""

from django.core.cache import cache

from accounts.models import Person
from listings.models import Listing, Report
from listings.refusals import TooManyReports

MOST_REPORTS = 10
WITHIN_SECONDS = 3600


def file_report(
    listing: Listing, *, reporter: Person | None, address: str, reason: str, text: str
) -> Report:
    """Keep a report, of a person or of a stranger. Raises TooManyReports after ten in an hour.

    `address` is where a stranger writes from; it is counted for the hour and kept nowhere else.
    """
    source = f"person:{reporter.pk}" if reporter else f"address:{address}"
    key = f"reports:{source}"
    cache.add(key, 0, WITHIN_SECONDS)
    if cache.incr(key) > MOST_REPORTS:
        raise TooManyReports
    return Report.objects.create(listing=listing, reporter=reporter, reason=reason, text=text)
