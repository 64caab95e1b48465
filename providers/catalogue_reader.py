"""How to read a provider's balance API, as its catalogue file says it, checked.

The table is `[balance_api.reader]`. `kind` says what an arrival looks like:

- `cumulative`: `figure` rises with every arrival and never falls by spending;
- `remaining`: `figure` is what is left, so its rise is the least that arrived;
- `rows`: every arrival is a row of its own; `rows` leads to them, `row_id` tells them apart,
  `row_amount` is what one brought (or, with `row_exact = false`, what is left of it).
"""

from dataclasses import dataclass, field
from decimal import Decimal
from math import ceil
from typing import Any
from urllib.parse import urlsplit

from providers.catalogue_section import Section
from providers.formula import STEP, Formula, FormulaError
from providers.vocabulary import Rung

CUMULATIVE, REMAINING, ROWS = KINDS = ("cumulative", "remaining", "rows")
SIGNING = ("", "aws4", "basic", "ovh")
MOST_PARTS = 4
# A lag beyond this cannot be waited for, so nothing is settled on such a reading.
LONGEST_LAG_SECONDS = 600


@dataclass(frozen=True)
class Reader:
    """One provider's balance API: where to ask, with what, and how to understand the answer."""

    slug: str
    name: str
    method: str
    url: str
    remaining: Formula
    confirmed: bool
    kind: str
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    sign: str = ""
    hosts: frozenset[str] = frozenset()
    key_parts: tuple[str, ...] = ()
    key_steps: tuple[str, ...] = ()
    figure: Formula | None = None
    rows: str = ""
    row_id: tuple[str, ...] = ()
    row_amount: Formula | None = None
    row_where: dict[str, str] = field(default_factory=dict)
    row_exact: bool = True
    rows_total: str = ""
    currency: str = "USD"
    currency_path: str = ""
    cents_per_unit: Decimal | None = None
    accept: dict[str, Any] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    rising: tuple[str, ...] = ()
    account: tuple[str, ...] = ()
    lag_seconds: int = 0

    @property
    def rung(self) -> Rung:
        """The rung of the ladder that this reading stands on."""
        return Rung.API_GRANT_ROW if self.kind == ROWS else Rung.API_BALANCE

    @property
    def is_exact(self) -> bool:
        """Whether what was read is all that arrived, rather than the least that did."""
        return self.kind == CUMULATIVE or (self.kind == ROWS and self.row_exact)

    @property
    def may_refute(self) -> bool:
        """Whether it can show that something did not arrive."""
        return self.is_exact and self.may_verify

    @property
    def may_verify(self) -> bool:
        """Whether a trade is settled on it: form confirmed, unit with a price, figures in time."""
        known = self.confirmed and self.cents_per_unit is not None
        return known and self.lag_seconds <= LONGEST_LAG_SECONDS

    @property
    def lag_intervals(self) -> int:
        """How many reading intervals its figures may lag; an interval is never below a minute
        where real money moves, so a lag within a minute is one.
        """
        if self.lag_seconds > LONGEST_LAG_SECONDS:
            return 1
        return max(1, ceil(self.lag_seconds / 60))


def read_reader(part: Section, *, slug: str, name: str, api: dict[str, Any]) -> Reader:
    """The checked reader of one file. Raises CatalogueError."""
    kind = part.choice("kind", KINDS)
    is_rows = kind == ROWS
    reader = Reader(
        slug=slug,
        name=name,
        method=api["method"],
        url=api["url"],
        remaining=_formula(part, "remaining", api["remaining"]),
        confirmed=api["confirmed"],
        kind=kind,
        headers=part.texts_by_name("headers"),
        body=part.text("body", longest=600, blank=True),
        sign=part.take("sign", str, default=""),
        hosts=frozenset({str(urlsplit(api["url"]).hostname)}),
        key_parts=tuple(part.take("key_parts", list, default=[])),
        key_steps=tuple(part.take("key_steps", list, default=[])),
        figure=None if is_rows else _formula(part, "figure", part.text("figure", longest=200)),
        rows=_path(part, "rows") if is_rows else "",
        row_id=_paths(part, "row_id"),
        row_amount=_formula(part, "row_amount", part.text("row_amount", longest=200))
        if is_rows
        else None,
        row_where=part.texts_by_name("row_where"),
        row_exact=part.take("row_exact", bool, default=True) if is_rows else True,
        rows_total=_path(part, "rows_total", blank=True),
        currency=part.text("currency", longest=3),
        currency_path=_path(part, "currency_path", blank=True),
        cents_per_unit=_worth(part),
        accept=dict(part.take("accept", dict, default={})),
        absent=_paths(part, "absent"),
        same=_paths(part, "same"),
        rising=_paths(part, "rising"),
        account=_paths(part, "account"),
        lag_seconds=part.take("lag_seconds", int, default=0),
    )
    _check(part, reader)
    part.end()
    return reader


def _check(part: Section, reader: Reader) -> None:
    if urlsplit(reader.url).scheme != "https":
        raise part.wrong("url", "must be https, for a key travels with it")
    if reader.sign not in SIGNING:
        raise part.wrong("sign", f"{reader.sign!r} is not one of {', '.join(SIGNING[1:])}")
    if len(reader.key_parts) > MOST_PARTS:
        raise part.wrong("key_parts", f"are more than {MOST_PARTS}")
    if reader.kind == ROWS and not reader.row_id:
        raise part.wrong("row_id", "is missing")
    places = (reader.url, reader.body, *reader.headers.values())
    if not reader.sign and not any("{key}" in text for text in places):
        raise part.wrong("headers", "have no place for the {key}")
    for name in reader.key_parts:
        if not reader.sign and not any(f"{{{name}}}" in text for text in places):
            raise part.wrong("key_parts", f"{name!r} is used nowhere")


def _formula(part: Section, key: str, text: str) -> Formula:
    try:
        return Formula(text)
    except FormulaError as error:
        raise part.wrong(key, str(error)) from None


def _path(part: Section, key: str, *, blank: bool = False) -> str:
    text = part.text(key, longest=200, blank=blank)
    if text and (text[0] != "$" or STEP.sub("", text[1:])):
        raise part.wrong(key, f"{text!r} is not a path")
    return text


def _paths(part: Section, key: str) -> tuple[str, ...]:
    texts = part.take(key, list, default=[])
    for text in texts:
        if not isinstance(text, str) or text[:1] != "$" or STEP.sub("", text[1:]):
            raise part.wrong(key, f"{text!r} is not a path")
    return tuple(texts)


def _worth(part: Section) -> Decimal | None:
    return part.price("cents_per_unit") if "cents_per_unit" in part.table else None
