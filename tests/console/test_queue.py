"""The front page: everything that waits, the most urgent first, at the same cost however much."""

from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Person
from listings.models import ListingStatus
from marketplace.console import queue
from payments.models import Incident, LedgerAudit, WebhookEvent
from tests.console import scenery
from tests.factories import a_listing


def kinds() -> list[str]:
    return [item.kind for item in queue.overview()["items"]]


def test_the_most_urgent_comes_first(db: None, buyer: Person, seller: Person) -> None:
    scenery.all_of_it(buyer, seller)
    urgent = ["Incident", "Difference", "Instruction", "Webhook set aside"]
    assert kinds() == [*urgent, "Report", "One person?", "Review"]


def test_every_line_has_its_age_and_leads_somewhere(
    desk: Client, buyer: Person, seller: Person
) -> None:
    scenery.all_of_it(buyer, seller)
    page = desk.get("/console/").content.decode()
    assert "minutes" in page
    for item in queue.overview()["items"]:
        assert item.title in page
        assert f'href="{item.url}"' in page
        assert desk.get(item.url).status_code == 200


def test_a_consent_that_waits_is_said(db: None) -> None:
    scenery.in_review()
    a_listing(status=ListingStatus.IN_REVIEW)
    details = [item.detail for item in queue.overview()["items"]]
    assert "consent to examine" in details[0]
    assert "consent to examine" not in details[1]


def test_a_problem_that_raised_an_incident_is_there_once(db: None) -> None:
    instruction, event = scenery.refused_instruction(), scenery.event_set_aside()
    for key in (f"refused:{instruction.purpose}", f"webhook:{event.event_id}"):
        Incident.objects.create(key=key, kind="refused_by_processor", text="It was refused.")
    assert kinds() == ["Instruction", "Webhook set aside"]


def test_what_is_done_is_gone(db: None) -> None:
    listing = a_listing()
    Incident.objects.create(key="old", kind="old", text="Old.", closed_at="2026-11-01T12:00Z")
    report = scenery.a_report(listing)
    report.closed_at = report.at
    report.save()
    WebhookEvent.objects.create(
        event_id="evt_done", type="charge.updated", due_at=None, processed_at=report.at
    )
    assert kinds() == []


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


def test_fifty_cost_as_many_queries_as_one(desk: Client, seller: Person) -> None:
    paths = ("", "listings/listing/", "listings/report/", "payments/incident/")
    counts = []
    for more in (1, 49):
        for _ in range(more):
            scenery.a_report(scenery.in_review(seller), seller)
            scenery.an_incident()
            scenery.refused_instruction()
            scenery.event_set_aside()
        counts.append({path: queries_of(desk, f"/console/{path}") for path in paths})
    assert counts[0] == counts[1]
    assert max(counts[1].values()) <= 16


def queries_of(client: Client, path: str) -> int:
    cache.clear()
    client.get("/healthz")
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)
