"""The tile that stands for a provider in place of a logo."""

import re
from zlib import crc32


def initials_of(name: str) -> str:
    """One or two characters: the first letters of two words, or of the parts of one."""
    words = re.findall(r"[A-Za-z0-9]+", name.split("(")[0].split("/")[0])
    if len(words) > 1:
        return (words[0][0] + words[1][0]).upper()
    word = words[0] if words else "?"
    inner_capital = re.search(r"[A-Z0-9]", word[1:])
    return (word[0] + (inner_capital.group() if inner_capital else word[1:2])).upper()


def hue_of(slug: str) -> int:
    """A hue from 0 to 359, steady across processes and versions of Python."""
    return crc32(slug.encode()) % 360
