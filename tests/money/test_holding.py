"""No payment is held until the processor's limit: people are told, what lies apart goes back."""

import re
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.core.checks import run_checks
from django.db.models import F
from django.db.models.functions import Now

from accounts.models import AuditEntry, Person
from marketplace.local import environment
from orders import longest
from payments import escrow, holding, ledger, repairs
from payments.models import Escrow, Incident, Instruction
from tests.money.rows import awaiting, held
from tests.money.test_escrow_steps import payment

pytestmark = pytest.mark.django_db


def since(row: Escrow, *, days: float) -> None:
    past = Now() - timedelta(days=days, minutes=1)
    rows = Escrow.objects.filter(pk=row.pk)
    rows.update(created_at=past)
    rows.filter(quarantined_at__isnull=False).update(quarantined_at=past)


def test_what_lies_apart_goes_back_before_the_limit(buyer: Person, seller: Person) -> None:
    apart, fine = awaiting(buyer, seller), held(buyer, seller, "2")
    escrow.record_payment(apart.pk, payment(amount_cents=2999))
    since(fine, days=80)
    since(apart, days=74.9)
    assert holding.due_back() == []
    since(apart, days=75)
    assert holding.due_back() == [apart.pk]
    for _ in range(2):
        holding.give_back(apart.pk)
    assert holding.due_back() == []
    back = Instruction.objects.get(kind="refund")
    assert (back.escrow_id, back.params) == (
        apart.pk,
        {"charge": "ch_1", "amount": 2999, "metadata": {"instruction": str(back.pk)}},
    )
    assert ledger.balance(ledger.quarantine(apart.pk), "USD") == 0
    assert ledger.balance(ledger.owed_to_buyer(buyer.pk), "USD") == 2999
    entry = AuditEntry.objects.get(act="quarantine_returned")
    assert (entry.actor, entry.reason) == (None, holding.REASON)
    assert not Incident.objects.filter(closed_at=None).exists()


def test_a_moderator_who_was_quicker_is_not_repeated(
    buyer: Person, seller: Person, moderator: Person
) -> None:
    apart = awaiting(buyer, seller)
    escrow.record_payment(apart.pk, payment(amount_cents=2999))
    since(apart, days=80)
    repairs.return_quarantined(apart, actor=moderator, reason="Another amount.")
    holding.give_back(apart.pk)
    assert Instruction.objects.filter(kind="refund").count() == 1


def test_people_are_told_once_of_what_is_held_for_long(
    buyer: Person, seller: Person, settings: LazySettings
) -> None:
    old, young, ended = (held(buyer, seller, mark) for mark in "123")
    Escrow.objects.filter(pk=ended.pk).update(status="released", released_cents=F("price_cents"))
    for row, days in ((old, 60), (young, 59), (ended, 80)):
        since(row, days=days)
    assert (holding.report_due(), holding.report_due()) == (1, 0)
    told = Incident.objects.get(kind="held_long")
    assert told.escrow == old
    assert "90 days" in told.text
    settings.HOLDING_LIMIT_DAYS = 10
    assert holding.report_due() == 1, "what was told of leaves room"
    assert Incident.objects.count() == 2


def test_clocks_that_outlast_the_limit_are_refused(settings: LazySettings) -> None:
    """By those of .env.example a trade ends in time: `make check` asks the same."""
    written = (environment.ROOT / ".env.example").read_text()
    for name, value in re.findall(r"^(\w+(?:_WITHIN|COOLING_OFF)_SECONDS)=(\d+)$", written, re.M):
        setattr(settings, name, int(value))
    assert round(longest.days()) == 65
    assert run_checks() == []
    settings.HOLDING_LIMIT_DAYS = 77
    (refused,) = run_checks()
    assert refused.id == "orders.E001"
    assert "65 days; no payment is held above 64" in refused.msg
