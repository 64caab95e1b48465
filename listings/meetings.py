"""Which common words no offer has together: found by a sweep, known to every page.

Three words that are common one by one and never meet have long lists in the index of words, and
to go through them takes the longer, the larger the market is. There are only some hundred common
words, so for each pair of them one bit says whether some offer had both when a sweep last looked.
What has come to the market since is looked at by the page (`listings.finding`).
"""

import time
from collections.abc import Iterator, Set
from datetime import datetime
from typing import NamedTuple

from django.core.cache import cache
from django.db import transaction
from django.db.models import F, Func, TextField, Value

from accounts.kept import Kept
from listings import arrivals
from listings.models import Listing, ListingStatus
from listings.words import common_lexemes

KEY, KEPT_SECONDS, READ_AT_ONCE = "listings:meetings", 30, 5000
# Looking takes at most one second in fifty.
LEAST_PAUSE_SECONDS, PAUSE_FACTOR, FORGOTTEN_SECONDS = 20, 50, 3600
_known: Kept["Meetings | None"] = Kept(seconds=KEPT_SECONDS, most=1)


class Meetings(NamedTuple):
    """For each common lexeme its own bit, and the bits of those that some offer has beside it;
    `since` as `arrivals.since`."""

    bits: dict[str, int]
    beside: dict[str, int]
    since: datetime


def apart(lexemes: Set[str]) -> datetime | None:
    """Since when offers would have to have moved in order to have all of these; None where older
    ones may have them, or nobody knows."""
    known = _known.get((), _read)
    if known is None or not lexemes <= known.bits.keys():
        return None
    all_of_them = sum(known.bits[one] for one in lexemes)
    meet = all(known.beside[one] & all_of_them == all_of_them for one in lexemes)
    return None if meet else known.since


def look_due() -> int:
    """Look again where the last look is too old; returns how many pairs of words meet."""
    found = cache.get(KEY)
    if found is not None and found["until"] > time.time():
        return 0
    begun = time.monotonic()
    # First the moment, then the offers: what ends in between is seen.
    since = arrivals.since()
    if since is None:
        return 0
    bits = {lexeme: 1 << place for place, lexeme in enumerate(sorted(common_lexemes()))}
    beside = _looked(bits)
    pause = max(LEAST_PAUSE_SECONDS, (time.monotonic() - begun) * PAUSE_FACTOR)
    kept = {"until": time.time() + pause, "known": tuple(Meetings(bits, beside, since))}
    cache.set(KEY, kept, FORGOTTEN_SECONDS)
    return sum(map(int.bit_count, beside.values()))


def forget() -> None:
    """Look again: offers have been put on the market with a past of their own."""
    cache.delete(KEY)
    _known.forget()


def _looked(bits: dict[str, int]) -> dict[str, int]:
    beside = dict.fromkeys(bits, 0)
    for text in _texts():
        together = bits.keys() & text.split(" ")
        all_of_them = sum(map(bits.__getitem__, together))
        for one in together:
            beside[one] |= all_of_them
    return beside


def _texts() -> Iterator[str]:
    """The lexemes of every live offer, with blanks between them."""
    lexemes = Func(F("search"), function="tsvector_to_array")
    words = Func(lexemes, Value(" "), function="array_to_string", output_field=TextField())
    texts = Listing.objects.filter(status=ListingStatus.LIVE).values_list(words, flat=True)
    # In a transaction the database sends them as it reads them; without, it copies all first.
    with transaction.atomic():
        yield from texts.iterator(chunk_size=READ_AT_ONCE)


def _read() -> Meetings | None:
    found = cache.get(KEY)
    return None if found is None else Meetings(*found["known"])
