"""Abuse case 64: staff read a code only by breaking the glass; it is on record, its owners know."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.http import HttpResponse
from django.test import Client

from accounts.models import AuditEntry, Notification, Person, Proposal
from listings import vault
from listings.models import Code
from marketplace import ledger_audit
from orders.models import CodeOpening, Order
from tests.console.conftest import signed_in
from tests.console.test_access import pages
from tests.factories import a_person
from tests.orders.quarrels import a_disputed_order
from tests.sessions import shown

CANARY = "CANARY-64-AAAA"
WHY = "The buyer says it was used; the provider's support asked for it."


@pytest.fixture
def order(buyer: Person) -> Order:
    return a_disputed_order(buyer, codes=[CANARY, "CANARY-64-BBBB"], face_value_cents=100_00)


@pytest.fixture
def code(order: Order) -> Code:
    return vault.of(order.pk)[0]


@pytest.fixture
def lead(db: None) -> Client:
    return signed_in(a_person(role="lead", is_staff=True))


def ask(client: Client, code: Code, reason: str = WHY) -> HttpResponse:
    address = f"/console/listings/code/{code.pk}/opening/"
    return client.post(address, {"reason": reason}, follow=True)


def agree(client: Client) -> str:
    proposal = Proposal.objects.get(state="open")
    address = f"/console/accounts/proposal/{proposal.pk}/agreement/"
    given = {"reason": "I looked at the case.", "digest": proposal.digest}
    return client.post(address, given, follow=True).content.decode()


def reading(client: Client, code: Code) -> HttpResponse:
    return client.post(f"/console/listings/code/{code.pk}/reading/", follow=True)


def walk(client: Client) -> None:
    """No page of the console shows the code, whatever is asked of it."""
    addresses = ["/console/", "/console/overview/", "/console/operations/"]
    for known, where, _ in pages():
        addresses += [where, f"{where}?q=CANAR"]
        addresses += [known.address(row) for row in known.model._default_manager.all()]
    for address in addresses:
        text = client.get(address).content.decode().replace("q=CANAR", "")
        assert "CANARY" not in text, address


@pytest.mark.django_db(transaction=True)
def test_case_64_a_code_is_read_once_by_two_and_its_owners_are_told(
    order: Order, code: Code, desk: Client, moderator: Person, lead: Client
) -> None:
    assert b"CANARY" not in reading(desk, code).content
    assert "Give a reason." in ask(desk, code, "").content.decode()
    assert not Proposal.objects.exists()
    assert "Proposed" in ask(desk, code).content.decode()
    assert b"CANARY" not in reading(desk, code).content
    assert not AuditEntry.objects.filter(act="code_read").exists()
    assert "done exactly as proposed" in agree(lead)
    # Open to whoever asked, and to nobody else: not even to whoever agreed.
    assert b"CANARY" not in reading(lead, code).content
    walk(desk)
    answer = reading(desk, code)
    assert CANARY in answer.content.decode()
    assert "CANARY-64-BBBB" not in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    # Once.
    assert b"CANARY" not in reading(desk, code).content
    walk(desk)
    acts = AuditEntry.objects.filter(subject=f"code:{code.pk}").order_by("id")
    assert list(acts.values_list("act", flat=True)) == [
        *("proposed", "proposal_agreed", "code_opened", "code_read"),
    ]
    entry = acts.get(act="code_opened")
    assert (entry.actor, entry.reason) == (moderator, WHY)
    assert entry.details["order"] == str(order.pk)
    told = Notification.objects.filter(kind="code_read", mail_due_at__isnull=False)
    assert set(told.values_list("person_id", flat=True)) == {order.buyer_id, order.seller_id}
    for kept in (AuditEntry, Notification, Proposal):
        assert "CANARY" not in str(list(kept.objects.values()))
    assert ledger_audit.violations() == []


def test_case_64_roles_parties_and_a_stale_proof_are_refused(
    order: Order, code: Code, lead: Client
) -> None:
    for role in ("support", "finance", "admin"):
        assert ask(signed_in(a_person(role=role, is_staff=True)), code).status_code == 403
    party = order.seller
    Person.objects.filter(pk=party.pk).update(is_staff=True, role="moderator")
    party.refresh_from_db()
    assert "Nobody decides on their own case." in ask(signed_in(party), code).content.decode()
    tired = a_person(is_staff=True)
    client = signed_in(tired)
    session = client.session
    session.clear()
    session.save()
    client.force_login(tired, backend="django.contrib.auth.backends.ModelBackend")
    shown(client, tired, "mfa", seconds_ago=3600)
    address = f"/console/listings/code/{code.pk}/"
    for act in ("opening", "reading"):
        answer = client.post(f"{address}{act}/", {"reason": WHY})
        assert (answer.status_code, "reauthenticate" in answer.headers["Location"]) == (302, True)
    assert not Proposal.objects.exists()
    assert not CodeOpening.objects.exists()
    assert not AuditEntry.objects.filter(act__startswith="code").exists()


def test_case_64_one_code_at_a_time_and_not_for_long(
    order: Order, code: Code, desk: Client, moderator: Person, lead: Client
) -> None:
    second = Code.objects.exclude(pk=code.pk).get()
    ask(desk, code)
    agree(lead)
    # Another is refused to whoever has not read or let lapse the first.
    assert "One code at a time" in ask(desk, second).content.decode()
    with pytest.raises(IntegrityError), transaction.atomic():
        CodeOpening.objects.create(code=second, by=moderator)
    CodeOpening.objects.update(ends_at=Now() - timedelta(seconds=1))
    assert b"CANARY" not in reading(desk, code).content
    assert not AuditEntry.objects.filter(act="code_read").exists()
    assert not Notification.objects.filter(kind="code_read").exists()
    assert "Proposed" in ask(desk, second).content.decode()


def test_case_64_a_code_that_changed_hands_meanwhile_is_not_read(
    order: Order, code: Code, desk: Client, lead: Client
) -> None:
    ask(desk, code)
    agree(lead)
    Code.objects.filter(pk=code.pk).update(reserved_for=uuid4())
    page = desk.get(f"/console/listings/code/{code.pk}/change/").content.decode()
    assert "Read the code" not in page
    assert b"CANARY" not in reading(desk, code).content
    assert not AuditEntry.objects.filter(act="code_read").exists()
    Code.objects.filter(pk=code.pk).update(reserved_for=order.pk)
    assert CANARY in reading(desk, code).content.decode()
