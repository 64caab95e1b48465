"""Sellers' standing, from their completed trades: new, established or trusted.

Trades with oneself and heaps of cheap trades gain nothing: only trades above a price count, a few
of each counterparty, and everybody who is known to be one person is one counterparty.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts import one_person
from accounts.models import Person, Standing, Tier
from listings import ranks

SOURCE = Path(__file__).with_suffix(".toml")
WORKED_OUT_EVERY = timedelta(hours=1)


@dataclass(frozen=True)
class Record:
    """What counts of a seller's completed trades."""

    trades: int
    value_cents: int
    days: int
    counterparties: int
    failed_bp: int


@cache
def rules() -> dict[str, Any]:
    """The numbers of standing.toml."""
    return tomllib.loads(SOURCE.read_text())


# The trades that count, and which of a counterparty's they are.
PLACED = """
    WITH named AS (
        SELECT o.id, o.price_cents, o.ended_at, least(o.buyer_id, (
            SELECT min(l.first_id) FROM accounts_likeness l
            WHERE l.decision = 'same' AND l.second_id = o.buyer_id)) AS counterparty
        FROM orders_order o
        WHERE o.seller_id = ANY(%(selves)s) AND o.status = 'completed'
            AND o.price_cents >= %(least)s AND o.buyer_id <> ALL(%(selves)s)
    ), placed AS (
        SELECT *, row_number() OVER (
            PARTITION BY counterparty ORDER BY price_cents DESC, id) AS place FROM named
    )"""
COUNTED = f"""{PLACED}
    SELECT count(*), coalesce(sum(price_cents), 0), count(DISTINCT counterparty),
        coalesce(extract(day FROM now() - min(ended_at)), 0)
    FROM placed WHERE place <= %(most)s"""  # noqa: S608
RATED = f"""{PLACED}
    SELECT count(*), avg(r.stars) FROM placed JOIN orders_rating r ON r.order_id = placed.id
    WHERE place <= %(most)s AND r.about_id = ANY(%(merged)s) AND r.shown_at IS NOT NULL
        AND r.removed_at IS NULL"""  # noqa: S608


def record_of(person: Person) -> Record:
    """What a seller's trades amount to, less what shows nothing."""
    standing = Standing.objects.filter(person=person).first() or Standing()
    ended = standing.completed_orders + standing.failed_orders
    with connection.cursor() as cursor:
        cursor.execute(COUNTED, _counting(person))
        trades, value, counterparties, days = cursor.fetchone()
    failed_bp = standing.failed_orders * 10_000 // ended if ended else 0
    return Record(int(trades), int(value), int(days), int(counterparties), failed_bp)


def rating_of(person: Person) -> Decimal | None:
    """The mean of what buyers said, out of the trades that count; None while they are few."""
    with connection.cursor() as cursor:
        cursor.execute(RATED, {**_counting(person), "merged": person.selves})
        count, mean = cursor.fetchone()
    return round(mean, 2) if count >= rules()["least_ratings"] else None


def _counting(person: Person) -> dict[str, Any]:
    return {
        "selves": sorted(one_person.same_as(person.pk)),
        "least": rules()["least_trade_cents"],
        "most": rules()["most_per_counterparty"],
    }


def tier_of(record: Record) -> Tier:
    """The best tier whose every line is met."""
    for tier in (Tier.TRUSTED, Tier.ESTABLISHED):
        wanted = rules()["tiers"][tier.value]
        if (
            record.trades >= wanted["trades"]
            and record.value_cents >= wanted["value_cents"]
            and record.days >= wanted["days"]
            and record.counterparties >= wanted["counterparties"]
            and record.failed_bp <= wanted["most_failed_bp"]
        ):
            return tier
    return Tier.NEW


def count_completed(completed: Mapping[int, int]) -> None:
    """So many trades of each seller, by their key, came to a good end.

    In one order, so that none waits for another in a circle.
    """
    sellers = sorted(completed)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_standing (person_id, completed_orders, failed_orders)"
            " SELECT *, 0 FROM unnest(%s::bigint[], %s::integer[])"
            " ON CONFLICT (person_id) DO UPDATE SET tier_at = NULL, completed_orders ="
            " accounts_standing.completed_orders + excluded.completed_orders",
            [sellers, [completed[seller] for seller in sellers]],
        )


def count_failed(seller: Person) -> None:
    """A trade failed by the seller: not delivered in time, or lost in a dispute."""
    Standing.objects.get_or_create(person=seller)
    Standing.objects.filter(person=seller).update(
        failed_orders=F("failed_orders") + 1, tier_at=None
    )


def due() -> list[int]:
    """Sellers whose tier is to be worked out: after a trade, and as time passes."""
    stale = Q(tier_at=None) | Q(tier_at__lt=Now() - WORKED_OUT_EVERY)
    rows = Standing.objects.filter(stale).order_by("tier_at")
    return list(rows.values_list("person_id", flat=True)[:100])


def work_out(person_id: int) -> None:
    """Bring a seller's tier and rating up to their trades, and their offers up to the tier."""
    person = Person.objects.get(pk=person_id)
    tier = tier_of(record_of(person))
    Standing.objects.filter(person=person).update(
        tier=tier, rating=rating_of(person), tier_at=Now()
    )
    ranks.bring_up(person)


def cooling_off_seconds(seller: Person) -> int:
    """From a verified transfer to the release: longer while a seller is new."""
    standing = getattr(seller, "standing", None) or Standing()
    if standing.counts_as == Tier.NEW:
        return max(settings.NEW_SELLER_COOLING_OFF_SECONDS, settings.COOLING_OFF_SECONDS)
    return int(settings.COOLING_OFF_SECONDS)
