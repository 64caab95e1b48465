"""What a newcomer can do next, as buyer and as seller; ticked off by what they have done."""

from typing import Any

from django import template

from accounts.models import Person
from listings.models import Listing, ListingStatus
from orders.models import Order
from payments.models import PayoutAccount

register = template.Library()


@register.inclusion_tag("account_pages/first_steps.html", takes_context=True)
def first_steps(context: dict[str, Any], person: Person) -> dict[str, Any]:
    """The list, until everything is done or the person puts it away."""
    found: dict[str, Any] = {"csrf_token": context.get("csrf_token"), "shown": False}
    if person.first_steps_done_at:
        return found
    listings = Listing.objects.filter(seller=person)
    buying = [
        ("Choose the name that others see", "account:home", bool(person.name)),
        ("Find an offer and buy", "listings:browse", Order.objects.filter(buyer=person).exists()),
    ]
    selling = [
        (
            "Set up payouts",
            "payouts:index",
            PayoutAccount.objects.filter(person=person, ready=True).exists(),
        ),
        ("Describe your credit", "sell:new", listings.exists()),
        (
            "Hand it in for review",
            "sell",
            listings.exclude(status=ListingStatus.DRAFT).exists(),
        ),
    ]
    return found | {
        # Who knows how one side goes needs no telling any more.
        "shown": not any(all(done for *_, done in side) for side in (buying, selling)),
        "buying": buying,
        "selling": selling,
    }
