"""The tier of a seller on each of their offers, so that an index finds offers by it.

The truth is the seller's standing; offers follow when one goes live and when a standing is worked
out, which is at least every hour.
"""

from django.db import transaction

from accounts.models import Person, Standing
from listings.models import Listing


def rank_of(seller: Person) -> int:
    """The rank of what a seller counts as now."""
    standing = Standing.objects.filter(person=seller).first() or Standing()
    return standing.counts_as.rank


def bring_up(seller: Person) -> int:
    """Write the rank of a seller to those of their offers that have another; returns how many."""
    rank = rank_of(seller)
    others = Listing.objects.filter(seller=seller).exclude(seller_rank=rank)
    with transaction.atomic():
        # In one order, as `stock.sell_all`, so that neither waits for the other in a circle.
        locked = others.select_for_update(no_key=True).order_by("pk")
        keys = list(locked.values_list("pk", flat=True))
        return Listing.objects.filter(pk__in=keys).update(seller_rank=rank)
