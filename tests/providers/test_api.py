"""GET providers/ and GET providers/{slug}/, without signing in."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from providers.catalogue import LoadReport
from providers.models import Provider

pytestmark = pytest.mark.django_db
LIST = "/api/v1/providers/"


def test_one_provider(catalogue: LoadReport, client: Client) -> None:
    answer = client.get(f"{LIST}vast/")
    assert answer.status_code == 200
    vast = answer.json()
    assert set(vast) == {
        "slug",
        "name",
        "homepage",
        "category",
        "summary",
        "resale_policy",
        "transfer_methods",
        "transfer_notes",
        "verification_ladder",
        "credit_expiry",
        "programs",
        "unit_prices",
        "sources",
        "confidence",
        "checked_on",
        "market",
    }
    assert vast["resale_policy"] == {
        "policy": "allowed",
        "clause": Provider.objects.get(pk="vast").policy_clause,
        "source": "https://docs.vast.ai/api-reference/accounts/transfer-credit",
        "checked_on": "2026-11-20",
        "needs_consent": False,
    }
    assert vast["transfer_methods"] == ["balance_transfer"]
    assert vast["verification_ladder"] == ["api_balance", "evidence_upload", "buyer_confirmation"]
    assert [program["slug"] for program in vast["programs"]] == ["prepaid", "startups"]


def test_prices_are_exact_text(catalogue: LoadReport, client: Client) -> None:
    prices = client.get(f"{LIST}deepgram/").json()["unit_prices"]
    assert prices[0]["price_usd"] == "0.004300000"
    assert client.get(f"{LIST}replicate/").json()["resale_policy"]["needs_consent"] is True


def test_the_list_can_be_walked_to_its_end(catalogue: LoadReport, client: Client) -> None:
    slugs: list[str] = []
    address = f"{LIST}?limit=30"
    while address:
        answer = client.get(address).json()
        slugs += [provider["slug"] for provider in answer["results"]]
        address = answer["next"]
    assert slugs == sorted(Provider.objects.values_list("slug", flat=True))


def test_the_list_takes_three_queries(
    catalogue: LoadReport, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.get(LIST)  # counts the offers, which is then known for half a minute
    for limit in (2, 60):
        with django_assert_num_queries(3):
            client.get(f"{LIST}?limit={limit}")


def test_unknown_and_retired_providers_are_not_found(catalogue: LoadReport, client: Client) -> None:
    assert client.get(f"{LIST}nobody/").status_code == 404
    Provider.objects.filter(pk="vast").update(retired=True)
    assert client.get(f"{LIST}vast/").status_code == 404


def test_nobody_writes(catalogue: LoadReport, client: Client) -> None:
    for method in (client.post, client.put, client.patch, client.delete):
        assert method(f"{LIST}vast/").status_code in {401, 403, 405}
    assert Provider.objects.filter(pk="vast").exists()
