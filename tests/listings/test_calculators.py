"""The calculators' pages: the guides' own figures, an offer's price, strange input, few queries."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from providers.catalogue import load_catalogue
from providers.models import Provider
from tests.factories import a_listing, a_seller, copies_of

PAGES = ("/calculators/credit/", "/calculators/self-hosting/", "/calculators/expiry/")


@pytest.fixture(autouse=True)
def _catalogue(db: None) -> None:
    load_catalogue()


def page(client: Client, address: str) -> str:
    """The words of a page, its marks taken out."""
    answer = client.get(address)
    assert answer.status_code == 200
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))
    return re.sub(r" ([,.:])", r"\1", words)


def an_offer(discount_bp: int = 4500, **more: object) -> object:
    replicate = Provider.objects.get(pk="replicate")
    more = {"provider": replicate, "transfer_method": "assisted", **more}
    return a_listing(seller=a_seller(), discount_bp=discount_bp, **more)


def test_forty_dollars_are_a_thousand_images(client: Client) -> None:
    text = page(client, "/calculators/credit/?provider=replicate&amount=40")
    assert "FLUX 1.1 Pro $0.04 / image 1,000 images" in text
    assert "Nobody offers Replicate credit right now" in text
    text = page(client, "/calculators/credit/?provider=replicate&count=1000&thing=replicate.0")
    assert "1,000 images of FLUX 1.1 Pro take $40.00 of credit." in text


def test_the_best_offer_or_the_one_that_is_named_gives_the_price(client: Client) -> None:
    an_offer(4500)
    dear = an_offer(3000)
    an_offer(7000, status="paused")
    text = page(client, "/calculators/credit/?provider=replicate&amount=40")
    assert "At the best offer now, 45% off $22.00" in text
    # $40 paid at 45% off are $72.72 of credit.
    assert "1,000 images 1,818 images" in text
    assert "You keep $18.00" in text
    text = page(client, f"/calculators/credit/?listing={dear.pk}&amount=40")  # type: ignore[attr-defined]
    assert "At this offer, 30% off $28.00" in text
    whole = page(client, f"/calculators/credit/?listing={dear.pk}")  # type: ignore[attr-defined]
    assert "$500.00 of Replicate credit" in whole


def test_the_reviews_figures_stand_on_the_page(client: Client) -> None:
    an_offer(5000)
    answer = client.get("/calculators/self-hosting/").content.decode()
    assert '<svg role="img" aria-label="Cost of a month, by calls' in answer
    text = page(client, "/calculators/self-hosting/")
    for words in (
        "By the call, at list price $2,000.00",
        "bought here at 50% off $1,000.00",
        "1 machine of your own, day and night $584.00",
        "From 29,200 calls a month",
        "from 58,400 no more than credit bought here",
        "500,000 $10,000.00 $5,000.00 $1,168.00 2",
    ):
        assert words in text, words
    assert "$800.00" in page(client, "/calculators/self-hosting/?other=216")
    never = page(client, "/calculators/self-hosting/?call_price=0.001")
    assert "your own machine never costs less" in never


def test_whether_it_can_be_used_up(client: Client) -> None:
    day = timezone.localdate() + timedelta(days=9)
    base = f"/calculators/expiry/?thing=replicate.0&amount=40&expires_on={day}"
    assert "Yes, with time to spare" in page(client, f"{base}&per_day=100")
    late = page(client, f"{base}&per_day=50")
    assert "Not at this rate" in late
    assert "500 of them, worth $20.00, are not used" in late
    slow = page(client, f"{base}&amount=40000&per_day=1000000&per_minute=6")
    assert "the rate limit is too low" in slow
    assert "It has ended" in page(
        client, f"{base}&expires_on=2020-01-01".replace(f"{day}", "2020-01-01")
    )
    offer = an_offer()
    text = page(client, f"/calculators/expiry/?listing={offer.pk}")  # type: ignore[attr-defined]
    assert "$500.00 of Replicate credit makes 12,500 images" in text


@pytest.mark.parametrize("path", PAGES)
def test_strange_input_is_refused_at_its_field(client: Client, path: str) -> None:
    for name in ("amount", "call_price", "calls", "per_day"):
        for value in ("", "-1", "0", "NaN", "1e99", "%00", "9" * 10_000, "<script>"):
            answer = client.get(f"{path}?{name}={value}")
            assert answer.status_code in (200, 400), (name, value)
            assert "<script>" not in answer.content.decode().split("<main")[1].split("</main>")[0]
    assert client.get(f"{path}?provider=nobody&thing=nobody.1&listing=x").status_code in (200, 400)
    assert client.get(f"{path}?count={'9' * 99}&thing=replicate.0").status_code == 200
    assert client.post(path).status_code == 405


def test_a_wrong_field_is_named_and_scripts_get_to_show_it(client: Client) -> None:
    address = "/calculators/self-hosting/?calls=0"
    assert client.get(address).status_code == 400
    answer = client.get(address, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "Calls a month." in answer.content.decode().split('id="answer"')[1]


def test_the_costs_in_queries_do_not_grow(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    offer = an_offer()
    for path in PAGES:
        client.get(path)  # names are known from now on
    for more in (0, 30):
        copies_of(offer, more)  # type: ignore[arg-type]
        for path, count in zip(PAGES, (4, 1, 1), strict=True):
            with django_assert_num_queries(count):
                client.get(path)
        with django_assert_num_queries(5):
            client.get(f"{PAGES[0]}?listing={offer.pk}&provider=vast")  # type: ignore[attr-defined]
