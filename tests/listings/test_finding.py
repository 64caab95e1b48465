"""What a search keeps of its answer never hides an offer that is on the market."""

from collections.abc import Callable
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from listings import arrivals, finding, publishing
from listings.models import Listing
from tests.factories import a_listing, a_moderator, a_provider, a_seller, copies_of

WORDS = "leftover workshop"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def market(monkeypatch: pytest.MonkeyPatch, _nothing_counted: None) -> None:
    """Offers of common words, more than the stretch that is walked first."""
    monkeypatch.setattr(finding, "STRETCH", 3)
    seller = a_seller("early@example.com")
    for title in ("Rest of a leftover grant", "Credit of a workshop"):
        a_listing(seller=seller, title=title)
    copies_of(Listing.objects.earliest("created_at"), 8)


def an_offer(**given: Any) -> Listing:
    return a_listing(title="Leftover from a workshop", provider=a_provider("other"), **given)


def found(words: str = WORDS, **more: str) -> list[str]:
    answer = Client().get("/api/v1/listings/", {"q": words, **more})
    return [row["id"] for row in answer.json()["results"]]


def asked(words: str = WORDS) -> int:
    """How many statements it takes."""
    with CaptureQueriesContext(connection) as queries:
        found(words)
    return len(queries)


def test_an_answer_that_is_kept_takes_one_statement() -> None:
    known = an_offer()
    assert found() == [str(known.pk)]
    assert asked() == 1
    assert found(ordering="price") == found(provider="other") == [str(known.pk)]
    assert found(provider="acme") == found(min_discount_bp="7000") == []


@pytest.mark.parametrize("status", ["in_review", "paused"])
def test_what_comes_to_the_market_is_found_at_once(status: str) -> None:
    early = an_offer()
    late = an_offer(status=status)
    assert found() == [str(early.pk)]
    if status == "paused":
        publishing.resume(late, actor=late.seller)
    else:
        publishing.approve(late, actor=a_moderator(), reason="In order.")
    assert asked() == 1
    assert found() == [str(late.pk), str(early.pk)]
    publishing.pause(early, actor=early.seller)
    assert found() == [str(late.pk)]


def test_what_was_on_its_way_while_we_asked_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "GRACE_SECONDS", 0)
    late = an_offer(status="paused")
    with on_its_way(lambda: publishing.resume(late, actor=late.seller)) as arrive:
        assert found() == []
        arrive()
    assert asked() == 1
    assert found() == [str(late.pk)]


def test_nothing_is_kept_while_a_transaction_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "LONGEST_OPEN_SECONDS", 0)
    assert found() == []
    assert asked() > 1
    late = an_offer()
    assert found() == [str(late.pk)]


def test_many_offers_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "FEW", 2)
    copies_of(an_offer(), 2)
    Listing.objects.filter(provider="other").update(created_at="2020-01-01T00:00:00Z")
    assert len(found()) == 3
    assert asked() > 1
    assert len(found()) == 3


class on_its_way:  # noqa: N801 (read as a phrase)
    """Somebody else's act that is done but not yet committed, until `arrive` is called."""

    def __init__(self, act: Callable[[], object]) -> None:
        self.act, self.done, self.go = act, Event(), Event()
        self.thread = Thread(target=self._run)

    def _run(self) -> None:
        try:
            with transaction.atomic():
                self.act()
                self.done.set()
                assert self.go.wait(10)
        finally:
            self.done.set()
            connections.close_all()

    def __enter__(self) -> Callable[[], None]:
        self.thread.start()
        assert self.done.wait(10)
        return self._arrive

    def _arrive(self) -> None:
        self.go.set()
        self.thread.join()

    def __exit__(self, *_: object) -> None:
        self._arrive()
