"""Changing the price of an offer that is on the market, at once or day by day toward its expiry.

The discount of the row is the price, on pages, in the API and in an order alike; a schedule only
says who changes it and when. An order is placed only at the discount that its buyer was shown, and
keeps it whatever comes later.
"""

from datetime import UTC, date, timedelta

from django.db import transaction
from django.db.models.functions import Now, TruncDate
from django.utils import timezone

from accounts.models import Person
from accounts.refusals import Invalid, WrongState
from listings import alerts
from listings.lifecycle import machine
from listings.models import (
    GREATEST_DISCOUNT_BP,
    LEAST_DISCOUNT_BP,
    Listing,
    ListingStatus,
    PriceFall,
)
from listings.publishing import own
from payments.money import LEAST_CHARGE_CENTS, price_of

ON_SALE = (ListingStatus.LIVE, ListingStatus.PAUSED)
TODAY = TruncDate(Now(), tzinfo=UTC)


@transaction.atomic
def reprice(listing: Listing, *, actor: Person, discount_bp: int) -> Listing:
    """Sell at another discount from now on. Raises WrongState, or Invalid naming `discount_bp`."""
    listing = _on_sale(listing, actor)
    _require_chargeable(listing, discount_bp, field="discount_bp")
    PriceFall.objects.filter(listing=listing).delete()
    _set(listing, discount_bp, actor=actor)
    return listing


@transaction.atomic
def let_fall(listing: Listing, *, actor: Person, end_bp: int, end_on: date) -> PriceFall:
    """Let the discount grow evenly until that day. Raises WrongState, or Invalid naming a field."""
    listing = _on_sale(listing, actor)
    _require_chargeable(listing, end_bp, field="end_bp")
    if end_bp <= listing.discount_bp:
        raise Invalid("end_bp", "Give a larger discount than today's.")
    today = Listing.objects.values_list(TODAY, flat=True).get(pk=listing.pk)
    if not today < end_on <= listing.expires_on:
        raise Invalid("end_on", "Give a day after today, and not after the credit expires.")
    machine.remark(
        listing, kind="price_falls", actor=actor, note=f"{end_bp / 100:g}% by {end_on:%d %b %Y}"
    )
    fall, _ = PriceFall.objects.update_or_create(
        listing=listing,
        defaults={
            "start_bp": listing.discount_bp,
            "end_bp": end_bp,
            "start_on": today,
            "end_on": end_on,
            "next_on": today + timedelta(days=1),
        },
    )
    return fall


def utc_today() -> date:
    """The day by which prices fall."""
    return timezone.now().astimezone(UTC).date()


def discount_on(fall: PriceFall, day: date) -> int:
    """The discount of that day, in whole basis points, rounded toward the dearer price."""
    passed = min(max((day - fall.start_on).days, 0), (fall.end_on - fall.start_on).days)
    return (
        fall.start_bp + (fall.end_bp - fall.start_bp) * passed // (fall.end_on - fall.start_on).days
    )


def fall_due(limit: int = 200) -> int:
    """Lower the prices of the day; returns how many. What is paused falls on, unannounced."""
    due = PriceFall.objects.filter(next_on__lte=TODAY)
    done = 0
    for key in list(due.values_list("pk", flat=True)[:limit]):
        with transaction.atomic():
            rows = Listing.objects.select_for_update(no_key=True, skip_locked=True)
            listing = rows.annotate(today=TODAY).filter(pk=key).first()
            fall = due.filter(pk=key).first()
            if listing is not None and fall is not None:
                _fall(listing, fall, listing.today)
                done += 1
    return done


def _fall(listing: Listing, fall: PriceFall, today: date) -> None:
    if listing.status not in (*ON_SALE, ListingStatus.SOLD_OUT):
        fall.delete()
        return
    _set(listing, discount_on(fall, today), actor=None)
    if today >= fall.end_on:
        fall.delete()
    else:
        PriceFall.objects.filter(pk=fall.pk).update(next_on=today + timedelta(days=1))


def _set(listing: Listing, discount_bp: int, *, actor: Person | None) -> None:
    before = listing.discount_bp
    if discount_bp == before:
        return
    Listing.objects.filter(pk=listing.pk).update(discount_bp=discount_bp)
    listing.refresh_from_db(fields=["discount_bp", "price_cents"])
    note = f"{before / 100:g}% to {discount_bp / 100:g}%"
    machine.remark(listing, kind="repriced", actor=actor, note=note)
    if discount_bp > before and listing.status == ListingStatus.LIVE:
        alerts.announce(listing)


def _on_sale(listing: Listing, actor: Person) -> Listing:
    listing = own(listing, actor)
    if listing.status not in ON_SALE:
        raise WrongState("Only what is live or paused has a price to change.")
    return listing


def _require_chargeable(listing: Listing, discount_bp: int, *, field: str) -> None:
    if not LEAST_DISCOUNT_BP <= discount_bp <= GREATEST_DISCOUNT_BP:
        raise Invalid(field, "Offer a discount between 30 and 70 percent.")
    if price_of(listing.step_cents, discount_bp) < LEAST_CHARGE_CENTS:
        raise Invalid(
            field, "At this discount the smallest step would cost less than a card can be charged."
        )
