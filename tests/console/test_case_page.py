"""What a moderator finds on the page of a dispute, and what it costs."""

from typing import Any

from django.test import Client

from accounts import claims, one_person
from accounts.models import Person
from orders import casefile, disputes
from orders.models import Decision, Dispute, Order
from tests.console.test_queue import queries_of
from tests.factories import a_person
from tests.orders.quarrels import a_disputed_order, an_answered_order


def dispute_of(order: Order) -> Dispute:
    return Dispute.objects.select_related("order__escrow").get(order=order)


def decided(buyer: Person, judge: Person, outcome: str = "refund", **decision: Any) -> Dispute:
    """A case that a moderator has decided."""
    found = dispute_of(a_disputed_order(buyer))
    disputes.decide(found, actor=judge, outcome=outcome, reason="As the log shows.", **decision)
    return found


def address(dispute: Dispute) -> str:
    return f"/console/orders/dispute/{dispute.pk}/change/"


def test_everything_is_side_by_side_in_the_order_of_time(desk: Client, buyer: Person) -> None:
    dispute = dispute_of(an_answered_order(buyer))
    steps = casefile.timeline(dispute.order, dispute)
    assert [step.at for step in steps] == sorted(step.at for step in steps)
    assert {step.lane for step in steps} == {"order", "dispute", "money"}
    assert {step.by for step in steps} >= {"buyer", "seller"}
    page = desk.get(address(dispute)).content.decode()
    for words in ("Dispute answered", "Without a decision:", "Sentences to begin with"):
        assert words in page


def test_what_a_split_moves_is_shown_to_the_cent(buyer: Person) -> None:
    order = a_disputed_order(buyer)
    columns = casefile.preview(order, 10_01)
    assert [column["heading"] for column in columns] == [
        "Release", "Refund", "Split as time would",
    ]  # fmt: skip
    for column in columns:
        parts = ("to_buyer_cents", "to_seller_cents", "commission_cents")
        assert sum(column[part] for part in parts) == order.price_cents
    assert columns[2]["to_buyer_cents"] == 10_01
    assert len(casefile.preview(order, order.price_cents)) == 2


def test_what_was_decided_alike_is_told(desk: Client, buyer: Person, moderator: Person) -> None:
    before = [decided(buyer, moderator), decided(buyer, moderator, "release")]
    unlike = dispute_of(a_disputed_order(buyer, reason="not_received"))
    disputes.decide(unlike, actor=moderator, outcome="refund", reason="Another reason.")
    dispute = dispute_of(a_disputed_order(buyer))
    found = casefile.alike(dispute)
    assert found["total"] == 2
    assert {made.dispute_id for made in found["newest"]} == {one.pk for one in before}
    page = desk.get(address(dispute)).content.decode()
    assert "of the last 2 with this reason" in page
    assert "Another reason." not in page


def test_other_disputes_and_accounts_of_both_are_told(
    desk: Client, buyer: Person, moderator: Person
) -> None:
    decided(buyer, moderator)
    dispute, twin = dispute_of(a_disputed_order(buyer)), a_person(name="Twin")
    one_person.raise_case(buyer.pk, twin.pk, evidence="device")
    known = casefile.known_of(buyer, dispute)
    assert known["counts"] == [("as buyer, refunded", 1)]
    assert [str(pair) for pair in known["linked"]] == ["Bea and Twin"]
    assert "Bea and Twin" in desk.get(address(dispute)).content.decode()


def test_a_long_story_costs_as_many_queries_as_a_short_one(
    desk: Client, buyer: Person, moderator: Person
) -> None:
    decided(buyer, moderator)
    dispute = dispute_of(an_answered_order(buyer))
    path = address(dispute)
    once = queries_of(desk, path)
    for _ in range(4):
        decided(buyer, moderator)
        one_person.raise_case(buyer.pk, a_person().pk, evidence="card")
        dispute_of(an_answered_order(buyer))
    assert queries_of(desk, path) == once
    assert once <= 40


def test_every_sentence_is_for_an_outcome() -> None:
    assert {one["for"] for one in casefile.sentences()} == {"Release", "Refund", "Split"}
    assert all(one["text"].endswith(".") for one in casefile.sentences())


WRITTEN = "I compared both ledgers, line by line, for an hour."


def test_what_was_written_stays_when_an_act_is_refused(
    desk: Client, moderator: Person, buyer: Person
) -> None:
    """Whatever refuses it: a rule, another who was quicker, or a page that is out of date."""
    dispute = an_answered_order(buyer).dispute
    page = f"/console/orders/dispute/{dispute.pk}/"
    form = {"outcome": "split", "refund_cents": "9999", "reason": WRITTEN}
    other = a_person(name="Mira", is_staff=True)

    def refused(status: int, **changes: str) -> str:
        answer = desk.post(f"{page}decision/", form | changes)
        text = answer.content.decode()
        assert (answer.status_code, text.count(WRITTEN)) == (status, 1)
        assert not Decision.objects.exists()
        return text

    assert 'aria-invalid="true"' in refused(400)
    assert "has changed since you opened it" in refused(409, outcome="refund", seen="before")
    claims.take(f"orders.dispute:{dispute.pk}", actor=other)
    assert "Mira is on this case." in refused(409, outcome="refund")
    claims.release(f"orders.dispute:{dispute.pk}", actor=other)
    # The act itself is gone: there is no form any more, and the words are shown.
    disputes.decide(dispute, actor=other, outcome="refund", reason="As the log shows.")
    late = desk.post(f"{page}decision/", form | {"outcome": "refund"})
    text = late.content.decode()
    assert (late.status_code, text.count(WRITTEN)) == (409, 1)
    assert "to be copied" in text
    assert Decision.objects.get().by == other
