"""The table of roles, `roles.toml`: which role sees which page of the console and does what."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ALWAYS, ABOVE = "always", "above"
SOURCE = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True)
class Rule:
    """What the table says of one act."""

    may: frozenset[str]
    # Who may agree as the second person, and when one is needed: always, or above an amount.
    second: frozenset[str] = frozenset()
    two: str = ""
    # Counts towards what one person may decide about money in an hour.
    counted: bool = False

    def needs_two(self, cents: int | None, *, above_cents: int) -> bool:
        """Whether a second person must agree, where so much is at stake."""
        if self.two == ABOVE:
            assert cents is not None, "an act with an amount says what it is"
            return cents > above_cents
        return self.two == ALWAYS

    @property
    def words(self) -> str:
        """What is asked for besides the role."""
        when = {ALWAYS: "always", ABOVE: "above an amount"}.get(self.two, "")
        who = " or ".join(sorted(self.second))
        two = f"{when} a second person: {who}" if when else ""
        return "; ".join(filter(None, [two, "counted by the hour" if self.counted else ""]))


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
    rule = Rule(
        may=_named(given["may"], roles),
        second=_named(given.get("second", ""), roles),
        two=given.get("two", ""),
        counted=given.get("counted", False),
    )
    if rule.two not in ("", ALWAYS, ABOVE) or bool(rule.two) != bool(rule.second):
        raise ValueError(f"{SOURCE.name}: {given} does not say when a second person agrees, or who")
    return rule
