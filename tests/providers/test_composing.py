"""A guide to every provider, of nothing but what its file says."""

import json
import re
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from xml.etree import ElementTree

import pytest
from django.test import Client
from PIL import Image
from pytest_django import DjangoAssertNumQueries

from providers.composing import guide_to
from providers.freshness import STALE_AFTER_DAYS, stale_since
from providers.guide_shelf import search
from providers.guides import Claim, Guide, Source, guides
from providers.known import current_names
from providers.models import Provider
from providers.templatetags.guide_words import linked_data, runs
from providers.written import written_guide

pytestmark = pytest.mark.usefixtures("catalogue")


def guide(slug: str) -> Guide:
    return guide_to(Provider.objects.for_page().get(pk=slug), written_guide(slug))


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def claims(one: Guide) -> list[Claim]:
    return [claim for part in one.parts for claim in (*part.steps, *part.claims)]


def test_every_provider_has_a_guide_that_ends_in_selling_and_buying(client: Client) -> None:
    for slug in Provider.objects.values_list("slug", flat=True):
        text = page(client, f"/guides/{slug}/")
        assert f"/sell/?provider={slug}" in text
        assert f"/listings/?provider={slug}" in text


def test_what_is_cited_stands_in_the_list_in_order() -> None:
    for provider in Provider.objects.for_page():
        one = guide_to(provider, written_guide(provider.slug))
        assert [source.number for source in one.sources] == list(range(1, len(one.sources) + 1))
        cited = {source for claim in claims(one) for source in claim.sources}
        assert cited <= set(one.sources)
        assert set(provider.sources) <= {source.url for source in one.sources}


def test_facts_are_cited_with_their_day_and_what_is_ours_is_not() -> None:
    vast = guide("vast")
    by_text = {claim.text: claim.sources for claim in claims(vast)}
    provider = Provider.objects.get(pk="vast")
    assert [one.url for one in by_text[provider.policy_clause]] == [provider.policy_source]
    assert by_text[provider.policy_clause][0].checked_on == provider.policy_checked_on
    assert len(by_text[provider.transfer_notes]) == len(provider.sources)
    assert by_text[provider.policy_sentence] == ()


def test_what_a_person_wrote_comes_first_and_facts_fill_the_rest() -> None:
    written, whole = guides()["replicate"], guide("replicate")
    assert [part for part in whole.parts if part.id == "resale"] == [
        part for part in written.parts if part.id == "resale"
    ]
    assert {part.id for part in whole.parts} > {part.id for part in written.parts}
    assert whole.sources[: len(written.sources)] == written.sources
    assert whole.is_written
    assert not guide("vast").is_written


def test_how_to_make_a_key_is_there_where_a_key_is_of_use(client: Client) -> None:
    assert "Leave user_read switched on" in page(client, "/guides/vast/")
    assert "/providers/vast/key/" in page(client, "/guides/vast/")
    assert "/providers/modal/key/" not in page(client, "/guides/modal/")


def test_what_is_not_known_is_said(client: Client) -> None:
    cartesia = guide("cartesia")
    unknown = next(part for part in cartesia.parts if part.id == "unknown")
    said = " ".join(claim.text for claim in unknown.claims)
    for words in ("rate limits", "signing up", "ist prices", "a balance could be read"):
        assert words in said
    assert "When bought credit ends was not found" in page(client, "/guides/cartesia/")
    known = next(part for part in guide("replicate").parts if part.id == "unknown")
    assert "rate limits" not in " ".join(claim.text for claim in known.claims)
    assert "No source yet" in page(client, "/guides/hetzner/")
    assert "No source yet" not in page(client, "/guides/cartesia/")


def test_a_moderators_decision_is_what_the_guide_says(client: Client) -> None:
    Provider.objects.filter(pk="vast").update(
        resale_policy="forbidden", policy_clause="No longer.", policy_overridden=True
    )
    text = page(client, "/guides/vast/")
    assert "No longer." in text
    assert "a moderator’s decision" in text


def test_old_claims_are_marked_by_their_newest_source(client: Client) -> None:
    today = date(2026, 11, 26)
    fresh = Source(1, "", "https://a.example/", today - timedelta(days=STALE_AFTER_DAYS))
    stale = replace(fresh, number=2, checked_on=fresh.checked_on - timedelta(days=1))
    assert stale_since([stale], today=today) == stale.checked_on
    assert stale_since([stale, fresh], today=today) is None
    assert stale_since([], today=today) is None
    Provider.objects.filter(pk="cartesia").update(checked_on=date(2020, 1, 2))
    text = page(client, "/guides/cartesia/")
    assert text.count("may be out of date") >= 4
    assert "may be out of date" not in text.split('id="resale"')[1].split("</section>")[0]


def test_neighbours_are_cited_as_a_run() -> None:
    one, two, three, five = (
        Source(number, "", f"https://{number}.example/", date(2026, 11, 20))
        for number in (1, 2, 3, 5)
    )
    assert runs([five, three, one, two]) == [(one, three), (five, five)]
    assert runs([one, two]) == [(one, one), (two, two)]


def test_a_guide_costs_four_queries_whoever_it_is_about(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    current_names()  # known for half a minute to every page
    for slug in ("hetzner", "aws", "replicate"):
        with django_assert_num_queries(4):
            client.get(f"/guides/{slug}/")


def test_search_finds_the_passage_and_leads_to_it(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    hits = search("SURGES calls queue")
    assert [hit.provider.slug for hit in hits] == ["replicate"]
    assert "/guides/replicate/#limits" in page(client, "/guides/?q=600+a+minute")
    assert "No guide says that" in page(client, "/guides/?q=xyzzy")
    with django_assert_num_queries(0):
        client.get("/guides/?q=" + "word+" * 1000)
    text = page(client, "/guides/?q=%3Cscript%3Ealert")
    assert "<script>alert" not in text


def test_the_feed_and_the_map_name_every_guide(client: Client) -> None:
    feed = ElementTree.fromstring(client.get("/guides/feed.xml").content)
    space = {"a": "http://www.w3.org/2005/Atom"}
    entries = feed.findall("a:entry", space)
    assert len(entries) == 68
    assert all(entry.find("a:updated", space) is not None for entry in entries)
    maps = page(client, "/sitemap.xml")
    for section, count in (("guides", 68), ("providers", 68), ("listings", 0)):
        assert f"/sitemap-{section}.xml" in maps
        assert page(client, f"/sitemap-{section}.xml").count("<loc>") == count
    assert client.get("/sitemap-nothing.xml").status_code == 404
    assert "/sitemap.xml" in page(client, "/robots.txt")


def test_search_engines_are_told_in_data_that_nobody_runs(client: Client) -> None:
    text = page(client, "/guides/replicate/")
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text, re.DOTALL)
    graph = json.loads(found[0])["@graph"]
    assert [one["@type"] for one in graph] == ["TechArticle", "FAQPage", "BreadcrumbList"]
    assert len(graph[1]["mainEntity"]) == len(guides()["replicate"].questions)
    assert graph[0]["dateModified"] == "2026-11-20"
    assert "</script" not in linked_data({"a": "</script><b>&"})[:-9]


def test_the_card_is_a_picture_of_the_usual_size(client: Client) -> None:
    answer = client.get("/guides/google-cloud/card.png")
    assert answer["Content-Type"] == "image/png"
    assert "public" in answer["Cache-Control"]
    assert Image.open(BytesIO(answer.content)).size == (1200, 630)
    assert "/guides/google-cloud/card.png" in page(client, "/guides/google-cloud/")
