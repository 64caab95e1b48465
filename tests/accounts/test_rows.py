"""Rows that are written together, and queries that are built once."""

from datetime import datetime

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts import bulk
from accounts.models import Notification, Person
from listings import stock
from listings.models import Listing
from payments.models import Instruction
from tests.factories import a_listing, a_person

pytestmark = pytest.mark.django_db


def a_notice(person: Person, key: str, context: object) -> Notification:
    return Notification(person=person, kind="order_placed", key=key, context=context)


def test_what_the_database_fills_in_is_read_when_it_is_asked_for(buyer: Person) -> None:
    row = Instruction(kind="account", purpose="one", params={"a": 1}, person=buyer, due_at=None)
    bulk.add(row)
    with CaptureQueriesContext(connection) as queries:
        assert isinstance(row.created_at, datetime)
        assert row.purpose == "one"
    assert len(queries) == 1
    found = Instruction.objects.get()
    assert (found.pk, found.params, found.person, found.due_at) == (row.pk, {"a": 1}, buyer, None)


def test_a_text_in_a_json_column_stays_a_text(buyer: Person) -> None:
    bulk.add(a_notice(buyer, "one", "null"))
    assert Notification.objects.get().context == "null"


def test_rows_of_several_tables_go_out_in_one_statement(buyer: Person) -> None:
    bulk.add(a_notice(buyer, "known", {}))
    with CaptureQueriesContext(connection) as queries, bulk.together():
        bulk.add(a_notice(buyer, "one", {}))
        bulk.add(a_notice(buyer, "two", {}))
        bulk.insert(
            Notification,
            [{"person_id": buyer.pk, "kind": "order_placed", "key": "three", "context": {}}],
        )
        bulk.add(a_notice(buyer, "known", {}), ignore_conflicts=True)
        assert Notification.objects.count() == 1
    assert len([one for one in queries if "INSERT" in one["sql"]]) == 1
    keys = sorted(Notification.objects.values_list("key", flat=True))
    assert keys == ["known", "one", "three", "two"]


def test_where_something_breaks_nothing_of_it_goes_out(buyer: Person) -> None:
    def half() -> None:
        with bulk.together():
            bulk.add(a_notice(buyer, "one", {}))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    bulk.add(a_notice(buyer, "two", {}))
    assert [row.key for row in Notification.objects.all()] == ["two"]


@pytest.mark.django_db(transaction=True)
def test_together_is_part_of_a_transaction(buyer: Person) -> None:
    with pytest.raises(AssertionError), bulk.together():
        pass
    with transaction.atomic(), bulk.together():
        bulk.add(a_notice(buyer, "one", {}))
    assert Notification.objects.count() == 1


@pytest.mark.parametrize("status", ["draft", "in_review", "live", "paused", "removed"])
def test_an_offer_to_buy_of_is_found_by_whoever_may_load_it(
    status: str, seller: Person, moderator: Person, buyer: Person
) -> None:
    offer = a_listing(seller=seller, status=status)
    a_listing()  # another's
    merged = a_person(name="who merged the seller's account into theirs")
    Person.objects.filter(pk=seller.pk).update(merged_into=merged, is_active=False)
    found = []
    for person in (seller, moderator, buyer, merged):
        may_load = Listing.objects.visible_to(person).filter(pk=offer.pk).exists()
        one = stock.offer(offer.pk, buyer=person)
        assert (one == offer) is may_load
        found.append(may_load)
    public = status in ("live", "paused")
    assert found == [True, True, public, True]
