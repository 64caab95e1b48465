"""Who may call which address: docs/access.toml, as a table for people and for the walk; and which
role does what in the console, from accounts/roles.toml.

`python -m tests.access` writes docs/access.md from it.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from django.urls import URLPattern, URLResolver, get_resolver

from accounts import roles as console_roles
from marketplace.local.environment import ROOT

SOURCE, TABLE = ROOT / "docs" / "access.toml", ROOT / "docs" / "access.md"
ROLES = (
    "anonymous",
    "half-signed-in",
    "factor-owed",
    "buyer",
    "stranger",
    "seller",
    "moderator",
    "suspended",
)
OUTCOMES = {
    "open": "yes",
    "sign-in": "sign in",
    "absent": "404",
    "denied": "403",
}


@dataclass(frozen=True)
class Entry:
    """One address and method: what each role is answered there."""

    route: str
    method: str
    rule: str
    outcomes: dict[str, str]
    path: str

    def covers(self, route: str) -> bool:
        return self.route == route or ("*" in self.route and fnmatchcase(route, self.route))


def entries(source: Path = SOURCE) -> list[Entry]:
    """The table's rows, in the order of the file. Raises ValueError for a rule that is not one."""
    data = tomllib.loads(source.read_text())
    rules = {name: _outcomes(name, words) for name, words in data["rules"].items()}
    return [
        Entry(route, method, rule, rules[rule], given.get("path", ""))
        for route, given in data["addresses"].items()
        for method, rule in given.items()
        if method != "path"
    ]


def _outcomes(rule: str, words: str) -> dict[str, str]:
    outcomes = dict(zip(ROLES, words.split(), strict=True))
    if unknown := set(outcomes.values()) - set(OUTCOMES):
        raise ValueError(f"{rule}: {unknown}")
    return outcomes


def routes() -> Iterator[str]:
    """Every route of the site, as the resolver has it."""
    waiting: list[tuple[str, URLPattern | URLResolver]] = [
        ("", pattern) for pattern in get_resolver().url_patterns
    ]
    for before, pattern in waiting:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            waiting += [(route, inner) for inner in pattern.url_patterns]
        else:
            yield route


def missing() -> list[str]:
    """Routes of the site that the table says nothing about."""
    known = entries()
    return [route for route in routes() if not any(entry.covers(route) for entry in known)]


def left_over() -> list[str]:
    """Rows of the table whose address no longer exists."""
    # The developers' pages are there only where DEBUG is on.
    there = [*routes(), *(e.route for e in entries() if e.route.startswith("dev/"))]
    return sorted({e.route for e in entries() if not any(e.covers(route) for route in there)})


def table() -> str:
    """docs/access.md."""
    head = ("address", "method", *ROLES)
    lines = [
        "# Who may call what",
        "",
        "Made from [access.toml](access.toml) by `python -m tests.access`, and walked by",
        "`tests/attacks/test_access.py`: every address of the site, every role, every method. What",
        "is not listed is refused: another method with 405 or as the row says, an address that is",
        "not here fails the tests.",
        "",
        "*Half-signed-in* gave the right password and has never confirmed the address;",
        "*factor-owed* is a moderator who gave it and still owes the second factor. *Buyer* and",
        "*seller* are the two parties of the trade, the offer or the notice that an address names;",
        "*stranger* is anybody else who is signed in. *Suspended* people keep neither sessions nor",
        "tokens. “Sign in” is a way to the sign-in page, and 401 from the API.",
        "",
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
    ]
    for entry in entries():
        cells = [OUTCOMES[entry.outcomes[role]] for role in ROLES]
        address = "/" + re.sub(r"[|]", "\\|", entry.route)
        lines.append("| " + " | ".join([f"`{address}`", entry.method, *cells]) + " |")
    return "\n".join([*lines, *_roles()]) + "\n"


def _roles() -> Iterator[str]:
    """The console's roles, pages and acts."""
    known = console_roles.table()
    yield from (
        "",
        "## Roles in the console",
        "",
        "Made from `accounts/roles.toml`, where every page and act of the console is looked up;",
        "what is not named there is refused to everybody. `tests/console/test_authority.py` walks",
        "every role over every page and act, forged inline posts among them. Nobody acts on a case",
        "that they, or anybody who is known to be them, are a party to.",
        "",
        *(f"- **{role}**: {words}" for role, words in known.roles.items()),
        "",
    )
    yield from _matrix("page", {page: (may, "") for page, may in known.see.items()})
    yield ""
    yield from _matrix("act", {name: (rule.may, rule.words) for name, rule in known.acts.items()})


def _matrix(what: str, rows: dict[str, tuple[frozenset[str], str]]) -> Iterator[str]:
    named = console_roles.table().roles
    yield "| " + " | ".join((what, *named, "besides")) + " |"
    yield "|" + "---|" * (len(named) + 2)
    for name, (may, words) in rows.items():
        cells = ["yes" if role in may else "" for role in named]
        yield "| " + " | ".join([f"`{name}`", *cells, words]) + " |"


if __name__ == "__main__":
    TABLE.write_text(table())
