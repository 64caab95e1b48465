"""The cheapest way to an amount of one provider's credit, out of several offers."""

from dataclasses import dataclass

from accounts.models import Person
from listings.models import Listing
from listings.quotes import Quote, quote
from providers.vocabulary import TransferMethod

# Each is another order to pay and another seller to wait for.
MOST_ORDERS = 8
LOOKED_AT = 300


@dataclass(frozen=True)
class Part:
    """Some of one offer."""

    listing: Listing
    quote: Quote


@dataclass(frozen=True)
class Plan:
    """What to buy where, and what it comes to."""

    parts: list[Part]
    wanted_cents: int

    @property
    def face_value_cents(self) -> int:
        return sum(part.quote.face_value_cents for part in self.parts)

    @property
    def price_cents(self) -> int:
        return sum(part.quote.price_cents for part in self.parts)

    @property
    def saved_cents(self) -> int:
        return self.face_value_cents - self.price_cents

    @property
    def names_recipient(self) -> bool:
        """Whether any of it goes to an account at the provider."""
        methods = {part.listing.transfer_method for part in self.parts}
        return methods != {TransferMethod.REDEEM_CODE}

    @property
    def missing_cents(self) -> int:
        """What is not on offer in fitting pieces."""
        return max(0, self.wanted_cents - self.face_value_cents)


def cheapest(provider: str, wanted_cents: int, *, buyer: Person | None = None) -> Plan:
    """Take from the offers with the largest discount first, each in an amount that it sells.

    Out of other people's offers, where it is known who buys.

    Never more than is wanted. Amounts come in steps, so the last few dollars may be missing even
    where there is more on offer; the plan says so.
    """
    rows = Listing.objects.live().with_parts().filter(provider=provider)
    if buyer is not None:
        rows = rows.exclude(seller__in=buyer.selves)
    parts: list[Part] = []
    missing = wanted_cents
    for listing in rows.order_by("-discount_bp", "-pk")[:LOOKED_AT]:
        if not missing or len(parts) == MOST_ORDERS:
            break
        if (amount := _at_most(listing, missing)) > 0:
            parts.append(Part(listing, quote(listing, amount)))
            missing -= amount
    return Plan(parts, wanted_cents)


def _at_most(listing: Listing, cents: int) -> int:
    """The largest amount on offer that is not above `cents`; 0 where the least is."""
    least, most = listing.offered_min_cents, min(cents, listing.available_cents)
    if most < least:
        return 0
    return most - (most - least) % listing.step_cents
