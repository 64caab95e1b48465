"""Searches that people keep, as rows that one indexed query compares with a new offer."""

from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction
from django.http import QueryDict

from accounts.models import Person, Tier
from accounts.refusals import Invalid
from listings.filters import address, tags
from listings.models import LARGEST_FACE_VALUE_CENTS, SavedSearch
from listings.search import Wanted, wanted
from listings.words import as_tsquery
from payments.money import BASIS_POINTS
from providers.secret_patterns import find_secrets

MOST_SAVED = 50
START = 3


def save(person: Person, given: QueryDict) -> SavedSearch:
    """Keep what an address asks for. Raises Invalid where it asks for nothing, or for too much."""
    asked = wanted(given)
    if asked is None:
        raise Invalid("query", "This search cannot be read, so it cannot be saved.")
    if find_secrets(asked["q"]):
        raise Invalid("query", "This contains something that looks like a key, so it is not kept.")
    query = address(asked, but="ordering")
    if not query:
        raise Invalid("query", "Choose a word or a filter first: a search for everything is none.")
    with transaction.atomic():
        # One at a time, so that the count below is right.
        Person.objects.select_for_update(no_key=True).get(pk=person.pk)
        mine = SavedSearch.objects.filter(person=person)
        if (found := mine.filter(query=query).first()) is not None:
            return found
        if mine.count() >= MOST_SAVED:
            raise Invalid("query", f"You have {MOST_SAVED} saved searches. Delete one first.")
        return SavedSearch.objects.create(
            person=person,
            query=query,
            words=", ".join(_words(asked))[:400],
            **columns(asked),
        )


def _words(asked: Wanted) -> Iterable[str]:
    from_bp = "{:g}% off"
    for tag in tags(asked):
        match tag.name:
            case "q":
                yield f"“{tag.value}”"
            case "min_discount_bp":
                yield f"{from_bp.format(tag.value / 100)} or more"
            case "max_discount_bp":
                yield f"{from_bp.format(tag.value / 100)} at most"
            case "min_available_cents":
                yield f"${tag.value // 100:,} of credit or more"
            case "min_days_left":
                yield f"{tag.value} days left or more"
            case "max_price_cents":
                yield f"up to ${tag.value // 100:,}"
            case "expires_after":
                yield f"expires after {tag.value:%d %b %Y}"
            case _:
                yield tag.words


def columns(wanted: Wanted) -> dict[str, Any]:
    """The cleaned data of a search as the columns of `SavedSearch`."""
    bounds = {
        "least_discount_bp": wanted.get("min_discount_bp") or 0,
        "greatest_discount_bp": wanted.get("max_discount_bp"),
        "least_available_cents": wanted.get("min_available_cents") or 0,
        "greatest_price_cents": wanted.get("max_price_cents"),
    }
    if bounds["greatest_discount_bp"] is None:
        bounds["greatest_discount_bp"] = BASIS_POINTS
    if bounds["greatest_price_cents"] is None:
        bounds["greatest_price_cents"] = LARGEST_FACE_VALUE_CENTS
    text = wanted.get("q", "")
    return {
        "provider": wanted.get("provider", ""),
        "method": wanted.get("transfer_method", ""),
        "category": wanted.get("category", ""),
        "proof": wanted.get("proof", ""),
        "start": _start(text),
        "text_query": _compiled(text) if text else "",
        "expires_after": wanted.get("expires_after"),
        "least_days_left": wanted.get("min_days_left") or 0,
        "least_seller_rank": Tier(wanted.get("min_seller_tier") or Tier.NEW).rank,
        **bounds,
    }


def _start(text: str) -> str:
    """The first letters that some word of a fitting offer has; "" where none must be there."""
    words = text.split()
    plain = [word for word in words if word.isalnum() and word.casefold() not in ("or", "and")]
    if not plain or len(plain) < len(words):
        return ""
    return max(plain, key=len).casefold()[:START]


def _compiled(text: str) -> str:
    """The query as PostgreSQL writes it, so that it is parsed once."""
    sql, params = as_tsquery(text)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT ({sql})::text", params)
        return str(cursor.fetchone()[0])
