"""Makes keys that fit a regular expression, so that every form is tried with realistic ones."""

import random
import re
from re import _constants as constants  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

LETTERS = "abcdefghijklmnopqrstuvwxyz"
PLAIN = LETTERS + LETTERS.upper() + "0123456789"
CATEGORIES = {
    constants.CATEGORY_DIGIT: "0123456789",
    constants.CATEGORY_WORD: PLAIN + "_",
    constants.CATEGORY_SPACE: " ",
}


def make_key(pattern: str, *, seed: int) -> str:
    """A text that the pattern matches whole; a function of pattern and seed alone."""
    chance = random.Random(f"{pattern} {seed}")
    for _ in range(100):
        key = _write(parser.parse(pattern), chance)
        if re.fullmatch(pattern, key):
            return key
    raise AssertionError(f"no key fits {pattern}")


def _write(parsed: Any, chance: random.Random) -> str:
    return "".join(_write_one(kind, value, chance) for kind, value in parsed)


def _write_one(kind: Any, value: Any, chance: random.Random) -> str:
    if kind is constants.LITERAL:
        return chr(value)
    if kind is constants.IN:
        return chance.choice(_alphabet(value))
    if kind in (constants.MAX_REPEAT, constants.MIN_REPEAT):
        least, most, inner = value
        times = chance.randint(least, min(most, least + 60))
        return "".join(_write(inner, chance) for _ in range(times))
    if kind is constants.SUBPATTERN:
        return _write(value[-1], chance)
    if kind is constants.BRANCH:
        return _write(chance.choice(value[1]), chance)
    if kind in (constants.AT, constants.ASSERT, constants.ASSERT_NOT):
        return ""
    raise AssertionError(f"the maker of keys does not know {kind}")


def _alphabet(members: Any) -> str:
    letters = ""
    for kind, value in members:
        if kind is constants.LITERAL:
            letters += chr(value)
        elif kind is constants.RANGE:
            letters += "".join(map(chr, range(value[0], value[1] + 1)))
        else:
            letters += CATEGORIES[value]
    return letters
