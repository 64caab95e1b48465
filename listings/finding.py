"""One page of a search, in a time that does not grow with the market.

Without words, an index per order answers. With words there are two ways: to walk along the order
and look at each offer, quick if the words are common, or to ask the index of words for all that
fit and sort them, quick if they are rare. The planner guesses how often words meet, and a wrong
guess walks through the whole market. So the walk is tried first over a bounded stretch; only if
that does not fill the page, the words are so rare that the index of words is quick.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from accounts.kept import Kept
from accounts.keyset import Page, edge, page
from listings.models import Listing, Listings, ListingStatus
from listings.search import Wanted, order_column, results

Row = TypeVar("Row")
STRETCH = 3000
KEPT_SECONDS, MOST_KEPT = 30, 1000
_edges: Kept[Q | None] = Kept(seconds=KEPT_SECONDS, most=MOST_KEPT)


def find(
    wanted: Wanted,
    shape: Callable[[Listings], QuerySet[Any, Row]],
    *,
    cursor: str | None,
    limit: int,
) -> Page[Row]:
    """One page of what fits, each row as `shape` makes it. Raises Invalid for a strange cursor."""
    rows, by = shape(results(wanted)), order_column(wanted["ordering"])
    if not wanted.get("q"):
        return page(rows, by=by, cursor=cursor, limit=limit)
    # Where the stretch ends may be some seconds old: it is then a little longer or shorter.
    near = _edges.get(
        (wanted.get("provider"), by, cursor),
        lambda: edge(_walked(wanted), by=by, cursor=cursor, beyond=STRETCH),
    )
    if near is None:
        return page(rows, by=by, cursor=cursor, limit=limit)
    found = page(rows.filter(near), by=by, cursor=cursor, limit=limit)
    # There is one more beyond the page, in the direction in which the cursor goes.
    if found.next and (cursor is None or found.previous):
        return found
    with _by_words():
        return page(rows, by=by, cursor=cursor, limit=limit)


def _walked(wanted: Wanted) -> Listings:
    """What an index alone can walk along, in any order."""
    live = Listing.objects.filter(status=ListingStatus.LIVE)
    return live.filter(provider=wanted["provider"]) if wanted.get("provider") else live


@contextmanager
def _by_words() -> Iterator[None]:
    """Leave the planner no way but bitmaps, and so the index of words.

    Nor other processes to help: to start them takes longer than the search.
    """
    off = ("enable_seqscan", "enable_indexscan", "max_parallel_workers_per_gather")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("; ".join(f"SET LOCAL {name} = 0" for name in off))
        yield
        cursor.execute("; ".join(f"SET LOCAL {name} = DEFAULT" for name in off))
