"""How much a seller may have on offer and under way at once, by their standing."""

from django.db import connection
from django.db.models import Case, F, Sum, When
from django.db.models.fields import BigIntegerField

from accounts import dials
from accounts.models import Person, Standing, Tier
from listings.models import Listing, ListingStatus
from listings.refusals import TooMuchOpen

ON_OFFER = (
    ListingStatus.IN_REVIEW,
    ListingStatus.LIVE,
    ListingStatus.PAUSED,
    ListingStatus.SOLD_OUT,
)


def limit_cents(tier: Tier) -> int | None:
    """What a seller of that tier may have open, at the prices asked; None for no limit."""
    limits = {
        Tier.NEW: "NEW_SELLER_OPEN_CENTS",
        Tier.ESTABLISHED: "ESTABLISHED_SELLER_OPEN_CENTS",
    }
    return dials.now(limits[tier]) if tier in limits else None


def open_cents(person: Person) -> int:
    """The price of all that a seller offers, and of what open orders have reserved."""
    offered = Case(
        When(status__in=ON_OFFER, then=F("available_cents")),
        default=0,
        output_field=BigIntegerField(),
    )
    price = (offered + F("reserved_cents")) * (10_000 - F("discount_bp")) / 10_000
    rows = Listing.objects.filter(seller=person)
    return int(rows.aggregate(sum=Sum(price, default=0))["sum"])


def require_room(listing: Listing) -> None:
    """Raises TooMuchOpen if this offer would be beyond its seller's limit.

    The person's row is locked, or two offers at once would each find room.
    """
    assert connection.in_atomic_block
    Person.objects.select_for_update(no_key=True).only("pk").get(pk=listing.seller_id)
    standing = Standing.objects.filter(person=listing.seller_id).first() or Standing()
    limit = limit_cents(standing.counts_as)
    if limit is None:
        return
    before = open_cents(listing.seller)
    if before + listing.price_cents > limit:
        raise TooMuchOpen(
            f"Your standing is {standing.counts_as.label.lower()}: you may have offers and open"
            f" trades of {limit / 100:,.2f} {listing.currency} at once, and {before / 100:,.2f} is"
            " open already. The page on sellers' standing says how it grows.",
            limit_cents=limit,
            open_cents=before,
        )
