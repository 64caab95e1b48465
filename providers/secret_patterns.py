"""Finds keys and other secrets in text that somebody is about to store or send.

A key is never a way to hand over credit, so text with one is refused before it is stored. Keys
with a beginning of their own are found anywhere; keys that look like any other run of letters
only close to the name of their provider, or half the world's identifiers would be refused.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

from providers.catalogue import catalogue_entries

SHARED_SECRETS = Path(__file__).parent / "secrets.toml"
NEAR_CHARACTERS = 80
MASK_SHOWS = 4
MOST_MATCHES = 20


@dataclass(frozen=True)
class SecretMatch:
    """One secret in a text: whose it is ("" where several share the form), and what to show."""

    provider: str
    kind: str
    masked: str


@dataclass(frozen=True)
class SecretPattern:
    """A compiled form of secret; `near` must stand close by where it is set."""

    provider: str
    kind: str
    form: re.Pattern[str]
    near: re.Pattern[str] | None


def find_secrets(text: str) -> list[SecretMatch]:
    """The secrets in the text, each once, in the order of the text; at most twenty of them.

    Takes time in proportion to the text: every form has an upper bound on its length.
    """
    text = _plain(text)
    found: dict[tuple[int, int], SecretMatch] = {}
    for pattern in secret_patterns():
        for match in islice(_matches(pattern, text), MOST_MATCHES):
            start, end = match.span()
            if not any(start < until and since < end for since, until in found):
                found[start, end] = SecretMatch(
                    pattern.provider, pattern.kind, _mask(match.group())
                )
    return [found[span] for span in sorted(found)][:MOST_MATCHES]


@cache
def secret_patterns() -> tuple[SecretPattern, ...]:
    """All forms, the most telling first: own beginnings, then shared ones, then nearby names."""
    own: list[SecretPattern] = []
    nearby: list[SecretPattern] = []
    for entry in catalogue_entries():
        kind = f"{entry.provider['name']} key"
        for token in entry.provider["token_patterns"]:
            form = re.compile(token["pattern"])
            near = _any_of(token["near"]) if token["near"] else None
            (nearby if near else own).append(SecretPattern(entry.slug, kind, form, near))
    with SHARED_SECRETS.open("rb") as file:
        shared = [
            SecretPattern("", secret["kind"], re.compile(secret["pattern"]), None)
            for secret in tomllib.load(file)["secrets"]
        ]
    return (*own, *nearby, *shared)


def _matches(pattern: SecretPattern, text: str) -> Iterator[re.Match[str]]:
    if pattern.near is None:
        yield from pattern.form.finditer(text)
        return
    # Without the name anywhere there is nothing to look for, which is the usual case.
    if pattern.near.search(text) is None:
        return
    for match in pattern.form.finditer(text):
        before = text[max(0, match.start() - NEAR_CHARACTERS) : match.start()]
        after = text[match.end() : match.end() + NEAR_CHARACTERS]
        if pattern.near.search(before) or pattern.near.search(after):
            yield match


def _any_of(words: list[str]) -> re.Pattern[str]:
    """The words in any case; a space in one stands for a space, a hyphen, a dot, or nothing."""
    forms = (re.escape(word).replace(r"\ ", "[ _.-]?") for word in words)
    return re.compile("|".join(forms), re.IGNORECASE)


def _plain(text: str) -> str:
    """The text without invisible characters and look-alike forms that would hide a key."""
    text = unicodedata.normalize("NFKC", text)
    return "".join(character for character in text if unicodedata.category(character) != "Cf")


def _mask(secret: str) -> str:
    """Enough to recognise one's own key by, too little to use it."""
    return f"{secret[:MASK_SHOWS]}… ({len(secret)} characters)"
