"""The table of roles, `roles.toml`: which role sees which page of the console and does what."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True)
class Rule:
    """What the table says of one act."""

    may: frozenset[str]

    @property
    def words(self) -> str:
        """What besides the role is asked for."""
        return ""


@dataclass(frozen=True)
class Table:
    """All of it: what roles are for, who sees what, and who does what."""

    roles: dict[str, str]
    see: dict[str, frozenset[str]]
    acts: dict[str, Rule]


@cache
def table() -> Table:
    """The file, read once. Raises ValueError where it names a role that there is not."""
    data = tomllib.loads(SOURCE.read_text())
    roles = data["roles"]
    return Table(
        roles,
        {page: _named(words, roles) for page, words in data["see"].items()},
        {act: _rule(given, roles) for act, given in data["acts"].items()},
    )


def _named(words: str, roles: dict[str, str]) -> frozenset[str]:
    named = frozenset(words.split())
    if unknown := named - set(roles):
        raise ValueError(f"{SOURCE.name} names roles that there are not: {sorted(unknown)}")
    return named


def _rule(given: dict[str, Any], roles: dict[str, str]) -> Rule:
    return Rule(may=_named(given["may"], roles))
