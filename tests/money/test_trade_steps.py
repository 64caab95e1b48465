"""Each ending of a trade, and every row that it writes: order, escrow, offer, notices, standing."""

from collections.abc import Callable

import pytest
from django.db import transaction
from django.db.models.functions import Now

from accounts.models import Person
from accounts.refusals import NotAllowed, WrongState
from orders import cancellation, completion, disputes, settling
from orders.models import Dispute, Order
from orders.refusals import NothingMeasured
from orders.verification.models import Verification
from payments.models import Escrow
from tests.money.trades import FACE, Course, fresh, over, paid, placed, sent

pytestmark = pytest.mark.django_db
BACK, GONE = (100_00, 0, 0), (50_00, 0, 50_00)
REFUNDED, RELEASED = ("refunded", 0, 30_00), ("released", 30_00, 0)


def test_withdrawn(buyer: Person, seller: Person) -> None:
    order = placed(buyer, seller)
    course = Course(order)
    cancellation.cancel(order, actor=buyer)
    assert course.events() == ["withdrawn placed>cancelled B"]
    assert (course.money(), course.stock(), course.waits()) == (("lapsed", 0, 0), BACK, None)
    assert (course.reason(), course.told(), course.standing()) == ("withdrawn", [], (0, 0))
    assert fresh(order).ended_at is not None


def test_not_paid_in_time(buyer: Person, seller: Person) -> None:
    order = placed(buyer, seller)
    course = Course(order)
    cancellation.lapse_unpaid(order)
    assert course.events() == ["not_paid_in_time placed>cancelled -"]
    assert (course.money(), course.stock()) == (("lapsed", 0, 0), BACK)
    assert (course.reason(), course.told()) == ("not_paid_in_time", ["B order_lapsed"])


def test_declined(buyer: Person, seller: Person) -> None:
    order = paid(buyer, seller)
    course = Course(order)
    cancellation.cancel(order, actor=seller)
    assert course.events() == ["declined paid>cancelled S"]
    assert (course.money(), course.stock(), course.waits()) == (REFUNDED, BACK, None)
    assert (course.reason(), course.told()) == ("The seller declined.", ["B order_declined"])
    assert course.standing() == (0, 0)


def test_not_delivered(buyer: Person, seller: Person) -> None:
    order = paid(buyer, seller)
    course = Course(order)
    cancellation.give_up_waiting(order)
    assert course.events() == ["not_delivered paid>cancelled -"]
    assert (course.money(), course.stock(), course.standing()) == (REFUNDED, BACK, (0, 1))
    assert course.told() == ["S order_not_delivered_seller", "B order_not_delivered_buyer"]
    assert fresh(order).listing.status == "paused"


def test_codes_that_nobody_revealed(buyer: Person, seller: Person) -> None:
    order = paid(buyer, seller, codes=["AAAA-1111", "BBBB-2222"])
    course = Course(order)
    cancellation.give_up_waiting(order)
    assert course.events() == ["never_revealed paid>cancelled -"]
    assert (course.money(), course.stock(), course.standing()) == (REFUNDED, BACK, (0, 0))
    assert course.told() == ["B order_not_delivered_buyer"]
    assert fresh(order).listing.status == "live"


@pytest.mark.parametrize(
    ("status", "parts"), [("transferred", 0), ("transferred", 10_00), ("verified", 10_00)]
)
def test_what_may_be_fraud_goes_back_but_for_parts(
    buyer: Person, seller: Person, status: str, parts: int
) -> None:
    order = over(sent(buyer, seller), status=status)
    Escrow.objects.filter(pk=order.escrow_id).update(suspected_at=Now(), released_cents=parts)
    course = Course(order)
    cancellation.give_back_suspected(fresh(order))
    if parts:
        first = ["parts_kept transferred>verified -"] if status == "transferred" else []
        assert course.events() == [*first, "fraud_suspected verified>completed -"]
        assert course.money() == ("split", 10_00, 20_00)
    else:
        assert course.events() == [f"fraud_suspected {status}>cancelled -"]
        assert course.money() == REFUNDED
    assert (course.stock(), course.waits()) == (GONE, None)
    assert course.told() == ["B order_suspected", "S order_suspected"]


def test_confirmed(buyer: Person, seller: Person) -> None:
    order = sent(buyer, seller)
    # As for one that is to be measured.
    Order.objects.filter(pk=order.pk).update(rung="api_balance")
    course = Course(order)
    assert course.waits() == 2000
    completion.confirm(order, actor=buyer)
    assert course.events() == ["confirmed transferred>verified B", "completed verified>completed B"]
    assert (course.money(), course.stock(), course.waits()) == (RELEASED, GONE, None)
    assert course.told() == ["B order_completed_buyer", "S order_completed_seller"]
    assert (course.standing(), course.reason()) == ((1, 0), "The buyer confirmed the arrival.")
    assert (fresh(order).rung, fresh(order).verdict) == ("buyer_confirmation", "verified")


def test_confirmed_once_it_was_measured(buyer: Person, seller: Person) -> None:
    order = over(sent(buyer, seller), status="verified", verdict="verified", rung="api_balance")
    course = Course(order)
    completion.confirm(order, actor=buyer)
    assert course.events() == ["completed verified>completed B"]
    assert fresh(order).rung == "api_balance"


def test_silence(buyer: Person, seller: Person) -> None:
    order = sent(buyer, seller)
    course = Course(order)
    completion.accept_silence(order)
    assert course.events() == [
        "accepted_by_silence transferred>verified -",
        "completed verified>completed -",
    ]
    assert (course.money(), course.stock(), course.standing()) == (RELEASED, GONE, (1, 0))
    assert course.reason() == "The time to inspect passed without objection."
    assert fresh(order).verdict == "inconclusive"


def test_cooled_off(buyer: Person, seller: Person) -> None:
    order = over(sent(buyer, seller), status="verified")
    course = Course(order)
    completion.complete_verified(order)
    assert course.events() == ["completed verified>completed -"]
    assert (course.money(), course.standing()) == (RELEASED, (1, 0))
    assert course.reason() == "The cooling-off time passed."


def test_the_part_that_arrived_is_settled_by_both(buyer: Person, seller: Person) -> None:
    order = over(sent(buyer, seller), verdict="refuted", measured_cents=20_00)
    Verification.objects.create(order=order, rung="api_balance", status="done", key_mark="m")
    course = Course(order)
    with pytest.raises(NotAllowed, match="The buyer has not offered"):
        completion.accept_part(order, actor=seller)
    for _ in range(2):
        completion.accept_part(order, actor=buyer)
    assert course.events() == ["part_offered transferred>transferred B"]
    assert course.told() == ["S order_part_offered"]
    completion.accept_part(order, actor=seller)
    assert course.events()[1:] == [
        "part_accepted transferred>verified S",
        "completed_in_part verified>completed S",
    ]
    assert (course.money(), course.stock()) == (("split", 12_00, 18_00), GONE)
    assert course.told()[1:] == ["B order_part_accepted_buyer", "S order_part_accepted_seller"]
    assert course.reason() == "Both sides accepted the part that arrived."


def test_what_a_part_costs(buyer: Person, seller: Person) -> None:
    order = sent(buyer, seller)
    for verdict, measured, in_parts, price in (
        ("refuted", 20_00, 0, 12_00),
        ("inconclusive", 1, 0, 1),
        ("refuted", 10_00, 20_00, 12_00),
        ("verified", 20_00, 0, 0),
        ("", 20_00, 0, 0),
        ("refuted", 0, 20_00, 0),
        ("refuted", None, 0, 0),
        ("refuted", FACE, 0, 0),
        ("refuted", FACE - 1, 0, 29_99),
    ):
        order.verdict, order.measured_cents, order.parts_arrived_cents = verdict, measured, in_parts
        assert completion.part_price(order) == price


REFUSED: list[tuple[str, Callable[[Order], object], type[Exception]]] = [
    ("placed", lambda o: cancellation.decline(o, actor=o.seller), WrongState),
    ("placed", lambda o: cancellation.withdraw(o, actor=o.seller), NotAllowed),
    ("placed", lambda o: cancellation.give_up_waiting(o), WrongState),
    ("placed", lambda o: completion.confirm(o, actor=o.buyer), WrongState),
    ("paid", lambda o: cancellation.withdraw(o, actor=o.buyer), WrongState),
    ("paid", lambda o: cancellation.lapse_unpaid(o), WrongState),
    ("paid", lambda o: cancellation.decline(o, actor=o.buyer), NotAllowed),
    ("paid", lambda o: completion.confirm(o, actor=o.buyer), WrongState),
    ("paid", lambda o: completion.accept_silence(o), WrongState),
    ("paid", lambda o: completion.complete_verified(o), WrongState),
    ("paid", lambda o: completion.accept_part(o, actor=o.buyer), WrongState),
    ("transferred", lambda o: cancellation.decline(o, actor=o.seller), WrongState),
    ("transferred", lambda o: cancellation.give_up_waiting(o), WrongState),
    ("transferred", lambda o: cancellation.give_back_suspected(o), WrongState),
    ("transferred", lambda o: completion.confirm(o, actor=o.seller), NotAllowed),
    ("transferred", lambda o: completion.complete_verified(o), WrongState),
    ("transferred", lambda o: completion.accept_part(o, actor=o.buyer), NothingMeasured),
    ("verified", lambda o: completion.accept_silence(o), WrongState),
    ("verified", lambda o: completion.accept_part(o, actor=o.buyer), WrongState),
    ("disputed", lambda o: completion.confirm(o, actor=o.buyer), WrongState),
    ("disputed", lambda o: completion.accept_silence(o), WrongState),
    ("disputed", lambda o: completion.accept_part(o, actor=o.buyer), WrongState),
    ("disputed", lambda o: completion.complete_verified(o), WrongState),
]


@pytest.mark.parametrize("unpaid", [True, False])
def test_what_does_not_fit_changes_nothing(buyer: Person, seller: Person, unpaid: bool) -> None:
    order = placed(buyer, seller) if unpaid else paid(buyer, seller)
    course = Course(order)
    before = course.money(), course.stock()
    for status, act, refusal in REFUSED:
        if (status == "placed") == unpaid:
            order = over(order, status=status)
            with pytest.raises(refusal):
                act(order)
            assert course.nothing()
            assert (course.money(), course.stock()) == before
            assert fresh(order).status == status


def test_suspected_before_it_was_sent_it_is_not_given_back_by_itself(
    buyer: Person, seller: Person
) -> None:
    order = paid(buyer, seller)
    Escrow.objects.update(suspected_at=Now())
    with pytest.raises(WrongState):
        cancellation.give_back_suspected(fresh(order))
    assert fresh(order).status == "paid"


def test_paid_in_the_moment_of_the_withdrawal(buyer: Person, seller: Person) -> None:
    order = placed(buyer, seller)
    Escrow.objects.filter(pk=order.escrow_id).update(status="held")
    course = Course(order)
    with pytest.raises(WrongState, match="has just arrived"):
        cancellation.withdraw(fresh(order), actor=buyer)
    assert course.nothing()


@pytest.fixture
def dispute(buyer: Person, seller: Person) -> Dispute:
    order = sent(buyer, seller)
    disputes.open_dispute(order, actor=buyer, reason="not_received", text="Nothing is there.")
    return Dispute.objects.get()


@pytest.mark.parametrize("refund", [0, 10_00, 30_00])
def test_a_dispute_ends(dispute: Dispute, moderator: Person, refund: int) -> None:
    order = fresh(dispute.order)
    course = Course(order)
    lines = {
        0: ["completed disputed>completed -"],
        10_00: ["dispute_split disputed>completed - Why."],
        30_00: ["dispute_refunded disputed>cancelled - Why."],
    }
    money = {0: RELEASED, 10_00: ("split", 20_00, 10_00), 30_00: REFUNDED}
    outcome = {0: "release", 10_00: "split", 30_00: "refund"}[refund]
    for kind in ("accepted", "stands", "appeal_decided", "agreed"):
        before = transaction.savepoint()
        settling.settle(
            fresh(order),
            Dispute.objects.get(),
            refund_cents=refund,
            kind=kind,
            actor=moderator,
            reason="Why.",
        )
        assert course.events() == lines[refund]
        assert (course.money(), course.stock(), course.reason()) == (money[refund], GONE, "Why.")
        lost = refund == 30_00 and kind != "agreed"
        assert course.standing() == (int(refund == 0), int(lost))
        assert course.told()[-2:] == ["B dispute_settled", "S dispute_settled"]
        ended = Dispute.objects.get()
        assert (ended.status, ended.refund_cents, ended.decision) == ("ended", refund, "Why.")
        assert (ended.outcome, ended.decided_by, ended.decided_at is None) == (outcome, None, False)
        assert str(dispute.events.last()).startswith(f"{kind}:")  # type: ignore[attr-defined]
        transaction.savepoint_rollback(before)


def test_a_decision_that_is_carried_out_stays_as_it_was_made(
    dispute: Dispute, moderator: Person
) -> None:
    order = fresh(dispute.order)
    known = {"decided_by": moderator, "decision": "First.", "decided_at": order.placed_at}
    settling.settle(
        order, dispute, refund_cents=0, kind="stands", actor=None, reason="Why.", **known
    )
    ended = Dispute.objects.get()
    assert (ended.decided_by, ended.decision, ended.decided_at) == tuple(known.values())


@pytest.mark.parametrize(("refund", "to_seller", "commission"), [(0, 2760, 240), (1000, 1840, 160)])
def test_what_an_outcome_moves(
    buyer: Person, seller: Person, refund: int, to_seller: int, commission: int
) -> None:
    assert settling.moved(paid(buyer, seller), refund) == {
        "outcome": "split" if refund else "release",
        "to_buyer_cents": refund,
        "to_seller_cents": to_seller,
        "commission_cents": commission,
    }


def test_before_anything_was_sent_the_credit_is_on_offer_again(
    buyer: Person, seller: Person
) -> None:
    order = paid(buyer, seller)
    disputes.open_dispute(order, actor=buyer, reason="other", text="I was deceived.")
    course = Course(order)
    settling.settle(
        fresh(order),
        Dispute.objects.get(),
        refund_cents=30_00,
        kind="agreed",
        actor=None,
        reason="",
    )
    assert course.stock() == BACK
