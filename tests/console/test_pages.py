"""The overview and operations: what they say, to whom, and at which cost."""

import csv
from datetime import timedelta
from io import StringIO

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts import restrictions, suspension
from accounts.models import AuditEntry, Likeness, Notification, Person
from listings.models import ListingEvent
from marketplace.console import alarms, operations
from marketplace.console.overview import AGES, make_due, overview
from orders import disputes
from orders.models import Dispute, Order
from orders.verification.models import BalanceReading
from payments.models import (
    Chargeback,
    Freeze,
    Incident,
    LedgerAudit,
    Suspicion,
    WebhookEvent,
)
from providers import breaker
from tests.console import scenery
from tests.console.conftest import signed_in
from tests.console.test_queue import queries_of
from tests.factories import a_listing, a_person, a_provider
from tests.orders.quarrels import a_disputed_order, a_sent_order
from tests.sandbox_process import SandboxProcess
from tests.verification.measured import Measured


def figures(days: int = 30) -> dict[str, tuple[int | None, int | None]]:
    cache.clear()
    return {one.label: (one.now, one.before) for one in overview(days)["figures"]}


def test_figures_of_two_periods_side_by_side(buyer: Person, moderator: Person) -> None:
    assert figures()["Disputes of trades paid"] == (None, None)
    now = timezone.now()
    old, quarrel = a_sent_order(buyer), a_disputed_order(buyer)
    a_sent_order(buyer)
    Order.objects.filter(pk=old.pk).update(paid_at=now - timedelta(days=40))
    dispute = Dispute.objects.get(order=quarrel)
    disputes.decide(dispute, actor=moderator, outcome="refund", reason="Nothing came.")
    Dispute.objects.filter(pk=dispute.pk).update(opened_at=now - timedelta(hours=50))
    found = figures()
    assert found["Paid"] == (60_00, 30_00)
    assert found["Trades paid"] == (2, 1)
    assert found["Disputes of trades paid"] == (5000, 0)
    assert found["From dispute to a moderator's decision"] == (50, None)
    assert figures(7)["Trades paid"] == (2, 0)


def test_how_long_cases_waited(buyer: Person, moderator: Person) -> None:
    waits = [
        "From handing in to the review of an offer",
        "From a report to its closing",
        "From an incident to its closing",
        "From a likeness to a decision",
    ]
    assert [figures()[label] for label in waits] == [(None, None)] * 4
    now, hours = timezone.now(), timedelta(hours=1)
    live, other = a_listing(status="draft"), a_listing(status="draft")
    for listing, act, waited, ago in (
        (live, "listing_approved", 5, 0),
        (other, "listing_rejected", 9, 40 * 24),
    ):
        decided = now - ago * hours
        AuditEntry.objects.create(act=act, subject=f"listing:{listing.pk}", at=decided)
        for earlier in (100, 0):
            at = decided - (waited + earlier) * hours
            ListingEvent.objects.create(listing=listing, kind="submitted", at=at)
    report = scenery.a_report(live)
    type(report).objects.update(at=now - 7 * hours, closed_at=now)
    Incident.objects.create(key="x", kind="x", text="", raised_at=now - 3 * hours, closed_at=now)
    first, second = sorted([buyer, live.seller], key=lambda person: person.pk)
    Likeness.objects.create(
        first=first,
        second=second,
        raised_at=now - 2 * hours,
        decided_at=now,
        decided_by=moderator,
        decision="different",
    )
    found = figures()
    assert [found[label] for label in waits] == [(5, 9), (7, None), (3, None), (2, None)]


def test_what_was_stopped_is_counted(buyer: Person, moderator: Person) -> None:
    restrictions.restrict(buyer, actor=moderator, kind="buying", reason="Stolen cards.")
    suspension.suspend(buyer, actor=moderator, reason="Stolen cards.")
    for status in ("rejected", "removed", "live"):
        a_listing(status=status)
    for kind in ("cards_declined", "credit_reversed", "credit_reversed", "card_dispute"):
        Incident.objects.create(key=f"{kind}:{Incident.objects.count()}", kind=kind, text="")
    escrow = a_sent_order(a_person()).escrow
    Suspicion.objects.create(remote_id="issfr_1", escrow=escrow, kind="fraud_warning")
    Chargeback.objects.create(remote_id="du_1", escrow=escrow, amount_cents=1)
    found = figures()
    assert found["People suspended or restricted"] == (2, 0)
    assert found["Offers rejected or removed"] == (2, 0)
    assert found["People stopped after declined cards"] == (1, 0)
    assert found["Credit that was gone again"] == (2, 0)
    assert found["Payments suspected of fraud"] == (1, 0)
    assert found["Payments disputed at a bank"] == (1, 0)


def test_how_providers_do(desk: Client, sandbox: SandboxProcess, buyer: Person) -> None:
    a_disputed_order(buyer)
    a_sent_order(buyer)
    one = Measured(sandbox, "openrouter")
    one.holds(granted=20)
    one.lend()
    one.tick(2)
    one.holds(granted=70)
    one.send().tick(2)
    row = BalanceReading.objects.order_by("pk").last()
    assert row is not None
    left = {field.attname: getattr(row, field.attname) for field in row._meta.fields[1:]}
    BalanceReading.objects.create(**left | {"problem": "timeout", "figures": None})
    found = figures()
    assert found["From sending to a measured verdict"] == (0, None)
    assert found["Measured, and inconclusive"] == (0, None)
    assert found["Balance readings without an answer"] == (2000, None)
    first, second = overview(30)["providers"]
    assert (first.trades, first.disputed_bp, first.readings, first.unanswered_bp) == (
        2,
        5000,
        0,
        None,
    )
    assert (second.slug, second.trades, second.disputed_bp) == ("openrouter", 1, 0)
    assert (second.readings, second.unanswered_bp) == (5, 2000)
    page = desk.get("/console/overview/").content.decode()
    assert all(one.name in page for one in (first, second))
    rows = list(csv.reader(StringIO(desk.get("/console/overview/?as=csv").content.decode())))
    assert [f"{second.name}: not answered", "rate", "2000", ""] in rows


def test_what_is_held_is_told_by_age(buyer: Person) -> None:
    order = a_sent_order(buyer)
    type(order.escrow).objects.filter(pk=order.escrow_id).update(
        created_at=timezone.now() - timedelta(days=10)
    )
    a_sent_order(buyer)
    cache.clear()
    held = {label: cents for label, cents, _ in overview(30)["held"]}
    assert held == dict.fromkeys((name for name, *_ in AGES), 0) | {
        "< 1 day": 30_00,
        "7 to 30": 30_00,
    }


def test_a_day_without_a_trade_is_a_nought(buyer: Person) -> None:
    a_sent_order(buyer)
    cache.clear()
    days = overview(7)["volume"]
    assert [cents for _, cents, _ in days] == [0] * 7 + [30_00]


def test_work_that_nobody_takes_up_is_named(desk: Client) -> None:
    def webhooks() -> operations.Due:
        return next(one for one in operations.due() if one.name == "Webhooks to follow up")

    assert (webhooks().count, webhooks().is_late) == (0, False)
    WebhookEvent.objects.create(event_id="evt_1", type="charge.updated")
    assert (webhooks().count, webhooks().is_late) == (1, False)
    WebhookEvent.objects.update(due_at=timezone.now() - timedelta(minutes=6))
    assert webhooks().is_late
    assert "Not taken up" in desk.get("/console/operations/").content.decode()


def test_why_payouts_are_frozen_is_said(desk: Client, moderator: Person) -> None:
    assert "Going out" in desk.get("/console/operations/").content.decode()
    LedgerAudit.objects.create(is_clean=False, violations=[{"invariant": "x", "rows": []}])
    scenery.a_difference()
    Freeze.objects.create(begun_by=moderator, reason="The bank called.")
    page = desk.get("/console/operations/").content.decode()
    for words in ("found 1 violation", "1 difference to decide", "The bank called.", "Frozen"):
        assert words in page


@pytest.mark.parametrize("page", ["overview", "operations"])
def test_who_sees_them(desk: Client, buyer: Person, page: str) -> None:
    assert desk.get(f"/console/{page}/").status_code == 200
    assert desk.post(f"/console/{page}/").status_code == 405
    support = signed_in(a_person(role="support", is_staff=True))
    assert support.get(f"/console/{page}/").status_code == 403
    assert signed_in(buyer).get(f"/console/{page}/").status_code == 302


def test_they_cost_the_same_however_much_there_is(desk: Client, buyer: Person) -> None:
    counts = []
    for more in (1, 4):
        for _ in range(more):
            a_disputed_order(buyer)
            scenery.event_set_aside()
            scenery.refused_instruction()
        pages = ("/console/overview/?days=90", "/console/operations/")
        counts.append([queries_of(desk, page) for page in pages])
    assert counts[0] == counts[1]


def test_a_figure_outside_its_band_is_marked_and_told_once_a_week(
    desk: Client, buyer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = a_person(role="lead", is_staff=True)
    a_disputed_order(buyer)
    cache.clear()
    assert alarms.tell_due() == 0, "one trade says nothing"
    assert "Above its band" not in desk.get("/console/overview/?days=7").content.decode()
    monkeypatch.setitem(alarms.bands(), "least_trades", 1)
    assert alarms.tell_due() == 0, "it was looked at within the hour"
    for _ in range(2):
        cache.clear()
        assert alarms.tell_due() == 1
    assert desk.get("/console/overview/?days=7").content.decode().count("Above its band") == 1
    (told,) = Notification.objects.filter(kind="figure_outside")
    assert (told.person, told.context["now"], told.context["most"]) == (lead, "100%", "5%")


def test_the_worker_counts_the_overview_for_the_pages(buyer: Person) -> None:
    cache.clear()
    assert make_due() == 3
    a_sent_order(buyer)
    assert make_due() == 0
    assert overview(7)["figures"][1].now == 0, "pages show what was counted"
    cache.set("console:figures:7", overview(7) | {"at": timezone.now() - timedelta(minutes=6)})
    assert make_due() == 1
    assert overview(7)["figures"][1].now == 1


def test_every_band_is_of_a_figure(db: None) -> None:
    assert set(alarms.bands()["most"]) <= set(figures())


def test_the_overview_as_a_file(desk: Client, buyer: Person) -> None:
    a_sent_order(buyer)
    cache.clear()
    answer = desk.get("/console/overview/?days=7&as=csv")
    assert "attachment" in answer["Content-Disposition"]
    head, *rows = csv.reader(StringIO(answer.content.decode()))
    assert head == ["figure", "unit", "now", "before"]
    assert ["Paid", "cents", "3000", "0"] in rows
    assert [row[2] for row in rows if row[0] == "Held for days < 1 day"] == ["3000"]


def test_a_provider_that_does_not_answer_is_named(desk: Client) -> None:
    a_provider("quiet")
    cache.clear()
    assert "None is left alone" in desk.get("/console/operations/").content.decode()
    for _ in range(breaker.FAILURES):
        breaker.failed("quiet")
    page = desk.get("/console/operations/").content.decode()
    assert "/console/providers/provider/quiet/change/" in page
