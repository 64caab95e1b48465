"""Incidents, refused instructions, events set aside, reports: closed or tried again."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import models, transaction
from django.test import Client

from accounts.models import AuditEntry, Person
from listings.models import Report
from marketplace.console import queue
from payments import escrow
from payments.models import Escrow, Incident, Instruction, PayoutAccount, WebhookEvent
from tests.console import scenery
from tests.console.conftest import signed_in
from tests.factories import a_listing, a_person

Acts = tuple[Callable[[], models.Model], str, str, str]
ACTS: list[Acts] = [
    (scenery.an_incident, "payments/incident", "closure", "incident_closed"),
    (scenery.refused_instruction, "payments/instruction", "attempt", "instruction_sent_again"),
    (
        scenery.event_set_aside,
        "payments/webhookevent",
        "follow-up",
        "event_followed_up_again",
    ),
    (scenery.event_set_aside, "payments/webhookevent", "dismissal", "event_dismissed"),
    (lambda: scenery.a_report(a_listing()), "listings/report", "closure", "report_closed"),
]
every_act = pytest.mark.parametrize(("make", "where", "act", "entry"), ACTS)


def values(row: models.Model) -> dict[str, Any]:
    found: dict[str, Any] = type(row).objects.filter(pk=row.pk).values().get()  # type: ignore[attr-defined]
    return found


@every_act
def test_a_moderator_acts_with_a_reason(
    desk: Client,
    moderator: Person,
    make: Callable[[], models.Model],
    where: str,
    act: str,
    entry: str,
) -> None:
    row = make()
    before = values(row)
    answer = desk.post(f"/console/{where}/{row.pk}/{act}/", {"reason": "Looked into it."})
    assert answer.status_code == 302
    assert values(row) != before
    audited = AuditEntry.objects.get(act=entry)
    assert (audited.actor, audited.reason) == (moderator, "Looked into it.")
    assert audited.subject == f"{where.split('/')[1]}:{row.pk}"
    assert "Looked into it." in desk.get(f"/console/{where}/{row.pk}/change/").content.decode()


@every_act
def test_once_only(
    desk: Client, make: Callable[[], models.Model], where: str, act: str, entry: str
) -> None:
    row = make()
    address = f"/console/{where}/{row.pk}/{act}/"
    desk.post(address, {"reason": "Looked into it."})
    after = values(row)
    desk.post(address, {"reason": "Once more."})
    assert values(row) == after
    assert AuditEntry.objects.filter(act=entry).count() == 1


@every_act
def test_without_a_reason_or_the_right_nothing_changes(
    desk: Client,
    buyer: Person,
    make: Callable[[], models.Model],
    where: str,
    act: str,
    entry: str,
) -> None:
    row = make()
    before = values(row)
    address = f"/console/{where}/{row.pk}/{act}/"
    assert desk.post(address, {"reason": " "}).status_code == 400
    assert desk.get(address).status_code == 405
    for client in (Client(), signed_in(buyer)):
        assert client.post(address, {"reason": "Let me."}).status_code == 302
    assert values(row) == before
    assert not AuditEntry.objects.filter(act=entry).exists()


def test_sending_again_is_a_new_attempt(desk: Client) -> None:
    row = scenery.refused_instruction()
    Incident.objects.create(key=f"refused:{row.purpose}", kind="refused", text="It was refused.")
    key = row.key
    desk.post(f"/console/payments/instruction/{row.pk}/attempt/", {"reason": "Funded now."})
    row.refresh_from_db()
    assert (row.status, row.attempt, row.error, row.first_sent_at) == ("ready", 2, "", None)
    assert row.due_at is not None
    assert row.key != key
    assert not Incident.objects.filter(closed_at=None).exists()


@pytest.mark.parametrize("kind", ["payout", "checkout", "expire"])
def test_what_has_ended_is_not_sent_again(desk: Client, kind: str) -> None:
    row = scenery.refused_instruction()
    Instruction.objects.filter(pk=row.pk).update(kind=kind)
    before = values(row)
    assert (
        "Send again"
        not in desk.get(f"/console/payments/instruction/{row.pk}/change/").content.decode()
    )
    desk.post(f"/console/payments/instruction/{row.pk}/attempt/", {"reason": "Please."})
    assert values(row) == before


@pytest.fixture
def own_escrow(moderator: Person, buyer: Person) -> Escrow:
    """Money that the moderator is to receive."""
    with transaction.atomic():
        return escrow.open_escrow(
            reference="00000000-0000-4000-8000-000000000001",  # type: ignore[arg-type]
            buyer=buyer,
            seller=moderator,
            currency="USD",
            price_cents=100,
            commission_cents=8,
        )


def test_nobody_repairs_their_own_money(
    desk: Client, moderator: Person, own_escrow: Escrow
) -> None:
    incident = scenery.an_incident()
    Incident.objects.filter(pk=incident.pk).update(escrow=own_escrow)
    rows = [
        ("payments/incident", incident, "closure"),
        ("payments/instruction", scenery.refused_instruction(escrow=own_escrow), "attempt"),
        ("payments/instruction", scenery.refused_instruction(person=moderator), "attempt"),
    ]
    own_report = scenery.a_report(a_listing(seller=moderator_as_seller(moderator)))
    rows.append(("listings/report", own_report, "closure"))
    for where, row, act in rows:
        before = values(row)
        page = desk.get(f"/console/{where}/{row.pk}/change/").content.decode()
        assert "another moderator decides" in page
        answer = desk.post(f"/console/{where}/{row.pk}/{act}/", {"reason": "Mine."}, follow=True)
        assert "Nobody decides on" in answer.content.decode()
        assert values(row) == before
    assert not AuditEntry.objects.filter(actor=moderator).exists()


def moderator_as_seller(moderator: Person) -> Person:
    PayoutAccount.objects.create(person=moderator, remote_id="acct_mo", ready=True)
    return moderator


def test_a_report_leads_to_the_offer(desk: Client) -> None:
    report = scenery.a_report(a_listing(), a_person())
    page = desk.get(f"/console/listings/report/{report.pk}/change/").content.decode()
    assert f"/console/listings/listing/{report.listing_id}/change/" in page
    offer = desk.get(f"/console/listings/listing/{report.listing_id}/change/").content.decode()
    assert "This was mine." in offer
    assert Report.objects.filter(closed_at=None).exists()


def test_dismissed_is_not_followed_up(desk: Client) -> None:
    event = scenery.event_set_aside()
    desk.post(f"/console/payments/webhookevent/{event.pk}/dismissal/", {"reason": "Known."})
    event = WebhookEvent.objects.get(pk=event.pk)
    assert event.processed_at is not None
    assert event.due_at is None


def test_a_failed_payout_waits_until_somebody_has_looked_after_it(
    desk: Client, moderator: Person, seller: Person
) -> None:
    payout = scenery.a_failed_payout(seller)
    (waits,) = queue.items(moderator, queue.View())
    assert (waits.kind.name, waits.title, waits.detail) == (
        "payout",
        seller.email,
        "account_closed",
    )
    address = f"/console/payments/payout/{payout.pk}/closure/"
    Person.objects.filter(pk=seller.pk).update(is_staff=True, role="finance")
    seller.refresh_from_db()
    own = signed_in(seller).post(address, {"reason": "Mine."}, follow=True).content.decode()
    assert "Nobody decides on their own case." in own
    assert queue.items(moderator, queue.View()) != []
    desk.post(address, {"reason": "They gave another account."}, follow=True)
    assert queue.items(moderator, queue.View()) == []
    assert AuditEntry.objects.filter(act="payout_looked_after").count() == 1
    again = desk.post(address, {"reason": "Once more."}, follow=True).content.decode()
    assert AuditEntry.objects.filter(act="payout_looked_after").count() == 1
    assert "off the queue" not in again
