"""What the words of a search mean, and how the database is to look for them."""

import re
from collections.abc import Callable, Set
from functools import lru_cache, partial
from typing import NamedTuple, cast

from django.contrib.postgres.search import SearchQuery
from django.db import connection
from django.db.models import BooleanField, F, Func, Q

from accounts.kept import Kept
from listings.models import Listing
from providers.known import current_names

SHORTEST_START = 3
COMMON_SHARE = 0.01
FUNCTIONS = {"websearch": "websearch_to_tsquery", "raw": "to_tsquery"}
KEPT_SECONDS, MOST_KEPT = 30, 1000
# The stem of a word never changes; which are common, not from one minute to the next.
STEMS_SECONDS, MOST_STEMS, LEXEMES_SECONDS = 86_400, 10_000, 300
_conditions: Kept["Matching"] = Kept(seconds=KEPT_SECONDS, most=MOST_KEPT)
_stems: Kept[frozenset[str]] = Kept(seconds=STEMS_SECONDS, most=MOST_STEMS)
_providers: Kept[frozenset[str]] = Kept(seconds=KEPT_SECONDS, most=MOST_KEPT)
_lexemes: Kept[frozenset[str]] = Kept(seconds=LEXEMES_SECONDS, most=1)


class Matching(NamedTuple):
    """What holds for offers that a text finds, said in the two ways of looking for them.

    `lexemes`: those that an offer must have, where all of its words are common and nothing else
    is asked. `rare`: some word is so rare that the index of words is quick.
    """

    by_index: Q
    by_walking: Q
    lexemes: frozenset[str]
    rare: bool


class _Has(Func):
    """What `@@` does, called by its name: so no index can answer it."""

    function = "ts_match_vq"
    output_field = BooleanField()


def matching(text: str) -> Matching:
    """What holds for offers that a text finds."""
    return _conditions.get(text, lambda: _matching(text))


def _matching(text: str) -> Matching:
    """Offers with these words, or of a provider named by some of them and with the others."""
    words, named, known = text.split(), _named(text), common_lexemes()
    stems = _stemmed(words)
    common = {word for word in words if stems[word] <= known}

    def condition(having: Callable[[SearchQuery], Q]) -> Q:
        found = having(_query(text, common))
        for rest, slugs in named.items():
            of = Q(provider_id__in=slugs)
            found |= of & having(_query(rest, common)) if rest else of
        return found

    plain = _is_plain(words) and not named
    asked = frozenset[str]().union(*stems.values())
    return Matching(
        condition(lambda query: Q(search=query)),
        condition(lambda query: Q(_Has(F("search"), query))),
        lexemes=asked if plain and asked <= known else frozenset(),
        rare=plain and any(_is_rare(stem, known) for stem in asked),
    )


def _is_rare(stem: str, known: Set[str]) -> bool:
    """Whether it is neither common nor the beginning of what is."""
    return not any(one.startswith(stem) for one in known)


def _named(text: str) -> dict[str, list[str]]:
    """The providers that some of the words name, by what the other words are."""
    words, found = text.split(), dict[str, list[str]]()
    naming = {word: _providers.get(word, partial(_named_by, word)) for word in words}
    for slug in sorted(frozenset().union(*naming.values())):
        rest = " ".join(word for word in words if slug not in naming[word])
        found.setdefault(rest, []).append(slug)
    return found


def _named_by(word: str) -> frozenset[str]:
    """The providers of whose names this is one, or the beginning of one."""
    begun = _split(word)
    return frozenset(
        slug
        for slug, name in current_names().items()
        if begun and _begins(begun, _split(f"{name} {slug}"))
    )


def common_lexemes() -> frozenset[str]:
    """Those that one offer in a hundred has, as the planner's statistics know."""
    return _lexemes.get((), _read_lexemes)


def _read_lexemes() -> frozenset[str]:
    # There are more frequencies than words: the least and the greatest come after them.
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT lexeme FROM pg_stats,
                unnest(most_common_elems::text::text[], most_common_elem_freqs)
                    AS common (lexeme, share)
            WHERE schemaname = current_schema AND tablename = %s AND attname = 'search'
                AND lexeme IS NOT NULL AND share >= %s
            """,
            [Listing._meta.db_table, COMMON_SHARE],
        )
        return frozenset(lexeme for (lexeme,) in cursor.fetchall())


def _stemmed(words: list[str]) -> dict[str, frozenset[str]]:
    """The lexemes of each word; none for a word that no search looks for, such as "the"."""
    found = {word: _stems.known(word.lower()) for word in words}
    unknown = sorted({word.lower() for word, stem in found.items() if stem is None})
    if unknown:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT word, tsvector_to_array(to_tsvector('english', word))"
                " FROM unnest(%s::text[]) AS word",
                [unknown],
            )
            read = {word: frozenset(stem) for word, stem in cursor.fetchall()}
        for word in read:
            _stems.get(word, partial(read.__getitem__, word))
        found |= {word: read[word.lower()] for word in words if word.lower() in read}
    return cast(dict[str, frozenset[str]], found)


def _query(text: str, common: Set[str] = frozenset()) -> SearchQuery:
    search_type, query = _parsed(text, common)
    return SearchQuery(query, config="english", search_type=search_type)


def as_tsquery(text: str) -> tuple[str, list[str]]:
    """What `_query` asks, as SQL with its parameters."""
    search_type, query = _parsed(text)
    return f"{FUNCTIONS[search_type]}('english', %s)", [query]


def _parsed(text: str, common: Set[str] = frozenset()) -> tuple[str, str]:
    """The way in which PostgreSQL is to read a text, and the text. Any text can be read."""
    words = text.split()
    if not _is_plain(words):
        return "websearch", text
    # Plain words are beginnings too, so that "gpu" finds "GPUs"; but a common word is what was
    # meant, and to collect all that begin with it takes ten times as long.
    beginnings = (
        word if len(word) < SHORTEST_START or word in common else f"{word}:*" for word in words
    )
    return "raw", " & ".join(beginnings)


def _is_plain(words: list[str]) -> bool:
    """Whether they are words and no operators."""
    return all(map(str.isalnum, words)) and "or" not in map(str.lower, words)


def _begins(word: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    return all(any(part.startswith(w) for part in parts) for w in word)


@lru_cache(1000)
def _split(text: str) -> tuple[str, ...]:
    return tuple(filter(None, re.split(r"\W+", text.casefold())))
