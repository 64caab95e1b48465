"""The tables of states, and a move by itself: one row, one event, or nothing at all."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Q

from accounts.models import Person
from accounts.refusals import WrongState
from orders import progress
from payments import escrow
from payments.models import Escrow, EscrowEvent
from tests.money.rows import Told, awaiting, held, now

pytestmark = pytest.mark.django_db
machine = escrow.machine


def test_where_money_may_go() -> None:
    assert machine.table == {
        "awaiting": {"held", "lapsed"},
        "held": {"released", "refunded", "split"},
        "released": set(),
        "refunded": set(),
        "split": set(),
        "lapsed": set(),
    }
    assert machine.final == {"released", "refunded", "split", "lapsed"}


def test_where_a_trade_may_go() -> None:
    assert progress.machine.table == {
        "placed": {"paid", "cancelled"},
        "paid": {"transferred", "disputed", "cancelled"},
        "transferred": {"verified", "disputed", "cancelled"},
        "verified": {"completed", "disputed", "cancelled"},
        "disputed": {"completed", "cancelled"},
        "completed": set(),
        "cancelled": set(),
    }
    assert progress.machine.final == {"completed", "cancelled"}


def test_a_move_with_its_event(buyer: Person, seller: Person) -> None:
    paid = held(buyer, seller)
    since = now(paid).status_since
    machine.advance(paid, "split", kind="k", actor=buyer, note="n", refunded_cents=5)
    assert (paid.status, paid.refunded_cents) == ("split", 5)
    assert (now(paid).status, now(paid).refunded_cents) == ("split", 5)
    assert paid.status_since == now(paid).status_since > since
    assert Told(paid).events()[2:] == ["k held>split B n"]
    machine.remark(paid, kind="r", actor=None)
    machine.begin(paid, kind="b", actor=seller, note="m")
    assert Told(paid).events()[3:] == ["r split>split -", "b >split S m"]


MOVES: list[Callable[[Escrow, str], None]] = [
    lambda row, to: machine.advance(row, to, kind="k", actor=None),
    lambda row, to: machine.advance_all([row.pk], row.status, to, kind="k"),
]


@pytest.mark.parametrize("move", MOVES)
def test_no_other_way(buyer: Person, seller: Person, move: Callable[[Escrow, str], None]) -> None:
    opened, paid = awaiting(buyer, seller), held(buyer, seller)
    tries: list[tuple[Any, str]] = [(opened, "released"), (paid, "held"), (paid, "lapsed")]
    # Somebody else was quicker.
    stale = now(opened)
    machine.advance(opened, "lapsed", kind="first", actor=None)
    before = EscrowEvent.objects.count()
    for row, to in [*tries, (stale, "held")]:
        with pytest.raises(WrongState), transaction.atomic():
            move(row, to)
    assert EscrowEvent.objects.count() == before
    assert (now(opened).status, now(paid).status) == ("lapsed", "held")


def test_only_if(buyer: Person, seller: Person) -> None:
    paid = held(buyer, seller)
    not_so, so = Q(released_cents=1), Q(released_cents=0)
    with pytest.raises(WrongState), transaction.atomic():
        machine.advance(paid, "split", kind="k", actor=None, only_if=not_so)
    with pytest.raises(WrongState), transaction.atomic():
        machine.advance_all([paid.pk], "held", "split", kind="k", only_if=not_so)
    assert (now(paid).status, paid.status) == ("held", "held")
    machine.advance(paid, "split", kind="k", actor=None, only_if=so)
    assert now(paid).status == "split"


def test_many_move_with_their_events_or_none_does(buyer: Person, seller: Person) -> None:
    rows = [held(buyer, seller, mark) for mark in "123"]
    keys = [row.pk for row in rows]
    since = now(rows[0]).status_since
    machine.advance_all(keys[:2], "held", "split", kind="k", note="n", refunded_cents=7)
    for row in rows[:2]:
        assert (now(row).status, now(row).refunded_cents) == ("split", 7)
        assert now(row).status_since > since
        assert Told(row).events()[2:] == ["k held>split - n"]
    with pytest.raises(WrongState), transaction.atomic():
        machine.advance_all(keys, "held", "released", kind="k")
    assert (now(rows[2]).status, len(Told(rows[2]).events())) == ("held", 2)


@pytest.mark.django_db(transaction=True)
def test_a_move_belongs_to_a_transaction(buyer: Person, seller: Person) -> None:
    paid = held(buyer, seller)
    for move in MOVES:
        with pytest.raises(AssertionError, match="belong to one transaction"):
            move(paid, "released")
    assert now(paid).status == "held"
