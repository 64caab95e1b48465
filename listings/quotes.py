"""What amounts of an offer may be bought, and what each costs."""

from dataclasses import dataclass

from listings.models import Listing
from payments.money import price_of
from providers.amount import DOLLARS

SUGGESTED_PARTS = (4, 2, 1)
# As far as anybody counts the offers that are cheaper.
FAR = 20


@dataclass(frozen=True)
class Quote:
    """Some face value of one offer, and its price today."""

    face_value_cents: int
    price_cents: int

    @property
    def saved_cents(self) -> int:
        """What the provider's list price would cost more."""
        return self.face_value_cents - self.price_cents


def quote(listing: Listing, face_value_cents: int) -> Quote:
    """The price of some face value, rounded as an order rounds it."""
    return Quote(face_value_cents, price_of(face_value_cents, listing.discount_bp))


def suggestions(listing: Listing) -> list[Quote]:
    """The least, a quarter, a half and all of what is left, each an amount that is offered."""
    left, least = listing.available_cents, listing.offered_min_cents
    amounts = {least, *(offered(listing, left // part) for part in SUGGESTED_PARTS)}
    return [quote(listing, amount) for amount in sorted(amounts)]


@dataclass(frozen=True)
class Cheaper:
    """How many offers have a larger discount; `more` where it is more than that."""

    count: int
    more: bool


def cheaper(listing: Listing) -> Cheaper:
    """Where an offer stands among the live ones of its provider; one query, no longer for many."""
    rows = Listing.objects.live().filter(provider=listing.provider_id)
    found = rows.filter(discount_bp__gt=listing.discount_bp)[: FAR + 1].count()
    return Cheaper(min(found, FAR), found > FAR)


def offered(listing: Listing, wanted_cents: int) -> int:
    """The largest amount on offer that is not above what is wanted, or the least one."""
    least = listing.offered_min_cents
    fitting = min(max(wanted_cents, least), listing.available_cents)
    return fitting - (fitting - least) % listing.step_cents


def wanted(listing: Listing, text: str) -> Quote:
    """The quote for an amount as written in an address; for all of it where that says nothing."""
    match = DOLLARS.match(text.strip().removeprefix("$").replace(",", ""))
    if match is None:
        return quote(listing, listing.available_cents)
    cents = int(match["whole"]) * 100 + int((match["part"] or "").ljust(2, "0"))
    return quote(listing, offered(listing, cents))
