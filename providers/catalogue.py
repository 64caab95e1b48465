"""Reads the catalogue files, refuses what is wrong in them, and brings the tables up to date.

One file describes one provider; its name is the slug. A mistake is reported with the file and
the field, and then nothing at all is loaded. Editions that people agreed to count over the files.
"""

import logging
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from django.db import models, transaction

from accounts import editions
from accounts.models import Document, Edition
from providers.catalogue_entry import CatalogueEntry, read_entry, read_table
from providers.catalogue_section import CatalogueError
from providers.models import POLICY_FIELDS, Program, Provider, UnitPrice

log = logging.getLogger(__name__)

CATALOGUE_DIR = Path(__file__).parent / "catalogue"

KEPT_FIELDS = ("slug", "policy_overridden")
# What an edition of a provider's facts leaves to the release or to its own page in the console:
# where a lent key is sent, what is run over everybody's words, and by when people must act.
LEFT_TO_FILE = ("resale", "balance_api", "token_patterns", "clocks")


@dataclass(frozen=True)
class LoadReport:
    """What a load left in the tables, and how much of it is no longer in the files."""

    providers: int
    programs: int
    unit_prices: int
    retired: int


@cache
def catalogue_entries(directory: Path = CATALOGUE_DIR) -> tuple[CatalogueEntry, ...]:
    """Every file of the directory, read once for each process. Raises CatalogueError."""
    return tuple(read_entry(path) for path in sorted(directory.glob("*.toml")))


@cache
def file_text(slug: str) -> str:
    """A provider's file as it is written, "" where there is none."""
    path = CATALOGUE_DIR / f"{slug}.toml"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def read_edition(slug: str, text: str) -> CatalogueEntry:
    """The provider as an edition describes it, and as its file does where that alone counts.

    Raises CatalogueError, as for a file.
    """
    table, file = tomllib.loads(text), tomllib.loads(file_text(slug))
    kept = {key: file[key] for key in LEFT_TO_FILE if key in file}
    own = {key: value for key, value in table.items() if key not in LEFT_TO_FILE}
    return read_table({**own, **kept}, slug=slug, file_name=f"{slug}.toml")


def entries_in_force() -> tuple[CatalogueEntry, ...]:
    """What the files say, and the editions that have begun over them; one query."""
    begun = editions.in_force(kind="provider")
    return tuple(
        _as_edited(entry, begun.get(f"provider-{entry.slug}")) for entry in catalogue_entries()
    )


def _as_edited(entry: CatalogueEntry, edition: Edition | None) -> CatalogueEntry:
    if edition is None:
        return entry
    try:
        entry = read_edition(entry.slug, edition.text)
    except CatalogueError:
        # A release changed what an edition may say: its file counts, and the console names both.
        log.warning("%s does not fit this release; its file counts", edition)
    return replace(entry, edition_id=edition.pk)


def load_begun() -> int:
    """Bring the tables up to date where an edition has begun since; how many providers that was."""
    newest = editions.newest_in_force("provider")
    loaded = Provider.objects.current().values_list("slug", "edition_id")
    late = [slug for slug, number in loaded if newest.get(f"provider-{slug}") != number]
    if late:
        load_catalogue()
    return len(late)


def load_catalogue(*, entries: Iterable[CatalogueEntry] | None = None) -> LoadReport:
    """Make the tables say what the files and editions say, and answer with the counts.

    Safe to repeat. A policy that a moderator decided stays, and a provider or programme that is
    no longer in the files is marked as retired, because listings may point at it.
    """
    entries = entries_in_force() if entries is None else tuple(entries)
    with transaction.atomic():
        providers, programs, prices = _write(entries)
        retired = _retire_missing(providers, programs)
        _drop_missing_prices(prices)
        _make_documents(entries)
    return LoadReport(len(providers), len(programs), len(prices), retired)


def try_loading(entry: CatalogueEntry) -> None:
    """Load one entry and undo it: whatever the tables would not take fails here."""
    with transaction.atomic():
        _write([entry])
        transaction.set_rollback(True)


def _write(
    entries: Iterable[CatalogueEntry],
) -> tuple[list[Provider], list[Program], list[UnitPrice]]:
    """Rows of these entries, added or brought up to date."""
    providers = [entry.build_provider() for entry in entries]
    programs = [program for entry in entries for program in entry.build_programs()]
    prices = [price for entry in entries for price in entry.build_unit_prices()]
    _keep_decided_policies(providers)
    _upsert(providers, unique=["slug"], kept=KEPT_FIELDS)
    _upsert(programs, unique=["provider", "slug"])
    _upsert(prices, unique=["provider", "what", "unit"])
    return providers, programs, prices


def _keep_decided_policies(providers: Sequence[Provider]) -> None:
    """Carry a moderator's decision over to the new rows; locks, so that none slips between."""
    decided = {
        row["slug"]: row
        for row in Provider.objects.select_for_update()
        .filter(policy_overridden=True)
        .values("slug", *POLICY_FIELDS)
    }
    for provider in providers:
        for field in POLICY_FIELDS if provider.slug in decided else ():
            setattr(provider, field, decided[provider.slug][field])


def _upsert(rows: Sequence[models.Model], *, unique: list[str], kept: Iterable[str] = ()) -> None:
    if not rows:
        return
    model = type(rows[0])
    changed = [
        field.name
        for field in model._meta.concrete_fields
        if not field.primary_key and field.name not in {*unique, *kept}
    ]
    model._default_manager.bulk_create(
        rows, update_conflicts=True, unique_fields=unique, update_fields=changed
    )


def _retire_missing(providers: Sequence[Provider], programs: Sequence[Program]) -> int:
    """Mark what the files no longer name; answer how many providers and programmes were."""
    slugs = [provider.slug for provider in providers]
    named = {(program.provider_id, program.slug) for program in programs}
    gone = [
        pk
        for pk, provider_id, slug in Program.objects.filter(retired=False).values_list(
            "pk", "provider_id", "slug"
        )
        if (provider_id, slug) not in named
    ]
    retired = Provider.objects.current().exclude(slug__in=slugs).update(retired=True)
    return retired + (Program.objects.filter(pk__in=gone).update(retired=True) if gone else 0)


def _drop_missing_prices(prices: Sequence[UnitPrice]) -> None:
    named = {(price.provider_id, price.what, price.unit) for price in prices}
    gone = [
        pk
        for pk, *key in UnitPrice.objects.values_list("pk", "provider_id", "what", "unit")
        if tuple(key) not in named
    ]
    if gone:
        UnitPrice.objects.filter(pk__in=gone).delete()


def _make_documents(entries: Iterable[CatalogueEntry]) -> None:
    """Facts and guide of each provider can be edited in the console."""
    named = [(kind, entry.slug) for entry in entries for kind in ("guide", "provider")]
    rows = [Document(name=f"{kind}-{slug}", kind=kind) for kind, slug in named]
    Document.objects.bulk_create(rows, ignore_conflicts=True)
