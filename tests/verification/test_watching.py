"""Where the buyer agreed, the balance is read on: a reversal holds what the sale brought."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import Now
from django.test import Client

from accounts.models import Notification, Person
from accounts.refusals import NotAllowed, WrongState
from marketplace import ledger_audit
from orders import completion, deadlines
from orders.models import Order
from orders.verification import lending, report, watching
from orders.verification.models import BalanceReading, Verification, Watch
from payments import ledger, payouts, reserve
from payments.models import Incident
from tests.factories import a_moderator
from tests.sandbox_process import SandboxProcess
from tests.verification.measured import AMOUNT, Measured

# What a sale of $50 at 40 % off brings after the commission.
PROCEEDS = 27_60


@pytest.fixture(autouse=True)
def _audited() -> Iterator[None]:
    yield
    assert ledger_audit.violations() == []


class Watched(Measured):
    """A trade that was verified, whose buyer agreed to a watch."""

    def arrive(self, *, watch: bool = True, before: float = 20) -> "Watched":
        self.holds(granted=before, used=3)
        lending.lend(self.order, actor=self.buyer, key=self.key, watch=watch)
        self.tick(2)
        self.holds(granted=before + 50, used=5)
        self.send().tick(2)
        assert self.order.status == "verified"
        return self

    def complete(self) -> "Watched":
        completion.complete_verified(self.order)
        self.fresh()
        return self

    def look(self, times: int = 1) -> "Watched":
        """So many readings of the watch are due and taken."""
        for _ in range(times):
            mine = Watch.objects.filter(order=self.order, next_at__isnull=False)
            mine.update(next_at=Now())
            watching.take_due()
        self.fresh()
        return self

    @property
    def watch(self) -> Watch:
        return Watch.objects.get(order=self.order)

    @property
    def outcome(self) -> str:
        """How the watch ended; with its key, as long as it goes on."""
        kept = self.watch.ciphertext is not None
        assert kept == (self.watch.outcome == "")
        return self.watch.outcome


def told(person: Person, kind: str) -> int:
    return Notification.objects.filter(person=person, kind=kind).count()


def the_sale_is_paid_on(order: Order) -> None:
    ledger.post(
        key=f"{order.pk}:arrives",
        source=ledger.owed_to_seller(order.seller_id),
        destination=ledger.at_processor(order.seller_id),
        amount_cents=PROCEEDS,
        currency="USD",
    )


def test_a_reversal_after_the_release_opens_a_case_and_holds_the_proceeds(
    sandbox: SandboxProcess, settings: Any, client: Client
) -> None:
    settings.RESERVE_BP = 0
    one = Watched(sandbox, "openrouter").arrive().complete().look()
    assert one.outcome == ""
    before = payouts.balances(one.order.seller)
    assert before.available_cents == PROCEEDS
    one.holds(granted=20, used=5)
    one.look()
    assert one.outcome == ""
    one.look()
    assert (one.outcome, one.watch.measured_cents) == ("dropped", 0)
    case = Incident.objects.get(kind=reserve.CREDIT_REVERSED)
    assert case.escrow_id == one.order.escrow_id
    held = payouts.balances(one.order.seller)
    assert (held.available_cents, held.reserved_cents) == (0, PROCEEDS)
    assert reserve.in_question(one.order.seller, "USD") == {str(one.order.pk): PROCEEDS}
    for person in (one.buyer, one.order.seller):
        assert told(person, "order_credit_reversed") == 1
    assert told(one.buyer, "order_key_forgotten") == 1
    client.force_login(one.order.seller)
    assert "In question" in client.get("/account/payouts/").content.decode()
    page = client.get(f"/orders/{one.order.pk}/").content.decode()
    assert "gone again, and a moderator looks into it" in page
    assert "$50.00 of credit had arrived, and the provider has taken it back." in page
    # Nothing of it is held any more once a moderator has closed the case.
    Incident.objects.filter(pk=case.pk).update(closed_at=Now())
    assert payouts.balances(one.order.seller) == before
    assert "This trade is complete" in client.get(f"/orders/{one.order.pk}/").content.decode()


def test_nothing_is_paid_out_of_what_is_in_question(sandbox: SandboxProcess, settings: Any) -> None:
    settings.RESERVE_BP = 0
    one = Watched(sandbox, "openrouter").arrive().complete()
    one.holds(granted=40, used=5)
    one.look(2)
    assert (one.outcome, one.watch.measured_cents) == ("dropped", 20_00)
    assert payouts.payable_cents(one.order.seller) == 0


def test_a_reversal_before_the_release_opens_a_dispute(sandbox: SandboxProcess) -> None:
    one = Watched(sandbox, "openrouter").arrive()
    one.holds(granted=20, used=5)
    one.look(2)
    assert (one.order.status, one.order.verdict, one.order.measured_cents) == (
        "disputed",
        "refuted",
        0,
    )
    assert one.order.dispute.text == watching.REVERSED
    Order.objects.filter(pk=one.order.pk).update(deadline=F("deadline") - timedelta(days=9))
    deadlines.enforce(one.order.pk)
    assert one.fresh().order.dispute.refund_cents == one.order.price_cents
    assert not Incident.objects.exists()


def test_spending_all_of_it_is_no_reversal(sandbox: SandboxProcess) -> None:
    one = Watched(sandbox, "openrouter").arrive().complete()
    one.holds(granted=70, used=70)
    assert one.look(4).outcome == ""


def test_one_late_figure_is_no_reversal(sandbox: SandboxProcess) -> None:
    one = Watched(sandbox, "openrouter").arrive().complete()
    one.holds(granted=20, used=5)
    one.look()
    one.holds(granted=70, used=5)
    assert one.look(2).outcome == ""


def test_a_row_that_is_gone_is_a_reversal(sandbox: SandboxProcess) -> None:
    one = Watched(sandbox, "scaleway", currency="EUR").arrive(before=100).complete()
    one.look(5)
    assert one.outcome == ""
    one.holds(granted=100, used=10)
    assert one.look(6).outcome == "dropped"


def test_a_remaining_balance_is_not_watched(sandbox: SandboxProcess) -> None:
    one = Measured(sandbox)
    one.holds(remaining=5)
    lending.lend(one.order, actor=one.buyer, key=one.key, watch=True)
    one.tick(2).holds(remaining=55)
    one.send().tick(2)
    assert one.order.status == "verified"
    assert not Watch.objects.exists()


def test_without_the_buyers_word_nothing_is_watched(sandbox: SandboxProcess) -> None:
    one = Watched(sandbox, "openrouter").arrive(watch=False)
    assert not Watch.objects.exists()
    assert one.measuring.ciphertext is None


def test_another_order_on_the_same_account_leaves_it_open(sandbox: SandboxProcess) -> None:
    one = Watched(sandbox, "openrouter").arrive().complete()
    other = Measured(sandbox, "openrouter", key=one.key)
    other.lend()
    one.holds(granted=20, used=5)
    assert one.look(4).outcome == ""


def test_the_window_ends_and_the_key_with_it(sandbox: SandboxProcess) -> None:
    one = Watched(sandbox, "openrouter").arrive().complete()
    Watch.objects.update(until=Now())
    taken = BalanceReading.objects.count()
    assert one.look().outcome == "stood"
    assert BalanceReading.objects.count() == taken
    assert told(one.buyer, "order_key_forgotten") == 1


def test_a_key_that_is_refused_ends_the_watch_and_accuses_nobody(sandbox: SandboxProcess) -> None:
    one = Watched(sandbox, "openrouter").arrive().complete()
    one.fault("status_500", 12)
    assert one.look(10).outcome == "unread"
    assert not Incident.objects.exists()


def test_only_the_buyer_ends_it(sandbox: SandboxProcess, client: Client) -> None:
    one = Watched(sandbox, "openrouter").arrive()
    with pytest.raises(NotAllowed):
        watching.stop(one.order, actor=one.order.seller)
    assert one.outcome == ""
    client.force_login(one.buyer)
    assert "End the watch" in client.get(f"/orders/{one.order.pk}/").content.decode()
    client.post(f"/orders/{one.order.pk}/watch/")
    assert one.outcome == "stopped"
    with pytest.raises(WrongState):
        watching.stop(one.order, actor=one.buyer)


def test_who_leaves_leaves_no_key(sandbox: SandboxProcess) -> None:
    one = Watched(sandbox, "openrouter").arrive()
    watching.forget_all(one.order.seller)
    assert one.outcome == ""
    watching.forget_all(one.buyer)
    assert one.outcome == "stopped"


def test_by_rest_and_in_the_report(sandbox: SandboxProcess, client: Client) -> None:
    one = Watched(sandbox, "openrouter")
    one.holds(granted=20, used=3)
    client.force_login(one.buyer)
    path = f"/api/v1/orders/{one.order.pk}/"
    client.post(f"{path}readings/", {"key": one.key, "watch": True}, "application/json")
    assert Verification.objects.get(order=one.order).watch
    one.tick(2).holds(granted=70, used=3)
    one.send().tick(2)
    one.look()
    told_of = report.compose(one.order)
    assert told_of["watch"]["outcome"] is None
    assert told_of["key_deleted_at"] is None
    assert told_of["readings"][-1]["when"] == "watched"
    assert told_of["agreed_cents"] == AMOUNT
    client.force_login(a_moderator())
    assert one.key not in client.get(f"/console/orders/order/{one.order.pk}/").content.decode()
