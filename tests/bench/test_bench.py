"""Every benchmark in a tiny size, on the test's own database: that it measures what it says."""

import os
import re
import resource
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import RequestFactory

from accounts import tokens
from bench import (
    batches,
    figures,
    floor,
    goods,
    growth,
    guesses,
    ledger,
    limit,
    load,
    pages,
    placing,
    purchases,
    replay,
    settlements,
    stage,
)
from bench.cpu import Tree
from listings.models import Listing
from orders.completion import confirm
from orders.models import Order, PlacedRequest
from payments.models import Posting
from providers.catalogue import load_catalogue

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people(books: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A few sellers and buyers, and an audit of what they did."""
    monkeypatch.setattr(goods, "SELLERS", 2)
    monkeypatch.setattr(goods, "BUYERS", 4)
    load_catalogue()
    return {"sellers": goods.sellers(), "buyers": goods.buyers()}


def replayed(recording: replay.Recording, given: dict[str, str]) -> None:
    connection.ensure_connection()
    with transaction.atomic(), connection.connection.cursor() as cursor:
        recording.send(cursor, given)


def test_a_recorded_purchase_sent_bare_is_a_purchase(people: dict[str, Any]) -> None:
    first, other = goods.uniform(2, of=people["sellers"][:1], lots=3)
    buyer, stranger = people["buyers"][:2]
    recording = replay.record(lambda: purchases.reserve(first, buyer), known=[first])
    replayed(
        recording,
        {str(first): str(other), str(buyer.pk): str(stranger.pk)},
    )
    again = Order.objects.get(listing=other)
    assert again.buyer == stranger
    assert again.escrow.reference == str(again.pk)
    assert str(again.pk) in str(again.escrow.instructions.get().params)
    assert Listing.objects.get(pk=other).reserved_cents == goods.LOT_CENTS
    assert purchases.oversold() == 0


def test_a_recorded_confirmation_sent_bare_settles(people: dict[str, Any]) -> None:
    listings = goods.uniform(2, of=people["sellers"], lots=3)
    errand = settlements.Errand(listings, [person.pk for person in people["buyers"]], 2)
    model, other = settlements.prepare(errand)
    order = Order.objects.get(pk=model.order)
    known = [model.order, model.escrow, model.listing]
    recording = replay.record(lambda: confirm(order, actor=order.buyer), known=known)
    replayed(recording, other.names(model))
    settled = Order.objects.get(pk=other.order)
    assert (settled.status, settled.escrow.status) == ("completed", "released")


def test_an_order_over_http_sent_bare_is_an_order(people: dict[str, Any]) -> None:
    buyer, stranger = people["buyers"][:2]
    first, other = goods.uniform(2, of=people["sellers"][:1], lots=3)
    token = tokens.create(person=buyer, name="bench")
    recording = placing.recorded(first, buyer, token)
    # Its round trips, of which only the last holds a row that other buyers wait for.
    assert len(recording.statements) == 7
    assert recording.statements[-1][0].startswith('UPDATE "listings_listing"')
    before = PlacedRequest.objects.latest("pk")
    names = {str(first): str(other), str(buyer.pk): str(stranger.pk), before.key: "another"}
    replayed(recording, names)
    made = PlacedRequest.objects.get(key="another")
    assert made.order is not None
    assert (made.order.buyer, made.order.listing_id) == (stranger, other)
    before.refresh_from_db()
    assert before.order is not None
    assert before.order.buyer == buyer


def test_the_transaction_that_pgbench_sends_is_an_order(people: dict[str, Any]) -> None:
    buyer, stranger = people["buyers"][:2]
    first, other = goods.uniform(2, of=people["sellers"][:1], lots=3)
    recording = replay.record(lambda: purchases.reserve(first, buyer), known=[first])
    sets = [(str(first), str(other), ""), (str(buyer.pk), ":buyer", "random(1, 9)")]
    lines = limit.script(recording, sets=sets).splitlines()
    drawn = dict(re.findall(r"^\\set (\w+) (.*)$", "\n".join(lines), re.MULTILINE))
    assert drawn.pop("buyer") == "random(1, 9)"
    assert set(drawn.values()) == {f"random({limit.DIGITS})"}
    sql = "\n".join(line for line in lines if not line.startswith("\\"))
    for number, name in enumerate(drawn):
        sql = sql.replace(f":{name}", f"{number:012}")
    with connection.cursor() as cursor:
        cursor.execute(sql.replace(":buyer", str(stranger.pk)))
    placed = Order.objects.get(listing=other)
    assert (placed.buyer, placed.escrow.reference) == (stranger, str(placed.pk))


def test_the_floor_of_a_batch_settles_it(people: dict[str, Any]) -> None:
    batches.prepare(people["sellers"], people["buyers"], count=2)
    for act in (batches.by_product, batches.by_one_statement):
        assert batches.timed(act)[0] == 2
    assert not Order.objects.filter(status="completed").exists()
    assert batches.by_one_statement() == 2
    assert set(Order.objects.values_list("status", "escrow__status")) == {("completed", "released")}


def test_a_ledger_is_filled_and_has_its_indexes_again(people: dict[str, Any]) -> None:
    def indexes() -> set[tuple[str, str]]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'payments_posting'"
            )
            return set(cursor.fetchall())

    before = indexes()
    for size in (3, 2, 5):
        ledger.fill(size)
    assert Posting.objects.count() == 5
    assert indexes() == before
    assert len(before) == 6
    with pytest.raises(IntegrityError):
        Posting.objects.create(
            key="bench:5", source="a", destination="b", amount_cents=1, currency="USD"
        )
    ledger.forget()
    assert not Posting.objects.exists()


def test_purchases_are_timed_and_a_race_sells_what_there_is(people: dict[str, Any]) -> None:
    (listing,) = goods.uniform(1, of=people["sellers"], lots=3)
    buyers = [person.pk for person in people["buyers"]]
    assert purchases.race(purchases.Errand([listing], buyers, 0)) == 3
    (listing,) = goods.uniform(1, of=people["sellers"], lots=1000)
    sample = purchases.buy(purchases.Errand([listing], buyers, 0.01))
    assert len(sample.seconds) == Order.objects.filter(listing=listing).count() > 0


def test_the_floors_show_as_many_offers_as_the_page(people: dict[str, Any]) -> None:
    goods.offers(pages.SHOWN + 1)
    request = RequestFactory().get("/")
    for view in (floor.bare, floor.with_template):
        assert view(request).content.count(b"<article") == pages.SHOWN
    assert goods.widest_provider()


def test_the_load_keeps_the_time_of_every_answer(live_server: Any) -> None:
    port = live_server.thread.port
    found = load.ask(port=port, path="/healthz", connections=2, seconds=0.2)
    assert len(found.seconds) > 2
    assert found.per_second > 0
    assert load.body(port, "/healthz")
    with pytest.raises(load.Failed):
        load.ask(port=port, path="/nowhere", connections=1, seconds=0.2)


def test_a_search_asked_anew_has_ever_other_capitals() -> None:
    found = list(islice(growth.spellings("workshop grant"), 50))
    assert len(set(found)) == 50
    assert {text.lower() for text in found} == {"workshop grant"}


def test_paths_may_differ_from_request_to_request(live_server: Any) -> None:
    port, asked = int(live_server.url.rpartition(":")[2]), list[int]()

    def paths() -> Iterator[str]:
        for number in count():
            asked.append(number)
            yield f"/healthz?{number}"

    web = stage.Web(port, Tree(os.getpid()))
    target = pages.Target("health", "/nowhere", web, paths=paths)
    pages.measure(
        stage.Stage(Path(), web, web, web.cpu), [target], rounds=1, seconds=0.1, connections=1
    )
    assert len(asked) > 1
    assert len(target.cpu_ms()) == 1


def test_known_and_unknown_addresses_take_turns(
    people: dict[str, Any], live_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = guesses.with_accounts(people["buyers"])
    asked = []

    def ask(path: str, email: str) -> float:
        asked.append(email in known)
        return 2.0 if email in known else 1.0

    monkeypatch.setattr(guesses, "WARM_TRIES", 1)
    result = guesses.measure(ask, known=known, tries=3)
    assert asked.count(True) == asked.count(False) == 4 * 4
    assert result["ways"]["reset"]["later"] == 1
    assert guesses.later([1, 2], [1, 2]) == 0.5
    for path in guesses.PATHS.values():
        assert guesses.answered_after(live_server.thread.port, path, known[0]) > 0


def test_figures_are_medians_with_their_spread() -> None:
    assert figures.said(figures.spread([3, 1, 2])) == "2.0 (1.0–3.0)"
    assert figures.ratios([4, 9], [2, 3]) == {"median": 2.5, "least": 2, "greatest": 3}
    assert figures.quantile([1, 2, 3, 4], 0.99) == 4
    assert figures.table(["a", "b"], [["x", "10"]]).splitlines()[-1] == "| x | 10 |"


def test_processor_time_grows(people: dict[str, Any]) -> None:
    before = Tree(os.getpid()).seconds()
    assert before > 0
    assert Tree(1 << 30).seconds() == 0


def test_the_most_memory_is_that_of_one_process() -> None:
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    assert own - 1 < Tree(os.getpid()).peak_mib() < own + 1_000
    assert Tree(1 << 30).peak_mib() == 0
