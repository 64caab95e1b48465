"""What may happen to a payment after it was made, each with its way out."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from accounts.models import Person
from accounts.refusals import NotAllowed, WrongState
from listings.models import Listing
from marketplace import sweeps
from orders import cancellation, completion, deadlines, disputes, evidence, follow, transfer
from orders.models import Order
from payments import chargebacks, collection, ledger, payouts, repairs, suspicions
from payments.models import Chargeback, Escrow, Incident, Instruction, Payout, WebhookEvent
from payments.processor import processor
from payments.refusals import Suspected
from tests.sandbox_process import SandboxProcess
from tests.trade import paid, pay, placed, settle


@pytest.fixture(autouse=True)
def _calm(sandbox: SandboxProcess) -> None:
    sandbox.control("DELETE", "faults/")


def now(order: Order) -> Order:
    return Order.objects.with_parts().get(pk=order.pk)


def group(sandbox: SandboxProcess, order: Order) -> dict[str, int]:
    return sandbox.control("GET", f"money/?transfer_group={order.pk}")["groups"][str(order.pk)]


def bought(buyer: Person, listing: Listing, card: str = "4242424242424242") -> Order:
    return now(paid(placed(buyer, listing, 50_00), card))


def released(order: Order) -> Order:
    transfer.send(order, actor=order.seller, note="sent")
    completion.confirm(now(order), actor=order.buyer)
    settle(1)
    return now(order)


def retry() -> None:
    """What waits is due, and the worker comes."""
    Instruction.objects.filter(due_at__isnull=False).update(due_at=Now())
    settle(2)


def dispute(sandbox: SandboxProcess, order: Order) -> str:
    charge = now(order).escrow.charge_id
    opened = sandbox.control("POST", "disputes/", {"charge": charge, "reason": "fraudulent"})
    return str(opened["id"])


def lose(sandbox: SandboxProcess, key: str) -> None:
    sandbox.control("POST", f"disputes/{key}/", {"outcome": "lost"})
    chargebacks.follow(key)


def debt(seller: Person) -> int:
    return -ledger.balance(ledger.debt(seller.pk), "USD")


class TestDisputeAfterSettlement:
    def test_the_seller_share_is_taken_back(
        self, buyer: Person, listing: Listing, sandbox: SandboxProcess
    ) -> None:
        """Cases 38 and 39."""
        order = released(bought(buyer, listing, "4000000000000077"))
        lose(sandbox, dispute(sandbox, order))
        settle(2)
        assert group(sandbox, order)["reversed_cents"] == order.proceeds_cents
        assert ledger.balance(ledger.at_processor(order.seller_id), "USD") == 0
        assert debt(order.seller) == 0
        assert -ledger.balance(ledger.LOSSES, "USD") == order.commission_cents

    def test_what_is_not_there_any_more_is_owed_and_kept_back_later(
        self, buyer: Person, listing: Listing, sandbox: SandboxProcess
    ) -> None:
        """Case 39: the reversal is refused."""
        # Pending at the seller, so that the reversal is refused.
        order = released(bought(buyer, listing))
        lose(sandbox, dispute(sandbox, order))
        settle(2)
        assert group(sandbox, order)["reversed_cents"] == 0
        assert debt(order.seller) == order.proceeds_cents
        second = released(now(paid(placed(buyer, listing, 40_00))))
        assert debt(order.seller) == order.proceeds_cents - second.proceeds_cents
        assert group(sandbox, second)["transferred_cents"] == 0

    def test_what_was_not_sent_yet_stays(
        self, buyer: Person, listing: Listing, sandbox: SandboxProcess
    ) -> None:
        order = bought(buyer, listing)
        transfer.send(order, actor=order.seller, note="sent")
        completion.confirm(now(order), actor=order.buyer)
        lose(sandbox, dispute(sandbox, order))
        settle(2)
        assert group(sandbox, order)["transferred_cents"] == 0
        assert ledger.balance(ledger.owed_to_seller(order.seller_id), "USD") == 0
        assert debt(order.seller) == 0

    def test_a_payout_of_what_was_taken_back_ends(
        self, buyer: Person, listing: Listing, sandbox: SandboxProcess
    ) -> None:
        order = released(bought(buyer, listing, "4000000000000077"))
        payout = payouts.request_payout(order.seller)
        lose(sandbox, dispute(sandbox, order))
        # The reversal is quicker than the payout.
        sweeps.recovery.begin(Chargeback.objects.get().pk)
        reversal = Instruction.objects.get(kind="reversal")
        sweeps.instructions.carry_out(reversal.pk)
        settle(2)
        payout.refresh_from_db()
        assert payout.status == "failed"


class TestDispute:
    def test_its_fee_is_booked_whoever_wins(
        self, buyer: Person, listing: Listing, sandbox: SandboxProcess
    ) -> None:
        order = bought(buyer, listing)
        before = ledger.balance(ledger.FEES, "USD")
        key = dispute(sandbox, order)
        chargebacks.follow(key)
        sandbox.control("POST", f"disputes/{key}/", {"outcome": "won"})
        chargebacks.follow(key)
        chargebacks.follow(key)
        assert before - ledger.balance(ledger.FEES, "USD") == 1500
        assert now(order).escrow.contested_at is None

    def test_the_record_of_the_order_is_sent_as_evidence(
        self, buyer: Person, listing: Listing, sandbox: SandboxProcess
    ) -> None:
        order = bought(buyer, listing)
        transfer.send(order, actor=order.seller, note="sent")
        key = dispute(sandbox, order)
        chargebacks.follow(key)
        settle(2)
        found: Any = processor().client.v1.disputes.retrieve(key)  # type: ignore[attr-defined]
        assert found.status == "under_review"
        assert buyer.email == found.evidence.customer_email_address
        assert ": sent by the seller" in found.evidence.access_activity_log
        assert Instruction.objects.filter(kind="evidence").count() == 1

    def test_nothing_is_claimed_where_nothing_was_sent(
        self, buyer: Person, listing: Listing, sandbox: SandboxProcess
    ) -> None:
        order = bought(buyer, listing)
        chargebacks.follow(dispute(sandbox, order))
        settle(1)
        assert evidence.due() == []
        assert not Instruction.objects.filter(kind="evidence").exists()

    def test_an_inquiry_holds_the_payment_and_costs_nothing(
        self, buyer: Person, listing: Listing, sandbox: SandboxProcess
    ) -> None:
        order = bought(buyer, listing, "4000000000001976")
        before = ledger.balance(ledger.FEES, "USD")
        sandbox.control("POST", "clock/", {"advance_seconds": 5})
        settle(1)
        assert now(order).escrow.contested_at is not None
        key = Chargeback.objects.get().remote_id
        sandbox.control("POST", f"disputes/{key}/", {"outcome": "won"})
        settle(1)
        assert now(order).escrow.contested_at is None
        assert ledger.balance(ledger.FEES, "USD") <= before
        assert Chargeback.objects.get().fee_cents == 0


class TestSuspicion:
    def test_an_early_warning_holds_the_payment_until_somebody_decides(
        self, buyer: Person, listing: Listing, sandbox: SandboxProcess, moderator: Person
    ) -> None:
        order = bought(buyer, listing, "4000000000005423")
        sandbox.control("POST", "clock/", {"advance_seconds": 5})
        settle(1)
        transfer.send(now(order), actor=order.seller, note="sent")
        with pytest.raises(Suspected):
            completion.confirm(now(order), actor=buyer)
        assert now(order).status == "transferred"
        assert Incident.objects.filter(kind="suspicion_fraud_warning", escrow=order.escrow).exists()
        repairs.clear_suspicion(order.escrow, actor=moderator, reason="The buyer called.")
        settle(1)
        completion.confirm(now(order), actor=buyer)
        assert now(order).status == "completed"

    def test_a_refund_is_possible_meanwhile(
        self, buyer: Person, listing: Listing, sandbox: SandboxProcess
    ) -> None:
        order = bought(buyer, listing)
        sandbox.control("POST", "warnings/", {"charge": order.escrow.charge_id})
        settle(1)
        cancellation.decline(now(order), actor=order.seller)
        settle(1)
        assert group(sandbox, order)["refunded_cents"] == order.price_cents

    def test_a_review_that_is_closed_lets_it_go_on_although_no_webhook_says_so(
        self, buyer: Person, listing: Listing, sandbox: SandboxProcess
    ) -> None:
        order = bought(buyer, listing)
        charge = {"charge": order.escrow.charge_id}
        key = sandbox.control("POST", "reviews/", charge)["id"]
        WebhookEvent.objects.create(event_id="evt_r", type="review.opened", object_id=key)
        sweeps.sweep()
        assert now(order).escrow.suspected_at is not None
        sandbox.control("POST", f"reviews/{key}/", {"reason": "approved"})
        suspicions.follow_recent()
        assert now(order).escrow.suspected_at is None

    def test_what_nobody_decides_goes_back(
        self, buyer: Person, listing: Listing, sandbox: SandboxProcess
    ) -> None:
        order = bought(buyer, listing)
        sandbox.control("POST", "warnings/", {"charge": order.escrow.charge_id})
        settle(1)
        transfer.send(now(order), actor=order.seller, note="sent")
        Order.objects.filter(pk=order.pk).update(deadline=Now())
        assert deadlines.due() == []
        week = Now() - timedelta(days=8)
        Escrow.objects.filter(pk=order.escrow_id).update(suspected_at=week)
        sweeps.sweep()
        assert now(order).status == "cancelled"
        settle(1)
        assert group(sandbox, order)["refunded_cents"] == order.price_cents

    def test_nobody_clears_their_own_payment(
        self, buyer: Person, listing: Listing, sandbox: SandboxProcess, moderator: Person
    ) -> None:
        order = bought(moderator, listing)
        sandbox.control("POST", "warnings/", {"charge": order.escrow.charge_id})
        settle(1)
        with pytest.raises(NotAllowed):
            repairs.clear_suspicion(order.escrow, actor=moderator, reason="It was me.")
        assert now(order).escrow.suspected_at is not None


class TestFailedRefund:
    @pytest.fixture
    def back(self, buyer: Person, listing: Listing, sandbox: SandboxProcess) -> Instruction:
        """A refund that waits for a person, since the first one came back."""
        order = bought(buyer, listing, "4000000000005126")
        cancellation.decline(order, actor=order.seller)
        settle(1)
        sandbox.control("POST", "clock/", {"advance_seconds": 60})
        settle(1)
        return Instruction.objects.get(kind="refund", status="refused")

    def test_it_is_owed_again(self, back: Instruction, sandbox: SandboxProcess) -> None:
        assert back.escrow is not None
        price = back.escrow.price_cents
        assert ledger.balance(ledger.owed_to_buyer(back.escrow.buyer_id), "USD") == price
        settle(2)
        assert Incident.objects.filter(kind="refund_failed", closed_at=None).count() == 1

    def test_it_can_be_sent_again(
        self, back: Instruction, moderator: Person, sandbox: SandboxProcess
    ) -> None:
        repairs.send_again(back, actor=moderator, reason="They have a new card.")
        sweeps.sweep()
        back.refresh_from_db()
        assert back.status == "done"
        assert back.escrow is not None
        assert ledger.balance(ledger.owed_to_buyer(back.escrow.buyer_id), "USD") == 0
        # And fails again: the card is what it was.
        sandbox.control("POST", "clock/", {"advance_seconds": 60})
        settle(1)
        assert Instruction.objects.filter(kind="refund", status="refused").count() == 1

    def test_it_can_be_paid_another_way(self, back: Instruction, moderator: Person) -> None:
        repairs.pay_elsewhere(back, actor=moderator, reason="Bank transfer of today.")
        assert ledger.balance(ledger.ELSEWHERE, "USD") > 0
        with pytest.raises(WrongState):
            repairs.pay_elsewhere(back, actor=moderator, reason="Once more.")
        assert not Incident.objects.filter(kind="refund_failed", closed_at=None).exists()


class TestQuarantine:
    def test_another_amount_is_kept_apart_and_sent_back(
        self, buyer: Person, listing: Listing, sandbox: SandboxProcess, moderator: Person
    ) -> None:
        """Case 35."""
        order = placed(buyer, listing, 50_00)
        session = now(order).escrow.checkout_id
        sandbox.control("POST", f"sessions/{session}/", {"outcome": "paid", "amount_cents": 1234})
        collection.collect(order.escrow_id)
        follow.follow(order)
        assert now(order).status == "placed"
        assert ledger.balance(ledger.quarantine(order.escrow_id), "USD") == 1234
        repairs.return_quarantined(order.escrow, actor=moderator, reason="Wrong amount.")
        with pytest.raises(WrongState):
            repairs.return_quarantined(order.escrow, actor=moderator, reason="Once more.")
        settle(2)
        assert group(sandbox, order)["refunded_cents"] == 1234
        assert now(order).escrow.quarantined_at is None

    def test_another_currency_goes_back_in_that_currency(
        self, buyer: Person, listing: Listing, sandbox: SandboxProcess, moderator: Person
    ) -> None:
        order = placed(buyer, listing, 50_00)
        session = now(order).escrow.checkout_id
        wrong = {"outcome": "paid", "amount_cents": order.price_cents, "currency": "eur"}
        sandbox.control("POST", f"sessions/{session}/", wrong)
        collection.collect(order.escrow_id)
        assert now(order).escrow.status == "awaiting"
        repairs.return_quarantined(order.escrow, actor=moderator, reason="Wrong currency.")
        settle(2)
        assert ledger.balance(ledger.owed_to_buyer(buyer.pk), "EUR") == 0
        assert ledger.balance(ledger.quarantine(order.escrow_id), "EUR") == 0
        assert group(sandbox, order)["refunded_cents"] == order.price_cents


class TestPaymentThatTakesDays:
    def test_it_counts_when_it_arrives(
        self, buyer: Person, listing: Listing, sandbox: SandboxProcess
    ) -> None:
        order = placed(buyer, listing, 50_00)
        session = now(order).escrow.checkout_id
        sandbox.control("POST", f"sessions/{session}/", {"outcome": "processing"})
        collection.collect(order.escrow_id)
        assert now(order).status == "placed"
        assert now(order).escrow.poll_due_at is not None
        sandbox.control("POST", f"sessions/{session}/", {"outcome": "paid"})
        Escrow.objects.filter(pk=order.escrow_id).update(poll_due_at=Now())
        settle(1)
        assert now(order).status == "paid"

    def test_one_that_fails_leaves_the_order_unpaid(
        self, buyer: Person, listing: Listing, sandbox: SandboxProcess
    ) -> None:
        """Case 36: no code is shown, and the stock is free again."""
        order = placed(buyer, listing, 50_00)
        session = now(order).escrow.checkout_id
        sandbox.control("POST", f"sessions/{session}/", {"outcome": "processing"})
        sandbox.control("POST", f"sessions/{session}/", {"outcome": "failed"})
        Order.objects.filter(pk=order.pk).update(deadline=Now())
        settle(1)
        assert now(order).status == "cancelled"
        listing.refresh_from_db()
        assert listing.available_cents == listing.face_value_cents


def test_a_payout_that_was_paid_and_comes_back_is_noticed(
    buyer: Person, listing: Listing, sandbox: SandboxProcess
) -> None:
    order = released(bought(buyer, listing, "4000000000000077"))
    payout = payouts.request_payout(order.seller)
    settle(1)
    sandbox.control("POST", "clock/", {"advance_seconds": 60})
    settle(1)
    remote = Payout.objects.get(pk=payout.pk).remote_id
    assert Payout.objects.get(pk=payout.pk).status == "paid"
    sandbox.control("POST", f"payouts/{remote}/", {"outcome": "failed"})
    WebhookEvent.objects.create(event_id="evt_p", type="payout.failed", object_id=remote)
    settle(1)
    assert Payout.objects.get(pk=payout.pk).status == "failed"
    assert ledger.balance(ledger.at_processor(order.seller_id), "USD") == order.proceeds_cents


def test_a_dispute_decided_for_the_seller_is_refused_while_fraud_is_suspected(
    buyer: Person, listing: Listing, sandbox: SandboxProcess, moderator: Person
) -> None:
    order = bought(buyer, listing)
    quarrel = disputes.open_dispute(order, actor=buyer, reason="other", text="Nothing came.")
    sandbox.control("POST", "warnings/", {"charge": order.escrow.charge_id})
    settle(1)
    with pytest.raises(Suspected):
        disputes.decide(
            quarrel.dispute, actor=moderator, outcome=disputes.RELEASE, reason="It is in order."
        )
    assert now(order).status == "disputed"
    disputes.decide(
        now(order).dispute, actor=moderator, outcome=disputes.REFUND, reason="It goes back."
    )
    disputes.accept(now(order), actor=order.seller)
    assert now(order).status == "cancelled"


def test_paid_and_taken_back_before_the_order_noticed_either(
    buyer: Person, listing: Listing, sandbox: SandboxProcess
) -> None:
    """Found by the simulator (seed 8005): the order stayed placed, its stock reserved for ever."""
    order = placed(buyer, listing, 50_00)
    pay(order)
    charge = collection.collect(order.escrow_id).charge_id
    opened = sandbox.control("POST", "disputes/", {"charge": charge, "reason": "fraudulent"})
    lose(sandbox, opened["id"])
    assert now(order).status == "placed"
    sweeps.sweep()
    assert now(order).status == "cancelled"
    listing.refresh_from_db()
    assert listing.available_cents == listing.face_value_cents
