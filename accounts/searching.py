"""How the console finds rows: each way leads through an index, however many rows there are."""

import re
import uuid
from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db import connection, models
from django.db.models import Q, QuerySet

from accounts.addresses import canonical
from accounts.models import NAME, REASON, Person

# What refers to no more rows than this is found by their keys; beyond it the list is walked, in
# which so common a thing comes soon.
FEW = 1000


def as_id(text: str) -> uuid.UUID | None:
    """The id that somebody looks for, or nothing."""
    try:
        return uuid.UUID(text.strip())
    except ValueError:
        return None


def by_id(rows: QuerySet[Any], names: Iterable[str], key: uuid.UUID) -> QuerySet[Any]:
    """Rows where one of those columns, of theirs or of what they refer to, has the id."""
    return rows.filter(reduce(or_, (reached(rows.model, name, key) for name in names)))


def by_person(rows: QuerySet[Any], names: Iterable[str], email: str) -> QuerySet[Any]:
    """Rows of whoever has that address."""
    person = Person.objects.filter(canonical_email=_whole(email)).first()
    if person is None:
        return rows.none()
    own = (Q(**{name: person.pk}) for name in names if "__" not in name)
    far = (reached(rows.model, name, person.pk) for name in names if "__" in name)
    return rows.filter(reduce(or_, [*own, *far]))


def _whole(email: str) -> str:
    """The canonical address, or what nobody has."""
    try:
        return canonical(email)
    except ValueError:
        return ""


def by_words(rows: QuerySet[Any], column: str, words: str) -> QuerySet[Any]:
    """Rows whose searchable text, or that of what they refer to, has the words."""
    query = SearchQuery(words, config="english", search_type="websearch")
    return rows.filter(reached(rows.model, column, query))


def by_reason(rows: QuerySet[Any], words: str) -> QuerySet[Any]:
    """Entries of the audit whose reason has the words."""
    query = SearchQuery(words, config="english", search_type="websearch")
    return _few(rows, rows.model._default_manager.alias(said=REASON).filter(said=query))


def people(rows: QuerySet[Any], asked: str) -> QuerySet[Any]:
    """People by number, by the beginning of an address, or by the words of their name."""
    if not asked:
        return rows
    if asked.isascii() and asked.isdigit():
        return rows.filter(pk=int(asked)) if int(asked) < 2**63 else rows.none()
    begins = Q(email__startswith=asked) | Q(canonical_email__startswith=asked.lower())
    words = re.findall(r"\w+", asked)
    if not words or "@" in asked:
        return rows.filter(begins | Q(canonical_email=_whole(asked)))
    begun = " & ".join(f"{word}:*" for word in words)
    query = SearchQuery(begun, config="simple", search_type="raw")
    return _few(rows, Person.objects.alias(named=NAME).filter(begins | Q(named=query)))


def _few(rows: QuerySet[Any], found: QuerySet[Any]) -> QuerySet[Any]:
    """The rows that are among those found."""
    keys = _keys(found)
    return rows.filter(pk__in=found.values("pk") if keys is None else keys)


def _keys(found: QuerySet[Any]) -> list[Any] | None:
    """Their keys where they are few, through the index of what is asked for; else None.

    Left to itself, the database may walk a list of a million in hope of a word that nobody wrote.
    """
    sql, params = found.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH found AS MATERIALIZED ({sql}) SELECT * FROM found LIMIT {FEW + 1}",  # noqa: S608
            params,
        )
        keys = [key for (key,) in cursor.fetchall()]
    return keys if len(keys) <= FEW else None


def reached(model: type[models.Model], path: str, value: object) -> Q:
    """That the column at the end of a path has a value; what is rare is looked up first."""
    way, _, column = path.rpartition("__")
    far: Any = model
    for step in way.split("__") if way else ():
        far = far._meta.get_field(step).related_model
    keys = _keys(far._default_manager.filter(**{column: value}))
    if keys is None:
        return Q(**{path: value})
    return Q(**{f"{way}__in" if way else "pk__in": keys})


def values_of(model: type[models.Model], column: str) -> list[Any]:
    """The different values of a column, one step of its index for each."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH RECURSIVE found (one) AS (
            (SELECT {column} FROM {table} WHERE {column} IS NOT NULL ORDER BY 1 LIMIT 1)
            UNION ALL SELECT (SELECT {column} FROM {table} WHERE {column} > found.one
                ORDER BY 1 LIMIT 1) FROM found WHERE found.one IS NOT NULL)
            SELECT one FROM found WHERE one IS NOT NULL"""  # noqa: S608 (our own names)
        )
        return [one for (one,) in cursor.fetchall()]
