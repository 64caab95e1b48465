"""A split that one party proposes and the other accepts: one effect, in time, between the two."""

import pytest
from django.db.models.functions import Now

from accounts.models import Person
from accounts.refusals import Invalid, NotAllowed, Refusal, WrongState
from orders import proposals
from orders.models import Order, ProposedSplit
from orders.refusals import ProposalGone, TooManyProposals
from orders.settling import moved
from payments import ledger
from payments.models import Escrow
from payments.refusals import Contested
from tests.orders.quarrels import (
    PRICE,
    a_decided_order,
    a_disputed_order,
    an_answered_order,
    decide,
    ended,
    everything,
    now,
    split,
)
from tests.trade import at_once


def refused(order: Order, why: type[Exception], person: Person, proposal_id: int) -> None:
    before = everything(now(order))
    for act in (proposals.accept, proposals.refuse):
        with pytest.raises(why):
            act(now(order), actor=person, proposal_id=proposal_id)
    assert everything(now(order)) == before


@pytest.mark.parametrize("stage", ["answering", "talking", "decided"])
def test_accepted_the_payment_is_split_as_shown(
    buyer: Person, moderator: Person, books: None, stage: str
) -> None:
    if stage == "decided":
        order = a_decided_order(buyer, moderator, "refund", None)
    else:
        order = a_disputed_order(buyer) if stage == "answering" else an_answered_order(buyer)
    said = moved(order, 7_77)
    offered = proposals.propose(order, actor=order.seller, refund_cents=7_77)
    proposals.accept(order, actor=buyer, proposal_id=offered.pk)
    assert ended(order) == split(7_77)
    assert ledger.balance(ledger.owed_to_buyer(buyer.pk), "USD") == said["to_buyer_cents"]
    seller = ledger.owed_to_seller(order.seller_id)
    assert ledger.balance(seller, "USD") == said["to_seller_cents"]
    assert ledger.balance(ledger.COMMISSION, "USD") == said["commission_cents"]
    assert sum(cents for name, cents in said.items() if name != "outcome") == PRICE
    assert now(order).dispute.decision == "Both sides agreed on a split."


def test_accepting_twice_is_one_effect_and_no_error(buyer: Person, books: None) -> None:
    order = an_answered_order(buyer)
    offered = proposals.propose(order, actor=buyer, refund_cents=10_00)
    for _ in range(2):
        proposals.accept(now(order), actor=order.seller, proposal_id=offered.pk)
    assert ended(order) == split(10_00)
    assert order.escrow.events.filter(kind="split").count() == 1


def test_an_expired_proposal_is_nobodys(buyer: Person) -> None:
    order = an_answered_order(buyer)
    offered = proposals.propose(order, actor=buyer, refund_cents=10_00)
    ProposedSplit.objects.filter(pk=offered.pk).update(expires_at=Now())
    before = everything(now(order))
    with pytest.raises(ProposalGone):
        proposals.accept(order, actor=order.seller, proposal_id=offered.pk)
    assert everything(now(order)) == before


def test_a_newer_proposal_takes_the_place_of_the_older(buyer: Person) -> None:
    order = an_answered_order(buyer)
    older = proposals.propose(order, actor=buyer, refund_cents=20_00)
    proposals.propose(order, actor=buyer, refund_cents=10_00)
    refused(order, ProposalGone, order.seller, older.pk)


def test_nobody_accepts_their_own_and_no_stranger_any(
    buyer: Person, buyer2: Person, moderator: Person
) -> None:
    order = an_answered_order(buyer)
    offered = proposals.propose(order, actor=buyer, refund_cents=10_00)
    for person in (buyer, buyer2, moderator):
        refused(order, NotAllowed, person, offered.pk)
    other = an_answered_order(buyer2)
    refused(other, ProposalGone, other.seller, offered.pk)
    for person in (buyer2, moderator):
        with pytest.raises(NotAllowed):
            proposals.propose(order, actor=person, refund_cents=1_00)


@pytest.mark.parametrize("cents", [0, -1, PRICE, PRICE + 1])
def test_a_proposal_leaves_something_for_each(buyer: Person, cents: int) -> None:
    order = an_answered_order(buyer)
    with pytest.raises(Invalid):
        proposals.propose(order, actor=buyer, refund_cents=cents)
    assert not ProposedSplit.objects.exists()


def test_refused_it_is_over_and_another_can_follow(buyer: Person) -> None:
    order = an_answered_order(buyer)
    offered = proposals.propose(order, actor=buyer, refund_cents=10_00)
    proposals.refuse(order, actor=order.seller, proposal_id=offered.pk)
    refused(order, ProposalGone, order.seller, offered.pk)
    proposals.propose(order, actor=order.seller, refund_cents=5_00)


def test_nobody_proposes_for_ever(buyer: Person) -> None:
    order = an_answered_order(buyer)
    for cents in range(1, 11):
        proposals.propose(order, actor=buyer, refund_cents=cents)
    with pytest.raises(TooManyProposals):
        proposals.propose(order, actor=buyer, refund_cents=11)
    assert ProposedSplit.objects.filter(status="open").count() == 1


def test_while_the_bank_disputes_it_nothing_is_agreed(buyer: Person) -> None:
    order = an_answered_order(buyer)
    offered = proposals.propose(order, actor=buyer, refund_cents=10_00)
    Escrow.objects.filter(pk=order.escrow_id).update(contested_at=Now())
    before = everything(now(order))
    with pytest.raises(Contested):
        proposals.accept(order, actor=order.seller, proposal_id=offered.pk)
    for person in (buyer, order.seller):
        with pytest.raises(Contested):
            proposals.propose(order, actor=person, refund_cents=5_00)
    assert everything(now(order)) == before


def test_what_ended_is_not_split_any_more(buyer: Person, moderator: Person) -> None:
    order = an_answered_order(buyer)
    offered = proposals.propose(order, actor=buyer, refund_cents=10_00)
    other = proposals.propose(order, actor=order.seller, refund_cents=5_00)
    proposals.accept(order, actor=order.seller, proposal_id=offered.pk)
    other.refresh_from_db()
    assert other.status == "lapsed"
    with pytest.raises(WrongState):
        proposals.accept(order, actor=buyer, proposal_id=other.pk)
    with pytest.raises(WrongState):
        proposals.propose(order, actor=buyer, refund_cents=1)


def test_both_accept_each_others_and_a_moderator_decides_at_once(
    buyer: Person, moderator: Person, books: None
) -> None:
    """Whatever comes first, money moves once."""
    order = an_answered_order(buyer)
    theirs = proposals.propose(order, actor=order.seller, refund_cents=5_00)
    mine = proposals.propose(order, actor=buyer, refund_cents=10_00)
    results = at_once(
        [
            lambda: proposals.accept(now(order), actor=buyer, proposal_id=theirs.pk),
            lambda: proposals.accept(now(order), actor=order.seller, proposal_id=mine.pk),
            lambda: decide(order, moderator, "refund"),
        ]
        * 3
    )
    assert all(isinstance(r, Refusal) for r in results if isinstance(r, Exception)), results
    assert ended(order) in (split(5_00), split(10_00))
    assert order.escrow.events.filter(kind="split").count() == 1
