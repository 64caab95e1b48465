"""Money that goes back: refunds, disputes, early fraud warnings."""

import pytest
import stripe

from tests.sandbox.conftest import Sandbox
from tests.sandbox.test_sellers import refused


def test_refunds_stop_at_the_charge(sandbox: Sandbox) -> None:
    charge = sandbox.paid(4200)
    refunds = sandbox.api.v1.refunds
    first = refunds.create({"charge": charge.id, "amount": 1000, "reason": "duplicate"})
    assert first.status == "succeeded"
    over = refused(refunds.create, {"charge": charge.id, "amount": 3201})
    assert (over.code, over.http_status) == (None, 400)
    assert isinstance(over, stripe.InvalidRequestError)
    assert over.param == "amount"
    refunds.create({"payment_intent": charge.payment_intent})
    error = refused(refunds.create, {"charge": charge.id})
    assert error.code == "charge_already_refunded"
    found = sandbox.api.v1.charges.retrieve(charge.id, {"expand": ["refunds"]})
    assert (found.refunded, found.amount_refunded) == (True, 4200)
    assert [item.amount for item in found.refunds.data] == [3200, 1000]
    moved = sandbox.control("money/")
    assert moved["groups"]["order_1"]["refunded_cents"] == 4200
    sandbox.advance(100)
    assert sandbox.api.v1.balance.retrieve().available[0].amount == -152
    sandbox.receiver.wait_for("charge.refunded", times=2)


@pytest.mark.parametrize(
    ("number", "first", "last"),
    [
        ("4000000000007726", "pending", "succeeded"),
        ("4000000000005126", "succeeded", "failed"),
    ],
)
def test_refunds_that_take_their_time(sandbox: Sandbox, number: str, first: str, last: str) -> None:
    charge = sandbox.paid(number=number)
    refund = sandbox.api.v1.refunds.create({"charge": charge.id})
    assert refund.status == first
    sandbox.advance(31)
    found = sandbox.api.v1.refunds.retrieve(refund.id)
    assert found.status == last
    back = 0 if last == "failed" else 4200
    assert sandbox.control("money/")["refunded_cents"] == back
    assert sandbox.api.v1.charges.retrieve(charge.id).amount_refunded == back
    sandbox.receiver.wait_for("refund.failed" if last == "failed" else "refund.updated")


def test_a_refund_that_the_control_fails_returns_the_money(sandbox: Sandbox) -> None:
    charge = sandbox.paid()
    refund = sandbox.api.v1.refunds.create({"charge": charge.id, "amount": 700})
    answer = sandbox.control(f"refunds/{refund.id}/", {"outcome": "failed"})
    assert (answer["status"], answer["failure_reason"]) == ("failed", "expired_or_canceled_card")
    assert sandbox.api.v1.refunds.create({"charge": charge.id}).amount == 4200


@pytest.mark.parametrize(
    ("number", "reason", "status"),
    [
        ("4000000000000259", "fraudulent", "needs_response"),
        ("4000000000002685", "product_not_received", "needs_response"),
        ("4000000000001976", "fraudulent", "warning_needs_response"),
    ],
)
def test_cards_that_dispute(sandbox: Sandbox, number: str, reason: str, status: str) -> None:
    charge = sandbox.paid(number=number)
    sandbox.advance(2)
    dispute = sandbox.api.v1.disputes.list({"charge": charge.id}).data[0]
    assert (dispute.reason, dispute.status) == (reason, status)
    assert sandbox.api.v1.charges.retrieve(charge.id).disputed
    sandbox.receiver.wait_for("charge.dispute.created")
    if status == "needs_response":
        sandbox.receiver.wait_for("charge.dispute.funds_withdrawn")
        error = refused(sandbox.api.v1.refunds.create, {"charge": charge.id})
        assert error.code == "charge_disputed"
        assert sandbox.api.v1.balance.retrieve().available[0].amount == -5700
    else:
        sandbox.api.v1.refunds.create({"charge": charge.id})


@pytest.mark.parametrize(
    ("evidence", "ends"), [("winning_evidence", "won"), ("losing_evidence", "lost")]
)
def test_evidence_decides(sandbox: Sandbox, evidence: str, ends: str) -> None:
    charge = sandbox.paid()
    opened = sandbox.control("disputes/", {"charge": charge.id, "reason": "fraudulent"})
    given = {"evidence": {"uncategorized_text": evidence}, "submit": True}
    assert sandbox.api.v1.disputes.update(opened["id"], given).status == "under_review"
    sandbox.advance(31)
    found = sandbox.api.v1.disputes.retrieve(opened["id"])
    assert found.status == ends
    nets = [line.net for line in found.balance_transactions]
    assert nets == ([-5700, 4200] if ends == "won" else [-5700])
    sandbox.receiver.wait_for("charge.dispute.closed")
    assert sandbox.control("money/")["disputed_cents"] == (0 if ends == "won" else 4200)


def test_the_control_decides_a_dispute(sandbox: Sandbox) -> None:
    charge = sandbox.paid()
    opened = sandbox.control("disputes/", {"charge": charge.id, "reason": "product_not_received"})
    closed = sandbox.control(f"disputes/{opened['id']}/", {"outcome": "won"})
    assert closed["status"] == "won"
    sandbox.receiver.wait_for("charge.dispute.funds_reinstated")
    sandbox.api.v1.refunds.create({"charge": charge.id})


def test_closing_accepts_the_loss(sandbox: Sandbox) -> None:
    charge = sandbox.paid()
    opened = sandbox.control("disputes/", {"charge": charge.id, "reason": "fraudulent"})
    assert sandbox.api.v1.disputes.close(opened["id"]).status == "lost"
    assert refused(sandbox.api.v1.disputes.close, opened["id"]).http_status == 400


def test_an_early_fraud_warning(sandbox: Sandbox) -> None:
    charge = sandbox.paid(number="4000000000005423")
    sandbox.advance(2)
    sandbox.receiver.wait_for("radar.early_fraud_warning.created")
    found = sandbox.api.v1.radar.early_fraud_warnings.list({"charge": charge.id})
    assert found.data[0].fraud_type == "misc"


def test_a_card_whose_money_is_there_at_once(sandbox: Sandbox) -> None:
    sandbox.paid(number="4000000000000077")
    sandbox.advance(31)
    assert sandbox.api.v1.balance.retrieve().available[0].amount == 4048
