"""What one catalogue file says, checked, and the rows it stands for."""

import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from providers.catalogue_reader import Reader, read_reader
from providers.catalogue_section import SLUG, CatalogueError, Section
from providers.models import Program, Provider, UnitPrice
from providers.vocabulary import (
    PAPER_RUNGS,
    Category,
    Confidence,
    ResalePolicy,
    Rung,
    TransferMethod,
)

API_RUNGS = {Rung.API_BALANCE, Rung.API_GRANT_ROW}
SHORTEST_HOURS, LONGEST_HOURS = 12, 14 * 24
WEAKER_RUNGS = [*PAPER_RUNGS, Rung.BUYER_CONFIRMATION]


@dataclass(frozen=True)
class CatalogueEntry:
    """One provider as its file describes it: plain values, ready to become rows."""

    slug: str
    provider: dict[str, Any]
    programs: list[dict[str, Any]]
    unit_prices: list[dict[str, Any]]
    reader: Reader | None = None
    clocks: dict[str, int] = field(default_factory=dict)
    # The edition that these facts are of, None where they are the file's.
    edition_id: int | None = None

    def build_provider(self) -> Provider:
        """A new, unsaved row."""
        return Provider(slug=self.slug, edition_id=self.edition_id, **self.provider)

    def build_programs(self) -> list[Program]:
        """New, unsaved rows in the order of the file."""
        return [
            Program(provider_id=self.slug, position=position, **values)
            for position, values in enumerate(self.programs)
        ]

    def build_unit_prices(self) -> list[UnitPrice]:
        """New, unsaved rows in the order of the file."""
        return [
            UnitPrice(provider_id=self.slug, position=position, **values)
            for position, values in enumerate(self.unit_prices)
        ]


def read_entry(path: Path) -> CatalogueEntry:
    """The file's provider. Raises CatalogueError naming the file and the field."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueError(file=path.name, field="(whole file)", problem=str(error)) from None
    if not SLUG.match(path.stem):
        raise CatalogueError(
            file=path.name, field="(name of the file)", problem="is not a slug with .toml"
        )
    return read_table(table, slug=path.stem, file_name=path.name)


def read_table(table: dict[str, Any], *, slug: str, file_name: str) -> CatalogueEntry:
    """The provider that a table describes; its parts are taken out of it. Raises CatalogueError."""
    file = Section(table, file=file_name)
    # Taken out first, so that what is left of the table is what the pages show.
    how = file.table["balance_api"].pop("reader", None) if _has_api(file) else None
    clocks = _read_clocks(file.section("clocks")) if "clocks" in file.table else {}
    provider = _read_provider(file)
    entry = CatalogueEntry(
        slug=slug,
        provider=provider,
        programs=_read_programs(file),
        unit_prices=_read_unit_prices(file),
        reader=_read_reader(how, file=file, slug=slug, provider=provider),
        clocks=clocks,
    )
    file.end()
    return entry


def _read_provider(file: Section) -> dict[str, Any]:
    balance_api = _read_balance_api(file.section("balance_api")) if _has_api(file) else None
    values: dict[str, Any] = {
        "name": file.text("name", longest=80),
        "homepage": file.url("homepage", longest=200),
        "category": file.choice("category", Category.values),
        "summary": file.text("summary", longest=240),
        "confidence": file.choice("confidence", Confidence.values),
        "checked_on": file.day("checked_on"),
        "credit_expiry": file.text("credit_expiry", longest=600, blank=True),
        "sources": file.urls("sources"),
        **_read_resale(file.section("resale")),
        **_read_transfer(file.section("transfer"), balance_api=balance_api),
        "balance_api": balance_api,
        "token_patterns": [_read_token_pattern(part) for part in file.sections("token_patterns")],
    }
    by_consent = TransferMethod.ASSISTED in values["transfer_methods"]
    if values["resale_policy"] != ResalePolicy.ALLOWED and not by_consent:
        raise file.wrong("transfer.methods", "must name assisted, the way of a written consent")
    return values


def _read_reader(how: Any, *, file: Section, slug: str, provider: dict[str, Any]) -> Reader | None:
    """How to read the official balance call; one that is not official is never made."""
    api = provider["balance_api"]
    official = bool(api and api["official"])
    if official != (how is not None):
        raise file.wrong("balance_api.reader", "must be there for an official call, and only then")
    if how is None or api is None:
        return None
    part = Section({"reader": how}, file=file.file, path="balance_api.").section("reader")
    return read_reader(part, slug=slug, name=provider["name"], api=api)


def _read_clocks(part: Section) -> dict[str, int]:
    """Hours to deliver and to inspect; no shorter than anybody may sleep."""
    values: dict[str, int] = {
        name: part.take(name, int) for name in ("deliver_hours", "inspect_hours")
    }
    for name, hours in values.items():
        if not SHORTEST_HOURS <= hours <= LONGEST_HOURS:
            raise part.wrong(name, f"must be from {SHORTEST_HOURS} to {LONGEST_HOURS} hours")
    part.end()
    return values


def _has_api(file: Section) -> bool:
    return isinstance(file.table.get("balance_api"), dict)


def _read_resale(part: Section) -> dict[str, Any]:
    policy = part.choice("policy", ResalePolicy.values)
    source = part.url("source", blank=True)
    if not source and policy != ResalePolicy.UNKNOWN:
        raise part.wrong("source", f"is missing, and the policy is {policy!r}")
    values = {
        "resale_policy": policy,
        "policy_clause": part.text("clause", longest=800),
        "policy_source": source,
        "policy_checked_on": part.day("checked_on"),
    }
    part.end()
    return values


def _read_transfer(part: Section, *, balance_api: dict[str, Any] | None) -> dict[str, Any]:
    ladder = part.choices("ladder", Rung.values)
    paper = [rung for rung in ladder if rung not in API_RUNGS]
    if ladder[: len(ladder) - len(paper)] != [rung for rung in ladder if rung in API_RUNGS]:
        raise part.wrong("ladder", "has a weaker rung before a reading from the provider")
    if paper != [rung for rung in WEAKER_RUNGS if rung in paper]:
        raise part.wrong("ladder", "is not in order, strongest first")
    if ladder[-1] != Rung.BUYER_CONFIRMATION:
        raise part.wrong("ladder", f"must end with {Rung.BUYER_CONFIRMATION.value}")
    if len(paper) < len(ladder) and not (balance_api and balance_api["official"]):
        raise part.wrong("ladder", "reads from the provider, and there is no official balance_api")
    values = {
        "transfer_methods": part.choices("methods", TransferMethod.values),
        "transfer_notes": part.text("notes", longest=900),
        "ladder": ladder,
    }
    part.end()
    return values


def _read_balance_api(part: Section) -> dict[str, Any]:
    values: dict[str, Any] = {
        "official": part.flag("official"),
        "confirmed": part.flag("confirmed"),
        "method": part.choice("method", ["GET", "POST"]),
        "url": part.url("url"),
        "auth": part.text("auth", longest=300),
        "key_scope": part.text("key_scope", longest=300),
        "remaining": part.text("remaining", longest=200),
        "unit": part.text("unit", longest=60),
        "docs": part.url("docs", blank=True),
        "example": part.text("example", longest=2000),
    }
    try:
        json.loads(values["example"])
    except json.JSONDecodeError as error:
        raise part.wrong("example", f"is not JSON: {error}") from None
    part.end()
    return values


def _read_token_pattern(part: Section) -> dict[str, Any]:
    values: dict[str, Any] = {"pattern": part.pattern("pattern"), "near": []}
    for word in part.take("near", list, default=[]):
        if not isinstance(word, str) or len(word) < 3:
            raise part.wrong("near", f"{word!r} is not a word of three characters or more")
        values["near"].append(word.lower())
    part.end()
    return values


def _read_programs(file: Section) -> list[dict[str, Any]]:
    programs: list[dict[str, Any]] = []
    for part in file.sections("programs"):
        values = {
            "slug": part.slug("slug", longest=80),
            "name": part.text("name", longest=120),
            "amount": part.text("amount", longest=240),
            "who": part.text("who", longest=240, blank=True),
            "expiry": part.text("expiry", longest=240, blank=True),
        }
        if values["slug"] in [program["slug"] for program in programs]:
            raise part.wrong("slug", f"{values['slug']!r} is used twice")
        part.end()
        programs.append(values)
    return programs


def _read_unit_prices(file: Section) -> list[dict[str, Any]]:
    prices: list[dict[str, Any]] = []
    for part in file.sections("unit_prices"):
        unit = part.text("unit", longest=80)
        if unit.startswith("0"):
            raise part.wrong("unit", "counts none")
        values = {
            "what": part.text("what", longest=120),
            "unit": unit,
            "price_usd": part.price("price_usd"),
        }
        if (values["what"], values["unit"]) in [(p["what"], p["unit"]) for p in prices]:
            raise part.wrong("what", f"{values['what']!r} has two prices for one unit")
        part.end()
        prices.append(values)
    return prices
