"""Durations in words, and what is next for an offer."""

from django import template
from django.conf import settings

from listings.models import Listing, ListingStatus
from providers.clocks import clocks_of

register = template.Library()

DEPTH_HEIGHT, BAR_WIDTH = 24, 28
UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
NEXT = {
    ListingStatus.DRAFT: "Hand it in for review when it is complete.",
    ListingStatus.IN_REVIEW: "A moderator looks at it. You get a mail with the decision.",
    ListingStatus.REJECTED: "Change what the moderator asked for, then hand it in again.",
    ListingStatus.LIVE: "Buyers can find it. You get a mail with every order.",
    ListingStatus.PAUSED: "Resume it when you are ready to deliver again.",
    ListingStatus.SOLD_OUT: "Nothing is left. It comes back if an order is cancelled.",
    ListingStatus.EXPIRED: "The credit expires too soon for another trade.",
    ListingStatus.WITHDRAWN: "You took it back. List again whenever you like.",
    ListingStatus.REMOVED: "A moderator took it off the market.",
}


@register.filter
def duration(seconds: int) -> str:
    """Seconds in the largest unit that fits them: ``259200`` is "3 days"."""
    for size, unit in UNITS:
        if seconds >= size:
            count = round(seconds / size)
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "at once"


@register.simple_tag
def trade_times(provider: str = "") -> dict[str, int]:
    """How long each part of a trade may take, in seconds: at a provider, or at most."""
    clocks = clocks_of(provider)
    return {
        "pay": settings.PAY_WITHIN_SECONDS,
        "deliver": clocks.deliver_seconds,
        "inspect": clocks.inspect_seconds,
        "cool_off": settings.COOLING_OFF_SECONDS,
    }


@register.filter
def next_for(listing: Listing) -> str:
    """What happens next with an offer, said to its seller."""
    return NEXT[ListingStatus(listing.status)]


@register.filter
def parts_of(part: int, whole: int) -> int:
    """A share in ten-thousandths, as the meter draws it."""
    return part * 10_000 // whole if whole else 0


@register.filter
def per_cent_rest(basis_points: int) -> int:
    """What is left of a hundred after a discount, in whole percent."""
    return (10_000 - basis_points) // 100


@register.inclusion_tag("listings/depth.html")
def depth(steps: list[tuple[int, int]]) -> dict[str, object]:
    """Bars that stand on one line: how many cents are left at each step of the discount."""
    most = max(cents for _, cents in steps) or 1
    bars = []
    for number, (step_bp, cents) in enumerate(steps):
        # What is there is seen, however small it is beside the largest.
        height = max(cents * DEPTH_HEIGHT // most, 2) if cents else 0
        x, y = number * BAR_WIDTH, DEPTH_HEIGHT - height
        bars.append({"x": x, "y": y, "height": height, "step_bp": step_bp, "cents": cents})
    return {"bars": bars, "height": DEPTH_HEIGHT, "width": BAR_WIDTH - 2}
