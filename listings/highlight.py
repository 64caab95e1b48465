"""Showing where the words of a search are."""

import re
from collections.abc import Callable

from django.utils.html import escape

SHORTEST = 2
# Endings that the search folds as well, so that "images" is marked for "image" and the reverse.
ENDINGS = ("ing", "es", "ed", "s")


def highlighting(text: str) -> Callable[[str], str]:
    """A function that makes safe HTML of a title, with the words that `text` asks for marked."""
    stems = {_stem(word) for word in re.findall(r"\w+", text.casefold()) if len(word) >= SHORTEST}
    if not stems:
        return escape
    words = "|".join(map(re.escape, sorted(stems, key=len, reverse=True)))
    pattern = re.compile(rf"\b(?:{words})\w*", re.IGNORECASE)

    def mark(title: str) -> str:
        # What the database keeps has no zeros in it.
        marked = escape(pattern.sub("\0[\\g<0>\0]", title))
        return marked.replace("\0[", "<mark>").replace("\0]", "</mark>")

    return mark


def _stem(word: str) -> str:
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) > SHORTEST:
            return word.removesuffix(ending)
    return word
