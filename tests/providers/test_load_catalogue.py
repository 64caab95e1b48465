"""Loading: all or nothing, safe to repeat, and never over a moderator's decision."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import DjangoAssertNumQueries

from accounts.models import Person
from providers import catalogue as catalogue_module
from providers.catalogue import LoadReport, catalogue_entries, load_catalogue
from providers.catalogue_entry import read_entry
from providers.models import Program, Provider, UnitPrice
from providers.policy import change_policy


def test_loads_everything_and_repeats_without_a_change(catalogue: LoadReport) -> None:
    before = list(Program.objects.values_list("pk", "provider_id", "slug").order_by("pk"))
    again = load_catalogue()
    assert again == catalogue
    assert catalogue.retired == 0
    assert Provider.objects.count() == catalogue.providers == 68
    assert UnitPrice.objects.count() == catalogue.unit_prices
    assert list(Program.objects.values_list("pk", "provider_id", "slug").order_by("pk")) == before


def test_takes_few_queries(
    catalogue: LoadReport, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(14):
        load_catalogue()


def test_a_provider_that_left_the_files_is_retired_not_deleted(catalogue: LoadReport) -> None:
    remaining = [entry for entry in catalogue_entries() if entry.slug != "vast"]
    report = load_catalogue(entries=remaining)
    assert report.retired == 3  # Vast.ai and its two programmes
    assert Provider.objects.get(pk="vast").retired
    assert not Provider.objects.current().filter(pk="vast").exists()
    load_catalogue()
    assert Provider.objects.current().filter(pk="vast").exists()
    assert not Program.objects.filter(retired=True).exists()


def test_a_price_that_left_the_files_is_gone(db: None, acme: Path) -> None:
    load_catalogue(entries=[read_entry(acme)])
    assert UnitPrice.objects.count() == 1
    acme.write_text(acme.read_text().split("[[unit_prices]]")[0])
    load_catalogue(entries=[read_entry(acme)])
    assert UnitPrice.objects.count() == 0


def test_facts_change_with_the_file(db: None, acme: Path) -> None:
    load_catalogue(entries=[read_entry(acme)])
    acme.write_text(acme.read_text().replace("Models by API.", "Models, cheaply."))
    load_catalogue(entries=[read_entry(acme)])
    assert Provider.objects.get(pk="acme").summary == "Models, cheaply."


def test_a_moderators_policy_survives_a_load(catalogue: LoadReport) -> None:
    moderator = Person.objects.create(email="moderator@example.com", is_staff=True)
    change_policy(
        provider=Provider.objects.get(pk="cohere"),
        policy="allowed",
        clause="Cohere wrote to us that gifts may be sold.",
        source="https://cohere.com/terms",
        actor=moderator,
        reason="Letter of the provider.",
    )
    load_catalogue()
    cohere = Provider.objects.get(pk="cohere")
    assert cohere.resale_policy == "allowed"
    assert cohere.policy_clause == "Cohere wrote to us that gifts may be sold."
    assert cohere.policy_overridden
    assert Provider.objects.get(pk="openai").resale_policy == "forbidden"


def test_the_command_says_what_it_loaded(db: None) -> None:
    out = StringIO()
    call_command("load_catalogue", stdout=out)
    assert out.getvalue().startswith("68 providers, ")


def test_the_command_changes_nothing_when_a_file_is_wrong(
    db: None, acme: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (acme.parent / "zeta.toml").write_text("name = 1\n")
    monkeypatch.setattr(
        catalogue_module,
        "catalogue_entries",
        lambda: tuple(read_entry(path) for path in sorted(acme.parent.glob("*.toml"))),
    )
    with pytest.raises(CommandError, match=r"zeta\.toml: name: must be str, not int"):
        call_command("load_catalogue")
    assert Provider.objects.count() == 0
