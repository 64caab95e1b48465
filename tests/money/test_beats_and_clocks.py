"""Who drives what is due, and by whose clock."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import Person
from marketplace import sweeps
from orders import deadlines
from payments import collection, escrow, instructions
from payments.models import Escrow
from tests.money.rows import held
from tests.trade import at_once


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["sweep", "poll", "audit", "count"])
def test_of_two_beats_one_runs(name: str) -> None:
    """Case 50: the second finds that somebody is at it, on whichever machine, and does nothing."""
    with sweeps.alone(name) as mine:
        assert mine
        assert at_once([getattr(sweeps, name)]) == [{}]
    assert at_once([lambda: sweeps.alone(name).__enter__()]) == [True]


@pytest.mark.django_db
@pytest.mark.parametrize("days", [-1, 1])
def test_a_worker_whose_clock_is_wrong_decides_nothing_by_it(
    buyer: Person, seller: Person, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    """Case 51: the database's clock decides what is due."""
    paid = held(buyer, seller)
    escrow.release(paid, actor=None, reason="")
    due = instructions.due()
    assert len(due) == 1
    wrong = datetime.now(UTC) + timedelta(days=days)
    monkeypatch.setattr(timezone, "now", lambda: wrong)
    monkeypatch.setattr("time.time", wrong.timestamp)
    assert instructions.due() == due
    assert deadlines.due() == []
    claimed = instructions._claim(due[0])
    assert claimed is not None
    assert instructions.due() == []
    assert claimed.first_sent_at is not None
    assert abs(claimed.first_sent_at - datetime.now(UTC)) < timedelta(minutes=5)
    Escrow.objects.update(poll_due_at=datetime.now(UTC) + timedelta(hours=12))
    assert collection.collect_due() == 0
