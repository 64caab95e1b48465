"""Reads the catalogue files, refuses what is wrong in them, and brings the tables up to date.

One file describes one provider; its name is the slug. A mistake is reported with the file and
the field, and then nothing at all is loaded.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.db import models, transaction

from providers.catalogue_entry import CatalogueEntry, read_entry
from providers.models import POLICY_FIELDS, Program, Provider, UnitPrice

CATALOGUE_DIR = Path(__file__).parent / "catalogue"

KEPT_FIELDS = ("slug", "policy_overridden")


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


def load_catalogue(*, entries: Iterable[CatalogueEntry] | None = None) -> LoadReport:
    """Make the tables say what the files say, and answer with the counts.

    Safe to repeat. A policy that a moderator decided stays, and a provider or programme that is
    no longer in the files is marked as retired, because listings may point at it.
    """
    entries = catalogue_entries() if entries is None else tuple(entries)
    providers = [entry.build_provider() for entry in entries]
    programs = [program for entry in entries for program in entry.build_programs()]
    prices = [price for entry in entries for price in entry.build_unit_prices()]
    with transaction.atomic():
        _keep_decided_policies(providers)
        _upsert(providers, unique=["slug"], kept=KEPT_FIELDS)
        _upsert(programs, unique=["provider", "slug"])
        _upsert(prices, unique=["provider", "what", "unit"])
        retired = _retire_missing(providers, programs)
        _drop_missing_prices(prices)
    return LoadReport(len(providers), len(programs), len(prices), retired)


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
