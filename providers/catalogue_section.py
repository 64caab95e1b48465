"""Reads one table of a catalogue file, naming file and field in every refusal."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
MOST_DOLLARS = 10**9
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


class CatalogueError(Exception):
    """A catalogue file says something it may not, or leaves out something it must say."""

    def __init__(self, *, file: str, field: str, problem: str) -> None:
        super().__init__(f"{file}: {field}: {problem}")
        self.file = file
        self.field = field
        self.problem = problem


class Section:
    """One table of a file. Each reading takes its key out; `end` refuses what is left over."""

    def __init__(self, table: Mapping[str, Any], *, file: str, path: str = "") -> None:
        self.table = dict(table)
        self.file = file
        self.path = path

    def wrong(self, key: str, problem: str) -> CatalogueError:
        """The error to raise about a key of this table."""
        return CatalogueError(file=self.file, field=f"{self.path}{key}", problem=problem)

    def take(self, key: str, kind: type, *, default: Any = None) -> Any:
        """The value of a key, which must be of the kind. Without a default it must be there."""
        value = self.table.pop(key, default)
        if value is None:
            raise self.wrong(key, "is missing")
        if type(value) is not kind:
            raise self.wrong(key, f"must be {kind.__name__}, not {type(value).__name__}")
        return value

    def text(self, key: str, *, longest: int, blank: bool = False) -> str:
        """A text without space around it."""
        value: str = self.take(key, str, default="" if blank else None)
        if not value and not blank:
            raise self.wrong(key, "is empty")
        if value != value.strip():
            raise self.wrong(key, "has space around it")
        if CONTROL.search(value):
            raise self.wrong(key, "has a character that cannot be seen")
        if len(value) > longest:
            raise self.wrong(key, f"has {len(value)} characters, {longest} is the most")
        return value

    def slug(self, key: str, *, longest: int) -> str:
        """Lower-case words joined by hyphens."""
        value = self.text(key, longest=longest)
        if not SLUG.match(value):
            raise self.wrong(key, f"{value!r} is not lower-case words joined by hyphens")
        return value

    def url(self, key: str, *, longest: int = 400, blank: bool = False) -> str:
        """An absolute web address."""
        value = self.text(key, longest=longest, blank=blank)
        if value and not is_web_address(value):
            raise self.wrong(key, f"{value!r} is not a web address")
        return value

    def urls(self, key: str) -> list[str]:
        """A list, which may be empty, of different web addresses."""
        values = self.take(key, list, default=[])
        for value in values:
            if not isinstance(value, str) or not is_web_address(value):
                raise self.wrong(key, f"{value!r} is not a web address")
        self._refuse_repeats(key, values)
        return list(values)

    def choice(self, key: str, known: Iterable[str]) -> str:
        """One of the known words."""
        value: str = self.take(key, str)
        self._refuse_unknown(key, [value], known)
        return value

    def choices(self, key: str, known: Iterable[str]) -> list[str]:
        """At least one of the known words, none of them twice."""
        values = self.take(key, list)
        if not values:
            raise self.wrong(key, "is empty")
        self._refuse_unknown(key, values, known)
        self._refuse_repeats(key, values)
        return list(values)

    def day(self, key: str) -> date:
        """A date."""
        value: date = self.take(key, date)
        return value

    def flag(self, key: str) -> bool:
        """True or false."""
        value: bool = self.take(key, bool)
        return value

    def price(self, key: str) -> Decimal:
        """An exact amount of dollars above zero, written as text so that nothing is rounded."""
        written = self.text(key, longest=20)
        try:
            value = Decimal(written)
        except InvalidOperation:
            raise self.wrong(key, f"{written!r} is not a number") from None
        exponent = value.as_tuple().exponent
        if not isinstance(exponent, int) or value <= 0:
            raise self.wrong(key, f"{written!r} is not above zero")
        if exponent < -9:
            raise self.wrong(key, f"{written!r} has more than nine decimal places")
        if value >= MOST_DOLLARS:
            raise self.wrong(key, f"{written!r} is more than anything costs")
        return value

    def pattern(self, key: str) -> str:
        """A regular expression that compiles and never matches nothing."""
        value = self.text(key, longest=300)
        try:
            matches_nothing = re.compile(value).search("") is not None
        except re.error as error:
            raise self.wrong(key, f"is not a regular expression: {error}") from None
        if matches_nothing:
            raise self.wrong(key, "matches the empty text")
        return value

    def texts_by_name(self, key: str) -> dict[str, str]:
        """A table, which may be missing, of texts."""
        table: dict[str, str] = self.take(key, dict, default={})
        for name, value in table.items():
            if not isinstance(value, str):
                raise self.wrong(f"{key}.{name}", "must be a text")
        return dict(table)

    def section(self, key: str) -> "Section":
        """A table inside this one."""
        return Section(self.take(key, dict), file=self.file, path=f"{self.path}{key}.")

    def sections(self, key: str) -> "list[Section]":
        """A list, which may be empty, of tables inside this one."""
        tables = self.take(key, list, default=[])
        for number, table in enumerate(tables, start=1):
            if not isinstance(table, dict):
                raise self.wrong(f"{key}[{number}]", "must be a table")
        return [
            Section(table, file=self.file, path=f"{self.path}{key}[{number}].")
            for number, table in enumerate(tables, start=1)
        ]

    def end(self) -> None:
        """Refuse keys that nobody asked for: most often they are misspelt."""
        for key in self.table:
            raise self.wrong(key, "is not known here")

    def _refuse_unknown(self, key: str, values: Iterable[object], known: Iterable[str]) -> None:
        known = list(known)
        for value in values:
            if value not in known:
                raise self.wrong(key, f"{value!r} is not one of {', '.join(known)}")

    def _refuse_repeats(self, key: str, values: list[str]) -> None:
        for value in values:
            if values.count(value) > 1:
                raise self.wrong(key, f"names {value!r} twice")


def is_web_address(value: str) -> bool:
    """Whether the text is an absolute http or https address without spaces."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    seen = value.isprintable() and " " not in value
    return parts.scheme in {"http", "https"} and "." in parts.netloc and seen
