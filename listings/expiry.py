"""Offers whose credit expires: reminded of in time, and off the market before a trade would fail.

The database's clock decides what is too late, here and where stock is taken.
"""

from datetime import UTC, date, timedelta

from django.db import transaction
from django.db.models import DateField, Expression, ExpressionWrapper, Q, Value
from django.db.models.functions import Now, TruncDate

from accounts.notifications import notify
from listings import vault
from listings.lifecycle import machine
from listings.models import Listing, Listings, ListingStatus, time_to_finish

S = ListingStatus
ON_THE_MARKET = (S.LIVE, S.PAUSED, S.SOLD_OUT)
# So many days before an offer leaves the market its seller hears of it, once each.
REMIND_DAYS = (14, 3)
BATCH = 200


def earliest(ahead: timedelta = timedelta(), *, to_finish: Expression | None = None) -> Expression:
    """The first day on which credit may expire and still be sold, so far ahead of now.

    `to_finish` stands for `time_to_finish()` where a query is built once.
    """
    until = TruncDate(Now() + (to_finish or Value(time_to_finish() + ahead)), tzinfo=UTC)
    return ExpressionWrapper(until, output_field=DateField())


def _on_the_market() -> Listings:
    # Every value that reminders have: so the index of those who leave the market is used.
    every = range(len(REMIND_DAYS) + 1)
    return Listing.objects.filter(status__in=ON_THE_MARKET, reminders__in=every)


def expire_due() -> int:
    """Take what expires too soon off the market; returns how many."""
    rows = _on_the_market().filter(expires_on__lt=earliest())
    done = 0
    for key in list(rows.values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            listing = rows.select_for_update(no_key=True, skip_locked=True).filter(pk=key).first()
            if listing is None:
                continue
            machine.advance(listing, S.EXPIRED, kind="expired", actor=None)
            vault.void(listing)
            notify(
                person=listing.seller,
                kind="listing_expired",
                key=f"listing_expired:{listing.pk}",
                url=listing.get_absolute_url(),
                title=listing.title,
            )
            done += 1
    return done


def remind_due() -> int:
    """Tell sellers what will soon leave the market with something unsold; returns how many."""
    due = Q()
    for given, days in enumerate(REMIND_DAYS):
        due |= Q(reminders=given, expires_on__lt=earliest(timedelta(days=days)))
    rows = _on_the_market().filter(due).exclude(status=S.SOLD_OUT)
    rows = rows.filter(expires_on__gte=earliest())
    done = 0
    for key in list(rows.values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            locked = rows.annotate(first_too_soon=earliest()).select_for_update(
                no_key=True, skip_locked=True
            )
            listing = locked.filter(pk=key).first()
            if listing is not None:
                _remind(listing, listing.first_too_soon)
                done += 1
    return done


def _remind(listing: Listing, earliest_today: date) -> None:
    """One notice, whether it is the first or there is time for the last one only."""
    left = listing.expires_on - earliest_today
    given = sum(left < timedelta(days=days) for days in REMIND_DAYS)
    Listing.objects.filter(pk=listing.pk).update(reminders=given)
    notify(
        person=listing.seller,
        kind="listing_expiring",
        key=f"listing_expiring:{listing.pk}:{given}",
        url=listing.get_absolute_url(),
        title=listing.title,
        days_left=left.days,
        expires_on=f"{listing.expires_on:%d %b %Y}".lstrip("0"),
        available_cents=listing.available_cents,
        currency=listing.currency,
    )
