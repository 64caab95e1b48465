"""Each way of cooking the books by hand is found by the audit."""

import tomllib
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test import override_settings

from accounts.models import Person
from listings import publishing
from listings.models import Listing
from marketplace import ledger_audit
from orders import baskets, completion, proposals, transfer
from simulator import audit
from tests.factories import a_listing
from tests.orders.quarrels import a_disputed_order
from tests.orders.test_baskets import a_basket, give_card
from tests.trade import an_offer, paid, placed

CRIMES = tomllib.loads(Path(__file__).with_name("crimes.toml").read_text())


@pytest.fixture
def books_of_three(buyer: Person, moderator: Person, listing: Listing) -> None:
    done = paid(placed(buyer, listing, 50_00))
    transfer.send(done, actor=done.seller, note="x")
    completion.confirm(done, actor=buyer)
    quarrel = a_disputed_order(buyer)
    offered = proposals.propose(quarrel, actor=buyer, refund_cents=5_00)
    proposals.accept(quarrel, actor=quarrel.seller, proposal_id=offered.pk)
    coded = an_offer(codes=["AAAA-1111", "BBBB-2222"])
    paid(placed(buyer, coded, 50_00))
    placed(buyer, listing, 20_00)
    in_parts = paid(placed(buyer, an_offer(), 50_00))
    with override_settings(PARTS_FROM_CENTS=50_00):
        transfer.send(in_parts, actor=in_parts.seller, note="x", part_cents=10_00)
        completion.confirm(in_parts, actor=buyer)
        transfer.send(in_parts, actor=in_parts.seller, note="x", part_cents=10_00)
    basket = a_basket(buyer, [a_listing(), a_listing()])
    give_card(basket)
    baskets.returned(basket)
    gone = an_offer()
    publishing.remove(gone, actor=moderator, reason="Stolen")
    assert ledger_audit.violations() == []


def test_the_audit_notices_each_crime(books_of_three: None) -> None:
    assert [crime for crime, sql in CRIMES.items() if not _noticed(crime, sql)] == []


def _noticed(crime: str, sql: str) -> bool:
    """Whether anything is found while it is committed; then it is undone."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql)
        assert cursor.rowcount > 0, crime
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
        found = ledger_audit.violations()
        at_once = set(audit.broken())
        transaction.set_rollback(True)
    names = {row["invariant"] for row in found}
    invariants = ledger_audit.INVARIANTS.keys()
    assert (names & invariants, bool(names)) == (at_once & invariants, bool(at_once)), crime
    return bool(found)
