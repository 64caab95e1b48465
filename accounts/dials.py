"""Fees and limits: what each stands at now, and turning it, from a day on, by two people.

The environment says what a dial stands at until somebody turns it in the console. Nothing that has
begun changes with a dial: an order keeps the quote that it was placed with.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts import audit
from accounts.dial_models import Dial, DialChange
from accounts.kept import Kept
from accounts.models import Person
from accounts.refusals import Invalid, WrongState


@dataclass(frozen=True)
class Meaning:
    """What a dial is for, its unit, and how far it can be turned."""

    about: str
    unit: str
    least: int
    most: int


MEANINGS: Mapping[str, Meaning] = {
    "COMMISSION_BP": Meaning(
        "The platform's share of the price of orders placed from then on.",
        "hundredths of a percent",
        0,
        30_00,
    ),
    "NEW_SELLER_OPEN_CENTS": Meaning(
        "What a new seller may have on offer and under way at once.", "cents", 1, 10**10
    ),
    "ESTABLISHED_SELLER_OPEN_CENTS": Meaning(
        "What an established seller may have on offer and under way at once.",
        "cents",
        1,
        10**10,
    ),
    "MAX_OPEN_ORDERS_PER_BUYER": Meaning(
        "How many unpaid orders one buyer may have.", "orders", 1, 1000
    ),
    "FOUR_EYES_ABOVE_CENTS": Meaning(
        "From what amount on a decision about money needs a second person.", "cents", 0, 10**10
    ),
    "MONEY_DECISIONS_PER_HOUR": Meaning(
        "How many decisions about money one person makes within an hour.", "decisions", 1, 1000
    ),
}
# What those of some dials that were ever turned stand at, by the database's clock.
TURNED = """SELECT DISTINCT ON (dial_id) dial_id, value FROM accounts_dialchange
    WHERE dial_id = ANY(%s) AND begins_at <= statement_timestamp()
    ORDER BY dial_id, begins_at DESC, id DESC"""
_shown: Kept[int] = Kept(seconds=30, most=len(MEANINGS) * 2)


def now(name: str) -> int:
    """What a dial stands at, by the database's clock; one query."""
    return now_all(name)[name]


def now_all(*names: str) -> dict[str, int]:
    """What each of several stands at, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(TURNED, [list(names)])
        return all_of(names, turned=dict(cursor.fetchall()))


def all_of(names: Iterable[str], *, turned: Mapping[str, int]) -> dict[str, int]:
    """What each stands at: as it was turned, or else as the environment says."""
    return {name: turned.get(name, int(getattr(settings, name))) for name in names}


def shown(name: str) -> int:
    """The same for pages, up to half a minute old."""
    return _shown.get((name, getattr(settings, name)), lambda: now(name))


def make_rows() -> None:
    """A row for each dial that has none yet."""
    Dial.objects.bulk_create((Dial(name=name) for name in MEANINGS), ignore_conflicts=True)


def turn(dial: Dial, *, actor: Person, value: int, begins_on: date | None, reason: str) -> None:
    """Set a dial from the beginning of a day on (UTC), at once if that is past or not said.

    Raises Invalid for a value out of its range, WrongState where it stands so already.
    """
    meaning = MEANINGS[dial.pk]
    if not meaning.least <= value <= meaning.most:
        raise Invalid("value", f"Between {meaning.least:,} and {meaning.most:,} {meaning.unit}.")
    with transaction.atomic():
        # One at a time, or two changes would each compare with what the other replaces.
        list(Dial.objects.select_for_update(no_key=True).filter(pk__in=MEANINGS).order_by("pk"))
        before = now(dial.pk)
        begins_at = datetime.combine(begins_on, time(), UTC) if begins_on else timezone.now()
        if value == before and begins_at <= timezone.now():
            raise WrongState("It stands there already.")
        _require_order(dial, value)
        change = DialChange(dial=dial, value=value, before=before, by=actor, reason=reason)
        change.begins_at = Now() if begins_at <= timezone.now() else begins_at
        change.save(force_insert=True)
        audit.record(
            actor=actor,
            act="dial_turned",
            subject=f"dial:{dial.pk}",
            reason=reason,
            before=before,
            after=value,
            begins_on=begins_on.isoformat() if begins_on else "",
        )


def _require_order(dial: Dial, value: int) -> None:
    """A new seller may never have more open than an established one, now or later."""
    new, established = "NEW_SELLER_OPEN_CENTS", "ESTABLISHED_SELLER_OPEN_CENTS"
    if dial.pk not in (new, established):
        return
    other = established if dial.pk == new else new
    later = DialChange.objects.filter(dial=other, begins_at__gt=Now())
    others = [now(other), *later.values_list("value", flat=True)]
    if (value > min(others)) if dial.pk == new else (value < max(others)):
        raise Invalid("value", "A new seller may have at most what an established one may.")
