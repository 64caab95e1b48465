"""What a seller has coming, and each step of its way to their bank."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts.models import Notification, Person, Standing
from payments import escrow, ledger, payout_plans, payouts, reserve
from payments.models import (
    Escrow,
    Incident,
    Instruction,
    Payout,
    PayoutAccount,
    PayoutPlan,
    Posting,
)
from payments.refusals import (
    BelowMinimum,
    NothingToPayOut,
    NotOnboarded,
    PayoutPending,
    TaxDetailsMissing,
)
from tests.factories import a_standing
from tests.money.rows import held

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_reserve(settings: LazySettings) -> None:
    settings.RESERVE_BP, settings.PAYOUT_MINIMUM_CENTS = 0, 100


def post(source: str, destination: str, cents: int, currency: str = "USD", **more: Any) -> None:
    key = f"test:{Posting.objects.count()}"
    row = {"source": source, "destination": destination, "amount_cents": cents}
    Posting.objects.create(key=key, currency=currency, **row, **more)


def settled(person: Person, cents: int, currency: str = "USD", **more: Any) -> None:
    """Sent to the seller's account at the processor."""
    seller, account = ledger.owed_to_seller(person.pk), ledger.at_processor(person.pk)
    post("escrow:x", seller, cents, currency, **more)
    post(seller, account, cents, currency, **more)


def test_what_is_where(buyer: Person, seller: Person, seller2: Person) -> None:
    sale, part = held(buyer, seller, "1"), held(buyer, seller, "2")
    held(buyer, seller2, "3")
    with transaction.atomic():
        escrow.release_part(part, number=1, released_cents=10_00, actor=None, reason="")
    assert sale.proceeds_cents == 27_60
    settled(seller, 50_00)
    settled(seller, 99_00, "EUR")
    settled(seller2, 70_00)
    post(ledger.at_processor(seller.pk), ledger.bank(seller.pk), 20_00)
    # $27.60, and of the other what is not released; $9.20 of that are not sent yet.
    assert payouts.balances(seller) == payouts.Balances(27_60 + 18_40, 9_20 + 30_00, 20_00, 0)
    assert payouts.payable_cents(seller) == 30_00
    Escrow.objects.filter(pk=sale.pk).update(status="refunded")
    assert payouts.balances(seller).pending_cents == 18_40


def test_the_reserve_is_never_more_than_there_is(
    buyer: Person, seller: Person, settings: LazySettings
) -> None:
    settings.RESERVE_BP, settings.RESERVE_SECONDS = 10_000, 1000
    settled(seller, 50_00)
    post(ledger.at_processor(seller.pk), ledger.bank(seller.pk), 20_00)
    assert payouts.balances(seller) == payouts.Balances(0, 0, 20_00, 30_00)
    assert payouts.payable_cents(seller) == 0


def test_a_payout_is_written_once(seller: Person) -> None:
    settled(seller, 30_00)
    payout = payouts.request_payout(seller)
    row = Payout.objects.get()
    assert (row.pk, row.person, row.amount_cents, row.currency) == (
        payout.pk,
        seller,
        30_00,
        "USD",
    )
    call = Instruction.objects.get()
    assert (call.kind, call.purpose, call.person, call.payout, call.account, call.params) == (
        "payout",
        f"payout:{payout.pk}",
        seller,
        row,
        PayoutAccount.objects.get(person=seller).remote_id,
        {"amount": 30_00, "currency": "usd", "metadata": {"instruction": str(call.pk)}},
    )
    with pytest.raises(PayoutPending):
        payouts.request_payout(seller)
    assert (Payout.objects.count(), Instruction.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("cents", "refusal"), [(0, NothingToPayOut), (-5, NothingToPayOut), (99, BelowMinimum)]
)
def test_too_little_is_not_paid_out(seller: Person, cents: int, refusal: type[Exception]) -> None:
    if cents > 0:
        settled(seller, cents)
    elif cents:
        post(ledger.at_processor(seller.pk), ledger.LOSSES, -cents)
    with pytest.raises(refusal):
        payouts.request_payout(seller)
    assert not Payout.objects.exists()


def test_the_smallest_payout_is_paid_to_who_is_ready(buyer: Person, seller: Person) -> None:
    settled(seller, 100)
    PayoutAccount.objects.filter(person=seller).update(ready=False)
    with pytest.raises(NotOnboarded):
        payouts.request_payout(seller)
    PayoutAccount.objects.filter(person=seller).update(ready=True)
    assert payouts.request_payout(seller).amount_cents == 100


def test_whose_end_is_not_known(seller: Person, seller2: Person, buyer: Person) -> None:
    for person, status, remote in (
        (seller, "pending", "po_1"),
        (seller2, "pending", ""),
        (buyer, "paid", "po_2"),
        (buyer, "failed", "po_3"),
    ):
        Payout.objects.create(
            person=person, amount_cents=1, currency="USD", status=status, remote_id=remote
        )
    assert payouts.pending_payouts() == ["po_1"]


class Says:
    """In the place of the processor, which is asked in tests/payments/test_what_may_happen.py."""

    def __init__(self, status: str, failure: str = "") -> None:
        self.answer, self.asked = (status, failure), [""]

    def __call__(self) -> "Says":
        return self

    def payout_status(self, payout_id: str, *, account: str) -> tuple[str, str]:
        self.asked = [payout_id, account]
        return self.answer

    def recent_failed_refunds(self) -> list[str]:
        return ["re_9", "re_1"]

    def refund_status(self, refund_id: str) -> str:
        self.asked = [refund_id]
        return self.answer[0]


@pytest.fixture
def payout(seller: Person) -> Payout:
    return Payout.objects.create(person=seller, amount_cents=500, currency="USD", remote_id="po_1")


@pytest.mark.parametrize(
    ("says", "before", "after", "told"),
    [
        ("paid", "pending", "paid", ["payout_paid"]),
        ("paid", "paid", "paid", []),
        ("paid", "failed", "failed", []),
        ("in_transit", "pending", "pending", []),
        ("failed", "pending", "failed", ["payout_failed"]),
        ("canceled", "pending", "failed", ["payout_failed"]),
        ("failed", "paid", "failed", ["payout_failed"]),
        ("failed", "failed", "failed", []),
    ],
)
def test_a_payout_is_followed_forward(
    payout: Payout,
    seller: Person,
    monkeypatch: pytest.MonkeyPatch,
    says: str,
    before: str,
    after: str,
    told: list[str],
) -> None:
    Payout.objects.update(status=before)
    processor = Says(says, "No such account.")
    monkeypatch.setattr(payouts, "processor", processor)
    count = Posting.objects.count()
    for _ in range(2):
        payouts.follow("po_1")
    account = PayoutAccount.objects.get(person=seller).remote_id
    assert processor.asked == ["po_1", account]
    row = Payout.objects.get()
    failed = told == ["payout_failed"]
    assert (row.status, row.failure, row.failed_at is not None) == (
        after,
        "No such account." if failed else "",
        failed,
    )
    back = Posting.objects.order_by("pk")[count:].values_list(
        "key", "source", "destination", "amount_cents", "currency"
    )
    line = (f"payout:{row.pk}:failed", f"bank:{seller.pk}", f"account:{seller.pk}", 500, "USD")
    assert list(back) == ([line] if failed else [])
    notices = Notification.objects.filter(person=seller)
    assert list(notices.values_list("kind", flat=True)) == told
    if told:
        notice = notices.get()
        assert notice.key == f"{told[0]}:{row.pk}"
        assert notice.context["url"] == "/account/payouts/"
        assert notice.context["amount_cents"] == 500
        assert notice.context["currency"] == "USD"
        assert "failure" in notice.context


def test_nobodys_payout_or_refund_is_not_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    processor = Says("failed")
    monkeypatch.setattr(payouts, "processor", processor)
    payouts.follow("po_9")
    payouts.follow_refund("re_9")
    Instruction.objects.create(kind="transfer", purpose="t", params={}, remote_id="re_1")
    Instruction.objects.create(kind="refund", purpose="r", params={}, remote_id="re_2")
    payouts.follow_refund("re_1")
    payouts.follow_refund("re_2")
    assert processor.asked == [""]


@pytest.mark.parametrize(
    ("says", "comes"), [("failed", 1), ("canceled", 1), ("succeeded", 0), ("pending", 0)]
)
def test_a_refund_is_followed(
    buyer: Person, seller: Person, monkeypatch: pytest.MonkeyPatch, says: str, comes: int
) -> None:
    paid = held(buyer, seller)
    escrow.refund(paid, actor=None, reason="")
    Instruction.objects.update(status="done", due_at=None, remote_id="re_1")
    processor = Says(says)
    monkeypatch.setattr(payouts, "processor", processor)
    payouts.follow_refund("re_1")
    assert processor.asked == ["re_1"]
    assert Instruction.objects.filter(status="returned").count() == comes


@pytest.mark.parametrize(("every", "days"), [("daily", 1), ("weekly", 7), ("monthly", 30)])
def test_a_plan_keeps_its_hour(seller: Person, every: str, days: int) -> None:
    payout_plans.choose(seller, every=every, minimum_cents=100)
    PayoutPlan.objects.update(due_at=Now() - timedelta(hours=1))
    before = PayoutPlan.objects.get().due_at
    assert before is not None
    settled(seller, 100)
    (plan,) = payout_plans.due()
    assert payout_plans.pay(plan) == Payout.objects.get().pk
    # Not due any more: the next time stays as it is.
    assert payout_plans.pay(plan) is None
    assert PayoutPlan.objects.get().due_at == before + timedelta(days=days)
    assert payout_plans.due() == []


def test_after_a_long_time_it_pays_once(seller: Person, seller2: Person) -> None:
    payout_plans.choose(seller2, every="weekly", minimum_cents=100)
    other = PayoutPlan.objects.get()
    payout_plans.choose(seller, every="daily", minimum_cents=100)
    PayoutPlan.objects.filter(person=seller).update(due_at=Now() - timedelta(days=20))
    first, second = payout_plans.due()
    assert payout_plans.pay(first) is None
    plan = PayoutPlan.objects.annotate(wait=F("due_at") - Now()).get(pk=first)
    assert plan.person == seller
    assert timedelta(hours=23) < plan.wait <= timedelta(days=1)  # type: ignore[attr-defined]
    assert second == other.pk
    assert PayoutPlan.objects.get(pk=other.pk).due_at == other.due_at
    payout_plans.choose(seller, every="", minimum_cents=200)
    row = PayoutPlan.objects.get(person=seller)
    assert (row.every, row.minimum_cents, row.due_at) == ("", 200, None)
    assert payout_plans.pay(first) is None
    assert payout_plans.plan_of(seller) == row
    assert payout_plans.plan_of(seller2) == other


def test_who_has_chosen_nothing_has_no_plan(buyer: Person) -> None:
    plan = payout_plans.plan_of(buyer)
    assert (plan.person, plan.pk, plan.due_at) == (buyer, None, None)


def test_what_is_refused_waits_for_the_next_time(seller: Person) -> None:
    payout_plans.choose(seller, every="daily", minimum_cents=0)
    (plan,) = payout_plans.due()
    assert payout_plans.pay(plan) is None
    assert payout_plans.due() == []


@pytest.mark.parametrize(
    ("completed", "is_new"), [(None, True), (0, True), (9, True), (10, False), (11, False)]
)
def test_who_is_new(
    seller: Person, seller2: Person, settings: LazySettings, completed: int | None, is_new: bool
) -> None:
    a_standing(seller2, completed=50)
    settings.RESERVE_TRADES, settings.RESERVE_BP, settings.RESERVE_SECONDS = 10, 1000, 1000
    if completed is not None:
        a_standing(seller, completed=completed)
    settled(seller, 50_00)
    assert reserve.is_new(seller) == is_new
    assert [step.cents for step in reserve.steps(seller, "USD")] == ([5_00] if is_new else [])
    assert Standing.objects.filter(person=seller).exists() == (completed is not None)


def test_what_is_in_reserve_and_until_when(
    seller: Person, seller2: Person, settings: LazySettings
) -> None:
    settings.RESERVE_BP, settings.RESERVE_SECONDS = 1000, 1000
    later = {"at": Now() - timedelta(seconds=10)}
    settled(seller, 10_00)
    settled(seller, 30_00, **later)
    settled(seller, 50_00, at=Now() - timedelta(seconds=1001))
    settled(seller, 4)
    settled(seller, 70_00, "EUR")
    settled(seller2, 90_00)
    post("elsewhere", ledger.at_processor(seller.pk), 90_00)
    first, second = reserve.steps(seller, "USD")
    assert (first.cents, second.cents) == (3_00, 1_00)
    paid_at = Posting.objects.filter(amount_cents=10_00, source=f"seller:{seller.pk}").get().at
    assert second.at == paid_at + timedelta(seconds=1000)
    assert first.at < second.at
    assert reserve.reserved_cents(seller, "USD") == 4_00
    settings.RESERVE_BP = 0
    assert reserve.steps(seller, "USD") == []


# A part was refunded while it was held, and more was given back of the rest.
RETURNED = {"refunded_cents": 6_00, "given_back_cents": 9_00, "released_cents": 24_00}


def test_what_is_in_question_stays(buyer: Person, seller: Person, seller2: Person) -> None:
    ours, fine, theirs = (
        held(buyer, one, mark) for one, mark in ((seller, "1"), (seller, "2"), (seller2, "3"))
    )
    other = held(buyer, seller, "4")
    Escrow.objects.filter(pk=other.pk).update(currency="EUR")
    for sale, kind, closed in (
        (ours, "credit_reversed", None),
        (theirs, "credit_reversed", None),
        (other, "credit_reversed", None),
        (fine, "chargeback", None),
        (fine, "credit_reversed", Now()),
    ):
        Incident.objects.create(
            key=f"{kind}:{sale.pk}", kind=kind, text="", escrow=sale, closed_at=closed
        )
    assert reserve.in_question(seller, "USD") == {ours.reference: 27_60}
    assert reserve.reserved_cents(seller, "USD") == 27_60
    asked = [reserve.is_in_question(sale) for sale in (ours, fine, theirs, other)]
    assert asked == [True, False, True, True]
    for back in ({"refunded_cents": 15_00}, RETURNED):
        Escrow.objects.filter(pk=ours.pk).update(**back)
        assert reserve.in_question(seller, "USD") == {ours.reference: 13_80}


def test_payouts_wait_for_tax_details(seller: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    settled(seller, 500)
    monkeypatch.setattr(payouts.tax, "overdue", lambda person: person == seller)
    with pytest.raises(TaxDetailsMissing):
        payouts.request_payout(seller)
    assert not Payout.objects.exists()


def test_refunds_that_no_webhook_announced_are_looked_through(
    buyer: Person, seller: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 34."""
    escrow.refund(held(buyer, seller), actor=None, reason="")
    Instruction.objects.update(status="done", due_at=None, remote_id="re_1")
    monkeypatch.setattr(payouts, "processor", Says("failed"))
    assert payouts.follow_failed_refunds() == 2
    assert Instruction.objects.filter(status="returned").count() == 1
