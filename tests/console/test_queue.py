"""The front page: everything that waits, the most urgent first, at the same cost however much."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import claims
from accounts.models import AuditEntry, Claim, Person
from listings.models import ListingStatus, Report
from marketplace.console import queue
from marketplace.console.kinds import KINDS
from marketplace.console.queue import View
from orders.models import OrderStatus
from payments.models import Incident, LedgerAudit, WebhookEvent
from tests.console import scenery
from tests.console.conftest import signed_in
from tests.factories import a_listing, a_person
from tests.orders.quarrels import a_disputed_order, a_sent_order
from tests.trade import at_once


def kinds(person: Person, **view: str) -> list[str]:
    return [item.kind.name for item in queue.items(person, View(**view))]


def test_the_most_urgent_comes_first(moderator: Person, buyer: Person, seller: Person) -> None:
    scenery.all_of_it(buyer, seller)
    urgent = ["incident", "difference", "instruction", "proposal", "webhook"]
    assert kinds(moderator) == [*urgent, "report", "likeness", "review"]


def test_among_equals_less_service_time_comes_first(moderator: Person) -> None:
    listing = a_listing()
    late, early, fresh = (scenery.a_report(listing) for _ in range(3))
    now = timezone.now()
    for report, hours in ((late, 60), (early, 20), (fresh, 1)):
        Report.objects.filter(pk=report.pk).update(at=now - timedelta(hours=hours))
    found = queue.items(moderator, View())
    assert [item.key for item in found] == [
        f"listings.report:{report.pk}" for report in (late, early, fresh)
    ]
    assert [item.is_late for item in found] == [True, False, False]


def test_every_kind_can_be_asked_for_and_counted(moderator: Person) -> None:
    for kind in KINDS:
        assert kinds(moderator, kind=kind.name) == []
    assert set(queue.counts(moderator).values()) == {0}


def test_every_line_has_its_time_and_leads_somewhere(
    desk: Client, moderator: Person, buyer: Person, seller: Person
) -> None:
    scenery.all_of_it(buyer, seller)
    page = desk.get("/console/").content.decode()
    assert "left" in page
    for item in queue.items(moderator, View()):
        assert item.title in page
        assert f'href="{item.url}"' in page
        assert desk.get(item.url).status_code == 200
    waiting = queue.counts(moderator)
    assert sum(waiting.values()) == len(queue.items(moderator, View()))
    assert f"<b>{sum(waiting.values())}</b>" in desk.get("/console/queue/count/").content.decode()


def test_a_role_sees_what_it_works_on(buyer: Person, seller: Person) -> None:
    scenery.all_of_it(buyer, seller)
    finance = a_person(role="finance", is_staff=True)
    support = a_person(role="support", is_staff=True)
    assert "report" not in kinds(finance)
    assert "difference" in kinds(finance)
    assert kinds(support) == ["incident", "report", "likeness", "review"]
    assert set(queue.counts(support)) >= set(kinds(support))
    assert "difference" not in queue.counts(support)


def test_a_consent_that_waits_is_said(moderator: Person) -> None:
    scenery.in_review()
    a_listing(status=ListingStatus.IN_REVIEW)
    details = [item.detail for item in queue.items(moderator, View())]
    assert "consent to examine" in details[0]
    assert "consent to examine" not in details[1]


def test_a_problem_that_raised_an_incident_is_there_once(moderator: Person) -> None:
    instruction, event = scenery.refused_instruction(), scenery.event_set_aside()
    for key in (f"refused:{instruction.purpose}", f"webhook:{event.event_id}"):
        Incident.objects.create(key=key, kind="refused_by_processor", text="It was refused.")
    assert kinds(moderator) == ["instruction", "webhook"]


def test_what_is_done_is_gone(moderator: Person) -> None:
    listing = a_listing()
    Incident.objects.create(key="old", kind="old", text="Old.", closed_at="2026-11-01T12:00Z")
    report = scenery.a_report(listing)
    report.closed_at = report.at
    report.save()
    WebhookEvent.objects.create(
        event_id="evt_done", type="charge.updated", due_at=None, processed_at=report.at
    )
    assert kinds(moderator) == []


def test_nothing_to_do_is_said(desk: Client) -> None:
    assert "Nothing waits for you" in desk.get("/console/").content.decode()


def test_a_violation_is_said_with_the_freeze(desk: Client) -> None:
    LedgerAudit.objects.create(is_clean=True)
    assert "Payouts are frozen" not in desk.get("/console/").content.decode()
    LedgerAudit.objects.create(
        is_clean=False, violations=[{"invariant": "the books add up", "rows": [["escrow:1"]]}]
    )
    page = desk.get("/console/").content.decode()
    assert "The last ledger audit found 1 violation. Payouts are frozen." in page
    newest = LedgerAudit.objects.first()
    assert newest is not None
    found = desk.get(f"/console/payments/ledgeraudit/{newest.pk}/change/").content.decode()
    assert "the books add up" in found


@pytest.fixture
def report(db: None) -> Report:
    return scenery.a_report(a_listing())


def key(report: Report) -> str:
    return f"listings.report:{report.pk}"


def test_one_at_a_time_is_on_a_case(desk: Client, moderator: Person, report: Report) -> None:
    other = signed_in(a_person(name="Mira", is_staff=True))
    desk.post("/console/queue/claim/", {"key": key(report)})
    assert Claim.objects.get().person == moderator
    taken = other.post("/console/queue/claim/", {"key": key(report)}, follow=True)
    assert "Somebody else was quicker." in taken.content.decode()
    act = f"/console/listings/report/{report.pk}/closure/"
    refused = other.post(act, {"reason": "Looked into it."}, follow=True).content.decode()
    assert "Mo is on this case." in refused
    report.refresh_from_db()
    assert report.closed_at is None
    assert not AuditEntry.objects.filter(act="report_closed").exists()
    # Nobody lets go for another; time does, and they themselves.
    other.post("/console/queue/release/", {"key": key(report)})
    assert Claim.objects.get().person == moderator
    Claim.objects.update(until=timezone.now() - timedelta(seconds=1))
    other.post(act, {"reason": "Looked into it."})
    report.refresh_from_db()
    assert report.closed_at is not None


def test_a_decision_lets_go(desk: Client, report: Report) -> None:
    desk.post("/console/queue/claim/", {"key": key(report)})
    desk.post(f"/console/listings/report/{report.pk}/closure/", {"reason": "Looked into it."})
    assert not Claim.objects.exists()


def test_of_many_who_claim_at_once_one_gets_it(transactional_db: None, report: Report) -> None:
    people = [a_person(is_staff=True) for _ in range(8)]
    taken = at_once([lambda p=person: claims.take(key(report), actor=p) for person in people])
    assert taken.count(True) == 1
    assert taken.count(False) == 7


def test_only_cases_that_the_role_sees_are_claimed(desk: Client, report: Report) -> None:
    support = signed_in(a_person(role="support", is_staff=True))
    for client, name in ((support, "payments.difference:1"), (desk, "auth.group:1"), (desk, "")):
        assert client.post("/console/queue/claim/", {"key": name}).status_code == 403
    away = {"key": key(report), "next": "https://elsewhere.example/console/"}
    assert desk.post("/console/queue/claim/", away).headers["Location"] == "/console/"
    assert Claim.objects.count() == 1


def test_mine_and_unclaimed(desk: Client, moderator: Person, report: Report) -> None:
    listing = scenery.in_review()
    desk.post("/console/queue/claim/", {"key": key(report)})
    assert kinds(moderator, whose="mine") == ["report"]
    assert kinds(moderator, whose="unclaimed") == ["review"]
    other = a_person(is_staff=True)
    assert kinds(other, whose="mine") == []
    page = desk.get("/console/?whose=mine&kind=report").content.decode()
    assert report.listing.title in page
    assert f"/console/listings/listing/{listing.pk}/change/" not in page


def test_the_next_is_the_most_urgent_that_nobody_is_on(
    desk: Client, moderator: Person, report: Report
) -> None:
    scenery.in_review()
    other = signed_in(a_person(is_staff=True))
    first = desk.post("/console/queue/next/")
    assert first.headers["Location"] == f"/console/listings/report/{report.pk}/change/"
    second = other.post("/console/queue/next/")
    assert "/console/listings/listing/" in second.headers["Location"]
    none = other.post("/console/queue/next/", follow=True)
    assert "Nothing waits that nobody is on." in none.content.decode()
    assert Claim.objects.count() == 2


def test_reports_that_say_the_same_are_closed_together(desk: Client, moderator: Person) -> None:
    listing, other = a_listing(), a_listing()
    alike = [scenery.a_report(listing, a_person()) for _ in range(3)]
    own = scenery.a_report(listing, moderator)
    different = scenery.a_report(other)
    address = f"/console/listings/report/{alike[0].pk}/closures/"
    desk.post(address, {"reason": "Asked the seller: it is theirs."})
    still_open = set(Report.objects.filter(closed_at=None).values_list("pk", flat=True))
    assert still_open == {own.pk, different.pk}
    assert AuditEntry.objects.filter(act="report_closed", actor=moderator).count() == 3
    again = desk.post(address, {"reason": "Once more."}, follow=True).content.decode()
    assert "closed already" in again


def test_fifty_cost_as_many_queries_as_one(desk: Client, seller: Person) -> None:
    paths = ("", "queue/count/", "listings/listing/", "listings/report/", "payments/incident/")
    counts = []
    for more in (1, 49):
        for _ in range(more):
            scenery.a_report(scenery.in_review(seller), seller)
            scenery.an_incident()
            scenery.refused_instruction()
            scenery.event_set_aside()
        counts.append({path: queries_of(desk, f"/console/{path}") for path in paths})
    assert counts[0] == counts[1]
    assert max(counts[1].values()) <= 12


def queries_of(client: Client, path: str) -> int:
    cache.clear()
    client.get("/healthz")
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


def test_what_waits_is_found_by_index(moderator: Person) -> None:
    """Every kind but the short lists reads no more of its table than what waits."""
    short = {"proposal", "difference", "policy"}
    read: dict[str, Any] = {}
    with connection.cursor() as cursor:
        for way in ("seqscan", "bitmapscan", "sort"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        for kind in KINDS:
            sql, params = kind.rows().order_by(kind.since).values("pk")[:50].query.sql_with_params()
            cursor.execute(f"EXPLAIN {sql}", params)
            read[kind.name] = "\n".join(line for (line,) in cursor.fetchall())
    own = {kind.name: f"Seq Scan on {kind.rows().model._meta.db_table}" for kind in KINDS}
    assert {name for name, plan in read.items() if own[name] in plan} <= short, read
    assert not [name for name, plan in read.items() if "Sort" in plan and name not in short], read


SEARCHED = (
    *("orders/order", "orders/dispute", "orders/rating", "listings/listing", "listings/report"),
    *("accounts/person", "accounts/auditentry", "accounts/likeness", "payments/posting"),
    *("payments/escrow", "payments/instruction", "payments/payout", "payments/webhookevent"),
)


@pytest.mark.parametrize("page", SEARCHED)
def test_lists_and_searches_read_no_more_than_they_show(
    desk: Client, buyer: Person, page: str
) -> None:
    """However many trades and offers there are: an index leads to each list, e-mail and word."""
    a_disputed_order(buyer)
    table = page.replace("/", "_")
    with connection.cursor() as cursor:
        for way in ("seqscan", "bitmapscan", "sort"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
    for asked in ("", buyer.email, "finished project"):
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(f"/console/{page}/", {"q": asked}).status_code == 200
        lists = [one["sql"] for one in queries if f'FROM "{table}"' in one["sql"]]
        assert lists
        with connection.cursor() as cursor:
            for sql in lists:
                # Words are found through a bitmap, and only the list itself has an order.
                words = "on" if "MATERIALIZED" in sql or " OR " in sql else "off"
                cursor.execute(f"SET LOCAL enable_bitmapscan = {words}")
                cursor.execute(f"EXPLAIN {sql}")
                plan = "\n".join(line for (line,) in cursor.fetchall())
                assert f"Seq Scan on {table}" not in plan, (asked, plan)
                assert asked or not re.search(r"(?<!Incremental )Sort  \(", plan), plan
                # No index helps to look for a part of a word.
                assert "LIKE '%" not in sql, (asked, sql)


def test_a_rare_status_is_found_by_its_index(desk: Client, buyer: Person) -> None:
    """Among a million completed trades, those in dispute."""
    a_disputed_order(buyer)
    with connection.cursor() as cursor:
        for way in ("seqscan", "bitmapscan", "sort"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("DROP INDEX order_newest")
        for status in set(OrderStatus.values) - {OrderStatus.COMPLETED}:
            with CaptureQueriesContext(connection) as queries:
                desk.get("/console/orders/order/", {"status__exact": status})
            (listed,) = [one["sql"] for one in queries if 'FROM "orders_order"' in one["sql"]]
            cursor.execute(f"EXPLAIN {listed}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
            assert "order_by_rare_status" in plan, (status, plan)
            assert "Sort  (" not in plan, (status, plan)


def test_people_and_words_find_their_trades(desk: Client, buyer: Person, buyer2: Person) -> None:
    order = a_sent_order(buyer)

    def found(page: str, asked: str) -> bool:
        text = desk.get(f"/console/{page}/", {"q": asked}).content.decode()
        return str(order.pk) in text or str(order.listing_id) in text

    for asked in (buyer.email.upper(), order.seller.email, "finished credit", str(order.pk)):
        assert found("orders/order", asked), asked
    assert found("listings/listing", order.seller.email)
    assert found("listings/listing", "finished credit")
    for asked in (buyer2.email, "nobody@example.com", "unfinished business"):
        assert not found("orders/order", asked), asked
