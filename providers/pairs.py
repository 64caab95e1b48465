"""Two providers under one address, whichever of them is named first."""

from itertools import combinations

from providers.known import current

JOINT = "-vs-"
NEIGHBOURS = 5


def pair_of(first: str, second: str) -> str:
    """The two slugs as the address has them, in alphabetical order."""
    return JOINT.join(sorted((first, second)))


def read_pair(text: str) -> tuple[str, str] | None:
    """The two slugs of an address in whatever order; None where it does not name two."""
    first, joint, second = text.partition(JOINT)
    return (first, second) if joint and first and second and first != second else None


def neighbours(slug: str) -> list[tuple[str, str]]:
    """A few providers of the same kind, by slug and name: those that come next by name."""
    facts = current()
    if slug not in facts:
        return []
    alike = [one for one, known in facts.items() if known.category == facts[slug].category]
    at = alike.index(slug)
    following = [*alike[at + 1 :], *alike[:at]]
    return [(one, facts[one].name) for one in following[:NEIGHBOURS]]


def alike() -> list[str]:
    """Every pair of providers of the same kind, as addresses have them."""
    facts = current()
    return [
        pair_of(one, other)
        for one, other in combinations(facts, 2)
        if facts[one].category == facts[other].category
    ]
