"""The life of an offer: the transition table, and the only module that assigns its status."""

from accounts.machines import Machine
from listings.models import Listing, ListingEvent, ListingStatus

S = ListingStatus

machine = Machine(
    model=Listing,
    events=ListingEvent,
    link="listing",
    table={
        S.DRAFT: {S.IN_REVIEW, S.WITHDRAWN},
        S.IN_REVIEW: {S.LIVE, S.REJECTED, S.WITHDRAWN},
        S.REJECTED: {S.DRAFT, S.WITHDRAWN},
        S.LIVE: {S.PAUSED, S.SOLD_OUT, S.EXPIRED, S.WITHDRAWN, S.REMOVED},
        S.PAUSED: {S.LIVE, S.SOLD_OUT, S.EXPIRED, S.WITHDRAWN, S.REMOVED},
        # Stock comes back when an order is cancelled.
        S.SOLD_OUT: {S.LIVE, S.EXPIRED, S.WITHDRAWN, S.REMOVED},
        S.EXPIRED: set(),
        S.WITHDRAWN: set(),
        S.REMOVED: set(),
    },
)
EDITABLE = (S.DRAFT, S.REJECTED)
