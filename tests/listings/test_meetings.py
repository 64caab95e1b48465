"""What is known of words that never meet never hides an offer that is on the market."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from listings import arrivals, finding, meetings, publishing, words
from listings.models import Listing
from tests.factories import a_listing, a_moderator, a_provider, copies_of
from tests.listings.test_finding import on_its_way

APART, LONG_AGO = "leftover workshop", "2020-01-01T00:00:00Z"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def market(monkeypatch: pytest.MonkeyPatch, _nothing_counted: None) -> None:
    """Offers of common words, more than the stretch that is walked first."""
    monkeypatch.setattr(finding, "STRETCH", 3)
    copies_of(a_listing(title="Rest of a leftover grant"), 8)
    copies_of(a_listing(title="Credit of a workshop", provider=a_provider("two")), 8)
    Listing.objects.update(status_since=LONG_AGO)
    looked()


def looked() -> int:
    """As the sweep does, and as processes see it half a minute later."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE listings_listing")
    words._lexemes.forget()
    words._conditions.forget()
    arrivals._since.forget()
    meetings.forget()
    return meetings.look_due()


def an_offer(**given: Any) -> Listing:
    return a_listing(title="Leftover from a workshop", provider=a_provider("other"), **given)


def found(text: str) -> list[str]:
    answer = Client().get("/api/v1/listings/", {"q": text})
    return [row["id"] for row in answer.json()["results"]]


def statements(text: str) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        found(text)
    return [one["sql"] for one in queries.captured_queries]


def test_the_first_to_ask_takes_one_statement_too() -> None:
    found("credit leftover workshop grant")  # the stems of all of them are known from now on
    for text in ("Leftover workshop", "workshop GRANT", "credit leftover grant"):
        assert len(statements(text)) == 1, text
        assert found(text) == []


@pytest.mark.parametrize(
    "text", ["leftover grant", "leftover", "leftover -workshop", "grant or two"]
)
def test_words_that_meet_and_words_that_ask_otherwise_are_looked_for(text: str) -> None:
    assert len(found(text)) == 9


@pytest.mark.parametrize("status", ["in_review", "paused"])
def test_what_comes_to_the_market_is_found_at_once(status: str) -> None:
    late = an_offer(status=status)
    assert found(APART) == []
    if status == "paused":
        publishing.resume(late, actor=late.seller)
    else:
        publishing.approve(late, actor=a_moderator(), reason="In order.")
    assert len(statements(APART)) == 1
    assert found(APART) == [str(late.pk)]


def test_what_was_on_its_way_while_we_looked_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "GRACE_SECONDS", 0)
    late = an_offer(status="paused")
    with on_its_way(lambda: publishing.resume(late, actor=late.seller)) as arrive:
        assert looked() > 0
        assert found(APART) == []
        arrive()
    assert len(statements(APART)) == 1
    assert found(APART) == [str(late.pk)]


def test_a_later_look_knows_that_they_have_met() -> None:
    late = an_offer()
    Listing.objects.filter(pk=late.pk).update(status_since=LONG_AGO)
    assert found(APART) == []
    looked()
    assert found(APART) == [str(late.pk)]


def test_a_provider_named_by_a_word_is_found_by_its_name() -> None:
    named = a_listing(title="Rest of a leftover grant", provider=a_provider("workshop"))
    Listing.objects.filter(pk=named.pk).update(status_since=LONG_AGO)
    looked()
    assert found(APART) == [str(named.pk)]


def test_nothing_is_concluded_of_words_that_are_not_common() -> None:
    assert meetings.apart({"leftov", "workshop"}) is not None
    assert meetings.apart({"leftov", "grant"}) is None
    assert meetings.apart({"leftov", "nobodi"}) is None


def test_a_look_rests_after_it_and_waits_for_whoever_is_long_at_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert meetings.look_due() == 0
    monkeypatch.setattr(arrivals, "LONGEST_OPEN_SECONDS", 0)
    assert looked() == 0
    assert meetings.apart({"leftov", "workshop"}) is None
