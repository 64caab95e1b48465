"""Any two providers side by side, under one address."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from providers.catalogue import load_catalogue
from providers.models import Provider
from providers.pairs import JOINT, alike, neighbours, pair_of, read_pair
from tests.factories import a_listing, a_seller, copies_of


@pytest.fixture(autouse=True)
def _catalogue(db: None) -> None:
    load_catalogue()


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_one_address_for_two_providers(client: Client) -> None:
    answer = client.get("/compare/replicate-vs-openrouter/")
    assert (answer.status_code, answer["Location"]) == (301, "/compare/openrouter-vs-replicate/")
    chosen = client.get("/compare/?a=replicate&b=google-cloud")
    assert chosen["Location"] == "/compare/google-cloud-vs-replicate/"
    text = client.get("/compare/google-cloud-vs-replicate/").content.decode()
    assert 'rel="canonical" href="' in text
    assert read_pair(pair_of("vast", "google-cloud")) == ("google-cloud", "vast")
    assert not any(JOINT in slug for slug in Provider.objects.values_list("slug", flat=True))


@pytest.mark.parametrize(
    "pair", ["replicate", "replicate-vs-nobody", "replicate-vs-replicate", "-vs-", "a-vs-b-vs-c"]
)
def test_what_is_not_two_providers_is_not_found(client: Client, pair: str) -> None:
    assert client.get(f"/compare/{pair}/").status_code == 404


def test_retired_providers_are_not_compared(client: Client) -> None:
    Provider.objects.filter(pk="vast").update(retired=True)
    assert client.get("/compare/replicate-vs-vast/").status_code == 404


def test_the_form_asks_for_two_different_ones(client: Client) -> None:
    assert client.get("/compare/").status_code == 200
    for query in ("a=vast&b=vast", "a=vast", "a=vast&b=nobody", "a=%00&b=vast"):
        answer = client.get(f"/compare/?{query}")
        assert answer.status_code == 400
        assert "two different providers" in answer.content.decode()


def test_facts_offers_and_what_a_hundred_dollars_make(client: Client) -> None:
    replicate = Provider.objects.get(pk="replicate")
    a_listing(seller=a_seller(), provider=replicate, transfer_method="assisted", discount_bp=5000)
    text = page(client, "/compare/openrouter-vs-replicate/")
    for words in (
        "OpenRouter or Replicate",
        "Resale forbidden",
        "end of the twelfth month",
        "50% off",
        "gives $200.00 of credit",
        "FLUX 1.1 Pro, images 2,500 5,000 here",
        "Measured: an arrival",
        "You confirm",
    ):
        assert words in text, words


def test_things_that_both_sell_stand_in_one_row(client: Client) -> None:
    text = page(client, "/compare/groq-vs-together/")
    assert "The same thing at both" in text
    assert "gpt-oss-120b, 1M input tokens $0.15 $0.15" in text
    assert "The same thing at both" not in page(client, "/compare/modal-vs-vast/")


def test_guides_and_providers_lead_there(client: Client) -> None:
    names = [slug for slug, _ in neighbours("replicate")]
    assert len(names) == 5
    assert "replicate" not in names
    for address in ("/guides/replicate/", "/providers/replicate/"):
        text = client.get(address).content.decode()
        assert all(f"/compare/{pair_of('replicate', slug)}/" in text for slug in names)
    shelved = client.get("/sitemap-comparisons.xml").content.decode()
    assert shelved.count("<loc>") == len(alike()) > 100


def test_the_page_costs_the_same_whatever_is_on_offer(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    offer = a_listing(seller=a_seller(), provider=Provider.objects.get(pk="vast"))
    for more in (0, 30):
        copies_of(offer, more)
        with django_assert_num_queries(5):
            client.get("/compare/runpod-vs-vast/")
