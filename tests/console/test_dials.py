"""Fees and limits: two people turn them, from a day on; what was placed keeps its quote."""

from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts import dials, kept
from accounts.models import AuditEntry, Dial, DialChange, Person, Proposal
from accounts.refusals import Invalid, WrongState
from listings import publishing
from listings.refusals import TooMuchOpen
from orders import checkout
from orders.models import Order
from orders.refusals import TooManyOpenOrders
from tests.console.conftest import signed_in
from tests.factories import a_listing, a_person

TOMORROW = timezone.now().date() + timedelta(days=1)


@pytest.fixture(autouse=True)
def _rows(db: None) -> Iterator[None]:
    dials.make_rows()
    yield
    kept.forget_all()


@pytest.fixture
def lead() -> Person:
    return a_person(role="lead", is_staff=True)


def turned(name: str, value: int, actor: Person, **when: Any) -> None:
    given = {"begins_on": None, "reason": "Decided in the meeting."} | when
    dials.turn(Dial.objects.get(pk=name), actor=actor, value=value, **given)


def an_order(buyer: Person) -> Order:
    with transaction.atomic():
        return checkout.reserve(buyer=buyer, listing=a_listing(), face_value_cents=50_00)


def test_each_dial_is_a_setting_with_a_row() -> None:
    assert set(dials.MEANINGS) == set(import_module("accounts.migrations.0001_first_release").NAMES)
    for name, meaning in dials.MEANINGS.items():
        assert meaning.least <= dials.now(name) <= meaning.most or name.endswith("OPEN_CENTS")


def test_two_people_change_the_commission_and_orders_keep_theirs(
    office: Client, lead: Person, buyer: Person, client: Client
) -> None:
    before = an_order(buyer)
    assert before.commission_cents == 2_40
    address = "/console/accounts/dial/COMMISSION_BP/"
    looked = office.get(f"{address}change/?value=1000").content.decode()
    assert "orders paid in the last 30 days" in looked
    given = {"value": 1000, "reason": "Card fees rose."}
    assert "Proposed" in office.post(f"{address}turning/", given, follow=True).content.decode()
    assert dials.now("COMMISSION_BP") == 800
    proposal = Proposal.objects.get()
    agreed = {"digest": proposal.digest, "reason": "They did."}
    signed_in(lead).post(f"/console/accounts/proposal/{proposal.pk}/agreement/", agreed)
    assert dials.now("COMMISSION_BP") == 1000
    assert an_order(buyer).commission_cents == 3_00
    before.refresh_from_db()
    assert (before.commission_cents, before.escrow.commission_cents) == (2_40, 2_40)
    kept.forget_all()
    assert "Sellers pay 10% of the price" in client.get("/fees/").content.decode()
    history = office.get(f"{address}change/").content.decode()
    assert "Card fees rose." in history
    entry = AuditEntry.objects.get(act="dial_turned")
    assert entry.details == {"before": 800, "after": 1000, "begins_on": ""}


def test_it_counts_from_its_day_on_and_the_newest_word_on_a_day_counts(lead: Person) -> None:
    turned("COMMISSION_BP", 1000, lead, begins_on=TOMORROW)
    assert dials.now("COMMISSION_BP") == 800
    turned("COMMISSION_BP", 700, lead)
    assert dials.now("COMMISSION_BP") == 700
    turned("COMMISSION_BP", 700, lead, begins_on=TOMORROW)
    values = DialChange.objects.values_list("value", flat=True)
    assert list(values) == [700, 1000, 700]
    assert dials.now("COMMISSION_BP") == 700


def test_what_makes_no_sense_is_refused_and_history_stays(lead: Person) -> None:
    for name, value in (
        ("COMMISSION_BP", 3001),
        ("MAX_OPEN_ORDERS_PER_BUYER", 0),
        ("NEW_SELLER_OPEN_CENTS", dials.now("ESTABLISHED_SELLER_OPEN_CENTS") + 1),
        ("ESTABLISHED_SELLER_OPEN_CENTS", dials.now("NEW_SELLER_OPEN_CENTS") - 1),
    ):
        with pytest.raises(Invalid):
            turned(name, value, lead)
    with pytest.raises(WrongState):
        turned("COMMISSION_BP", dials.now("COMMISSION_BP"), lead)
    assert not DialChange.objects.exists()
    assert not AuditEntry.objects.exists()
    turned("COMMISSION_BP", 900, lead)
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        DialChange.objects.update(value=0)
    past = {"before": 0, "by": lead, "begins_at": timezone.now() - timedelta(days=1)}
    with pytest.raises(IntegrityError), transaction.atomic():
        DialChange.objects.create(dial_id="COMMISSION_BP", value=1, **past)


def test_limits_bite_where_they_stand(lead: Person, buyer: Person, seller: Person) -> None:
    an_order(buyer)
    turned("MAX_OPEN_ORDERS_PER_BUYER", 1, lead)
    with pytest.raises(TooManyOpenOrders):
        an_order(buyer)
    turned("NEW_SELLER_OPEN_CENTS", 100_00, lead)
    draft = a_listing(seller=seller, status="draft")
    with pytest.raises(TooMuchOpen):
        publishing.submit(draft, actor=seller)


@pytest.mark.parametrize("name", list(dials.MEANINGS))
def test_every_dial_says_what_another_value_would_mean(
    office: Client, buyer: Person, name: str
) -> None:
    an_order(buyer)
    page = office.get(f"/console/accounts/dial/{name}/change/?value=1").content.decode()
    expected = {
        "NEW_SELLER_OPEN_CENTS": "1 new sellers have more than that",
        "ESTABLISHED_SELLER_OPEN_CENTS": "0 established sellers",
        "MAX_OPEN_ORDERS_PER_BUYER": "0 buyers have more",
        "COMMISSION_BP": "Of the 0 orders paid",
        "FOUR_EYES_ABOVE_CENTS": "0 of the 0 disputes",
        "MONEY_DECISIONS_PER_HOUR": "In 0 hours",
    }
    assert expected[name] in page
    odd = office.get(f"/console/accounts/dial/{name}/change/?value=much").content.decode()
    assert "Looking changes nothing." in odd
