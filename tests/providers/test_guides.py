"""Guides: every claim with its source, disagreements shown, mistakes in the file named."""

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from providers.catalogue import LoadReport
from providers.catalogue_section import CatalogueError
from providers.guides import GUIDES_DIR, guides, read_guide
from providers.known import current_names
from providers.models import Provider

REPLICATE = guides()["replicate"]


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize(
    "words",
    [
        "Try for Free",
        "GitHub, Google or e-mail",
        "One account for each person",
        "r8_ followed by 37",
        "1 a second, at most 6 a minute",
        "600 a minute",
        "3,000 a minute",
        "rounded up to the next millisecond, with one second as the least",
        "deleted after about an hour",
        "kept for 24 hours",
        "10 to 60 seconds",
        "$0.04",
        "$0.09",
        "$15.00",
        "about $20 to $100",
        "about $10,000 to $50,000",
        "Fine-tuning needs billing",
        "non-transferable",
        "up to 70 % of its face value",
        "What are the free runs worth?",
    ],
)
def test_replicates_guide_says_it(catalogue: LoadReport, client: Client, words: str) -> None:
    assert words in page(client, "/guides/replicate/")


def test_disagreements_show_every_side_and_our_reading(
    catalogue: LoadReport, client: Client
) -> None:
    text = page(client, "/guides/replicate/")
    assert text.count("Sources disagree:") == text.count("How we read it.") >= 10
    assert "Is there a free tier at all?" in text


@pytest.mark.parametrize("slug", sorted(guides()))
def test_every_source_is_used_and_dated(slug: str) -> None:
    guide = guides()[slug]
    claims = [
        claim
        for part in guide.parts
        for claim in (
            *part.claims,
            *part.steps,
            *(said for one in part.disagreements for said in one.says),
        )
    ]
    claims += [question.answer for question in guide.questions]
    tables = [part.table for part in guide.parts if part.table]
    used = {source for one in (*claims, *tables) for source in one.sources}
    assert used == set(guide.sources)
    assert all(source.url.startswith("https://") for source in guide.sources)
    assert sum(not claim.sources for claim in claims) <= 4


def test_the_guide_takes_one_query_more_than_a_provider(
    catalogue: LoadReport, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    current_names()  # known for half a minute to every page
    with django_assert_num_queries(4):
        client.get("/guides/replicate/")


def test_the_index_lists_every_guide(
    catalogue: LoadReport, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(4):
        client.get("/guides/")
    text = page(client, "/guides/")
    assert text.count('class="card offer"') == 68
    assert "/guides/vast/" in text
    assert text.index("Read closely") > text.index("Many models in one place")


def test_unknown_and_retired_guides_are_not_found(catalogue: LoadReport, client: Client) -> None:
    assert client.get("/guides/nobody/").status_code == 404
    assert client.get("/guides/nobody/card.png").status_code == 404
    Provider.objects.filter(pk="vast").update(retired=True)
    assert client.get("/guides/vast/").status_code == 404


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('sources = ["review"]', 'sources = ["hearsay"]', "sources: 'hearsay' is not the id"),
        ('id = "billing"', 'id = "prepaid"', "sources[2].id: 'prepaid' is used twice"),
        ("checked_on = 2026-11-20\n", "", "checked_on: is missing"),
        ('"600 a minute", ', "", "parts[5].table.rows: must have 3 cells each"),
        ("title = ", "titel = ", "title: is missing"),
        ('id = "tips"', 'id = "tricks"', "id: 'tricks' is not"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, problem: str) -> None:
    text = (GUIDES_DIR / "replicate.toml").read_text()
    assert old in text
    (tmp_path / "replicate.toml").write_text(text.replace(old, new, 1))
    with pytest.raises(CatalogueError) as refused:
        read_guide(tmp_path / "replicate.toml")
    assert problem in str(refused.value)
