"""What changed between two texts, line by line, as people read it."""

from difflib import SequenceMatcher
from typing import NamedTuple

SAME, GONE, NEW, LEFT_OUT = "same", "gone", "new", "left-out"
AROUND = 2


class Line(NamedTuple):
    """A line of either text, or how many that are the same were left out."""

    kind: str
    text: str


def difference(before: str, after: str) -> list[Line]:
    """The lines that went and came, each with a few around it; empty where nothing changed."""
    if before == after:
        return []
    old, new = before.splitlines(), after.splitlines()
    found: list[Line] = []
    for group in SequenceMatcher(None, old, new).get_grouped_opcodes(AROUND):
        if found or group[0][1]:
            found.append(Line(LEFT_OUT, "…"))
        for what, old_from, old_to, new_from, new_to in group:
            if what == "equal":
                found += [Line(SAME, text) for text in old[old_from:old_to]]
                continue
            found += [Line(GONE, text) for text in old[old_from:old_to]]
            found += [Line(NEW, text) for text in new[new_from:new_to]]
    return found
