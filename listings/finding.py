"""One page of a search, in a time that does not grow with the market.

Without words, an index per order answers. With words there are two ways: to walk along the order
and look at each offer, quick if the words are common, or to ask the index of words for all that
fit and sort them, quick if one of them is rare. The planner guesses how often words meet, and a
wrong guess walks through the whole market. So where all words are common, the walk is tried first
over a bounded stretch; only if that does not fill the page, the index of words is asked.

Where every one of the words is common but few offers have them all, that index goes through lists
as long as the market. If two of them never meet (`listings.meetings`), it is not asked. And its
answer, if it is short, is kept for some seconds, together with the moment from which on it may
lack something. Pages then look at what is known, and at every offer that has moved since. What has
just come to the market is thus found at once.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, TypeVar, cast
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from accounts.kept import Kept
from accounts.keyset import Page, edge, page
from listings import arrivals, meetings
from listings.models import Listing, Listings, ListingStatus
from listings.search import Wanted, order_column, results
from listings.words import matching

Row = TypeVar("Row")
STRETCH = 3000
KEPT_SECONDS, MOST_KEPT, MOST_FEW = 30, 1000, 300
# A page looks at each of so many by its key, quicker than by anything else.
FEW = 200


class Few(NamedTuple):
    """Offers of which these are known, and others only if their status has moved since."""

    keys: tuple[UUID, ...]
    since: datetime

    def holds(self) -> Q:
        """What holds for all of them, and for few others."""
        return Q(pk__in=self.keys) | Q(status_since__gte=self.since)


_edges: Kept[Q | None] = Kept(seconds=KEPT_SECONDS, most=MOST_KEPT)
_few: Kept[Few | None] = Kept(seconds=KEPT_SECONDS, most=MOST_FEW)


def find(
    wanted: Wanted,
    shape: Callable[[Listings], QuerySet[Any, Row]],
    *,
    cursor: str | None,
    limit: int,
) -> Page[Row]:
    """One page of what fits, each row as `shape` makes it. Raises Invalid for a strange cursor."""
    by, text = order_column(wanted["ordering"]), wanted.get("q")

    def fitting(few: Few | None = None) -> Page[Row]:
        rows = _fitting(wanted, shape)
        among = rows.filter(few.holds()) if few else rows
        return page(among, by=by, cursor=cursor, limit=limit)

    if not text:
        return fitting()
    few = _few.known(text) or _apart(text)
    if few is None and matching(text).rare:
        few = _few.get(text, lambda: _collected(text))
        if few and not few.keys and cursor is None:
            return Page([], None, None)  # as of a moment ago
    if few:
        return fitting(few)
    # Where the stretch ends may be some seconds old: it is then a little longer or shorter.
    near = _edges.get(
        (wanted.get("provider"), by, cursor),
        lambda: edge(_walked(wanted), by=by, cursor=cursor, beyond=STRETCH),
    )
    if near is None:
        return fitting()
    walked = _fitting(wanted, shape, walking=True)
    found = page(walked.filter(near), by=by, cursor=cursor, limit=limit)
    # There is one more beyond the page, in the direction in which the cursor goes.
    if found.next and (cursor is None or found.previous):
        return found
    with _by_words():
        return fitting(_few.get(text, lambda: _collected(text)))


def _fitting(
    wanted: Wanted, shape: Callable[[Listings], QuerySet[Any, Row]], *, walking: bool = False
) -> QuerySet[Any, Row]:
    found = results(wanted, cast(Listings, _shaped(shape)), walking=walking)
    return cast(QuerySet[Any, Row], found)


@cache
def _shaped(shape: Callable[[Listings], QuerySet[Any, Row]]) -> QuerySet[Any, Row]:
    """All offers in that shape: to say its twenty columns takes longer than all filters."""
    return shape(Listing.objects.all())


def _apart(text: str) -> Few | None:
    """What fits words that never meet."""
    since = meetings.apart(lexemes) if (lexemes := matching(text).lexemes) else None
    return Few((), since) if since else None


def _collected(text: str) -> Few | None:
    """The live offers that a text finds, now and from now on, and few others.

    None where they are many, or where a transaction has been open for so long that nobody can say
    since when offers have moved that are not seen yet.
    """
    # First the moment, then the offers: what ends in between is seen, what goes on is counted.
    since = arrivals.since()
    if since is None:
        return None
    live = Listing.objects.filter(matching(text).by_index, status=ListingStatus.LIVE)
    sql, params = live.values_list("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        # Planned as if for all of them, or the planner might look for so many one by one.
        cursor.execute(
            f"WITH found AS MATERIALIZED ({sql}) SELECT * FROM found LIMIT %s",  # noqa: S608
            [*params, FEW + 1],
        )
        found = tuple(key for (key,) in cursor.fetchall())
    if len(found) > FEW:
        return None
    # Words of an offer change only off the market, and whatever comes to it notes when.
    return Few(found, since)


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
