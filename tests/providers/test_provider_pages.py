"""The pages about providers: found, searched, plain to both sides, in few queries."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from providers.amount import read_amount_cents
from providers.catalogue import LoadReport
from providers.known import current_names
from providers.models import Provider

pytestmark = pytest.mark.django_db


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_index_shows_everybody_by_category(catalogue: LoadReport, client: Client) -> None:
    text = page(client, "/providers/")
    assert text.count('class="card offer"') == 68
    assert text.index("Language models") < text.index("Cloud platforms")
    assert text.index("Groq") < text.index("Mistral AI") < text.index("xAI")


def test_the_index_takes_one_query(
    catalogue: LoadReport, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        client.get("/providers/")


def test_search_finds_by_name_and_by_what_it_does(catalogue: LoadReport, client: Client) -> None:
    assert page(client, "/providers/?q=REPLIC").count('class="card offer"') == 1
    assert "Runpod" in page(client, "/providers/?q=gpu+pods")
    nothing = page(client, "/providers/?q=%3Cscript%3E")
    assert "No provider found" in nothing
    assert "<script>" not in nothing.split("<main")[1].split("</main>")[0]


def test_a_provider_that_forbids_says_so_to_both_sides(
    catalogue: LoadReport, client: Client
) -> None:
    text = page(client, "/providers/replicate/")
    for words in (
        "Resale forbidden",
        "makes prepaid credit non-transferable",
        "https://replicate.com/terms",
        "20 Nov 2026",
        "Ask Replicate first",
        "refunded if it does not",
        "Account check and document",
        "Try for Free models",
        "end of the twelfth month",
        "/listings/?provider=replicate",
        "/sell/?provider=replicate",
        "/guides/replicate/",
        "2,500",
    ):
        assert words in text, words


def test_a_provider_that_allows_asks_for_no_consent(catalogue: LoadReport, client: Client) -> None:
    text = page(client, "/providers/vast/")
    assert "Resale allowed" in text
    assert "You need no consent" in text
    assert "Balance transfer" in text
    assert "user_read only" in text


def test_the_amount_can_be_chosen(catalogue: LoadReport, client: Client) -> None:
    assert "25,000" in page(client, "/providers/replicate/?amount=1000")


@pytest.mark.parametrize(
    ("written", "cents"),
    [
        ("25", 2500),
        ("$1,000.5", 100_050),
        ("0.01", 1),
        ("", 10_000),
        ("-5", 10_000),
        ("0", 10_000),
        ("1e9", 10_000),
        ("NaN", 10_000),
        ("999999999", 10_000),
        ("\u0661\u0662", 10_000),
    ],
)
def test_an_amount_that_makes_no_sense_is_a_hundred_dollars(written: str, cents: int) -> None:
    assert read_amount_cents(written) == cents


def test_the_page_takes_three_queries_whoever_it_is_about(
    catalogue: LoadReport, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    current_names()  # known for half a minute to every page
    for slug in ("coreweave", "aws", "replicate"):
        with django_assert_num_queries(3):
            client.get(f"/providers/{slug}/")


def test_every_provider_has_a_page(catalogue: LoadReport, client: Client) -> None:
    for slug in Provider.objects.values_list("slug", flat=True):
        page(client, f"/providers/{slug}/")


def test_unknown_and_retired_providers_are_not_found(catalogue: LoadReport, client: Client) -> None:
    assert client.get("/providers/nobody/").status_code == 404
    Provider.objects.filter(pk="vast").update(retired=True)
    assert client.get("/providers/vast/").status_code == 404


def test_pages_are_only_read(catalogue: LoadReport, client: Client) -> None:
    assert client.post("/providers/").status_code == 405
    assert client.post("/providers/vast/").status_code == 405
