"""Payouts by themselves, from an amount on, and what is kept back from new sellers."""

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db import transaction
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from payments import ledger, payout_plans, payouts, reserve
from payments.models import Instruction, Payout, PayoutAccount, PayoutPlan, Posting
from payments.refusals import BelowMinimum
from tests.factories import a_person, a_standing

DAY = timedelta(days=1)


@pytest.fixture
def _audited() -> None:
    """These rows are made without trades: there is nothing to audit."""


@pytest.fixture
def seller(db: None) -> Person:
    """Somebody with $10 in their account since yesterday, and $20 since now."""
    person = a_person(name="Sol")
    PayoutAccount.objects.create(person=person, remote_id="acct_1", ready=True)
    Posting.objects.create(
        key="released",
        source="escrow:x",
        destination=ledger.owed_to_seller(person.pk),
        amount_cents=30_00,
        currency="USD",
    )
    for number, (cents, at) in enumerate(((10_00, timezone.now() - DAY), (20_00, timezone.now()))):
        Posting.objects.create(
            key=f"x{number}",
            source=ledger.owed_to_seller(person.pk),
            destination=ledger.at_processor(person.pk),
            amount_cents=cents,
            currency="USD",
            at=at,
        )
    return person


def test_a_plan_pays_from_its_minimum_on_and_once_a_time(seller: Person) -> None:
    payout_plans.choose(seller, every="daily", minimum_cents=31_00)
    (plan,) = payout_plans.due()
    assert payout_plans.pay(plan) is None
    assert not Payout.objects.exists()
    assert payout_plans.due() == [], "the next time is tomorrow"
    payout_plans.choose(seller, every="daily", minimum_cents=30_00)
    assert payout_plans.pay(plan) == Payout.objects.get().pk
    assert Payout.objects.get().amount_cents == 30_00
    assert payout_plans.pay(plan) is None
    # Not paid out again while one is on its way, nor after weeks without a worker all at once.
    PayoutPlan.objects.update(due_at=Now() - 20 * DAY)
    assert payout_plans.pay(plan) is None
    assert payout_plans.due() == []
    assert Instruction.objects.filter(kind="payout").count() == 1
    payout_plans.choose(seller, every="", minimum_cents=30_00)
    assert payout_plans.due() == []


def test_a_new_seller_keeps_a_part_until_it_becomes_free(
    seller: Person, settings: LazySettings
) -> None:
    settings.RESERVE_BP, settings.RESERVE_SECONDS = 1000, 36 * 3600
    first, second = reserve.steps(seller, "USD")
    assert (first.cents, second.cents) == (1_00, 2_00)
    assert second.at - first.at == pytest.approx(DAY, abs=timedelta(seconds=5))
    found = payouts.balances(seller)
    assert found.reserved_cents == 3_00
    settings.RESERVE_SECONDS = 12 * 3600
    assert [step.cents for step in reserve.steps(seller, "USD")] == [2_00]
    with transaction.atomic():
        assert payouts.request_payout(seller).amount_cents == 28_00
    a_standing(seller, completed=settings.RESERVE_TRADES)
    assert reserve.steps(seller, "USD") == []


def test_less_than_the_smallest_payout_is_refused(seller: Person, settings: LazySettings) -> None:
    settings.PAYOUT_MINIMUM_CENTS = 30_01
    with pytest.raises(BelowMinimum):
        payouts.request_payout(seller)
    assert not Payout.objects.exists()


def test_the_page_takes_a_plan_and_shows_the_reserve(
    seller: Person, client: Client, settings: LazySettings
) -> None:
    settings.RESERVE_BP = 1000
    client.force_login(seller)
    page = client.get("/account/payouts/").content.decode()
    assert "In reserve" in page
    assert "$2.00" in page
    given = {"every": "weekly", "minimum": "25"}
    assert client.post("/account/payouts/plan/", given).status_code == 302
    plan = PayoutPlan.objects.get()
    assert (plan.person, plan.every, plan.minimum_cents) == (seller, "weekly", 25_00)
    for wrong in ({"every": "weekly", "minimum": "-1"}, {"every": "hourly", "minimum": "25"}, {}):
        answer = client.post("/account/payouts/plan/", wrong)
        assert answer.status_code == 400
        assert "Smallest amount" in answer.content.decode()
    assert PayoutPlan.objects.get().every == "weekly"
