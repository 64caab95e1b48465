"""The pages and the calls of a dispute: what each side can do, and that nobody else can."""

import re
from itertools import product
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from orders import disputes, proposals
from orders.models import Order
from tests.api.calling import Caller, problem
from tests.orders.quarrels import (
    WORDS,
    a_decided_order,
    a_disputed_order,
    a_sent_order,
    an_answered_order,
    ended,
    everything,
    now,
    split,
)
from tests.orders.test_pages_queries import queries

ACTS = ("answer", "escalation", "concession", "proposals", "appeal", "acceptance")


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def forms(person: Person, order: Order) -> set[str]:
    """The acts that the page offers."""
    page = signed_in(person).get(f"/orders/{order.pk}/dispute/").content.decode()
    return set(re.findall(rf'action="/orders/{order.pk}/dispute/(?:proposals/\d+/)?(\w+)/"', page))


def test_the_page_offers_each_side_what_it_can_do(buyer: Person, moderator: Person) -> None:
    order = a_disputed_order(buyer)
    assert forms(order.seller, order) == {"answer", "concession", "proposals"}
    assert forms(buyer, order) == {"concession", "proposals"}
    order = an_answered_order(buyer)
    proposals.propose(order, actor=buyer, refund_cents=10_00)
    usual = {"concession", "proposals", "escalation"}
    assert forms(buyer, order) == usual
    assert forms(order.seller, order) == usual | {"acceptance", "refusal"}
    disputes.escalate(order, actor=buyer)
    assert forms(buyer, order) == {"concession", "proposals"}
    order = a_decided_order(buyer, moderator, "refund", None)
    assert (forms(buyer, order), forms(order.seller, order)) == (set(), {"appeal", "acceptance"})
    disputes.accept(order, actor=order.seller)
    assert forms(buyer, order) == forms(order.seller, order) == set()


@pytest.mark.parametrize("by", ["page", "call"])
def test_from_the_first_word_to_an_agreed_split(buyer: Person, books: None, by: str) -> None:
    order = a_sent_order(buyer)
    seller = order.seller

    def act(person: Person, what: str, given: dict[str, Any] | None = None) -> Any:
        path = f"orders/{order.pk}/dispute/{what}"
        if by == "call":
            answer = Caller(person).post(path, given)
            assert answer.status_code in (200, 201), answer.content
            return answer.json()
        if given and "refund_cents" in given:
            given = {"refund_cents": f"{given['refund_cents'] / 100:.2f}"}
        answer = signed_in(person).post(f"/{path}", given or {})
        assert answer.status_code == 302, answer.content
        return None

    act(buyer, "", {"reason": "less_than_agreed", "text": WORDS})
    act(seller, "answer/", {"text": "I sent all of it, look again."})
    act(buyer, "proposals/", {"refund_cents": 20_00})
    first = now(order).dispute.proposals.get()
    act(seller, f"proposals/{first.pk}/refusal/")
    act(seller, "proposals/", {"refund_cents": 10_00})
    offered = now(order).dispute.proposals.get(status="open")
    said = act(buyer, f"proposals/{offered.pk}/acceptance/")
    assert ended(order) == split(10_00)
    sold = signed_in(seller).get(f"/orders/{order.pk}/").content.decode()
    received = sold[sold.index("You receive") :][:120]
    assert "$18.40" in received
    if by == "call":
        assert (said["status"], said["may"], said["default"]) == ("ended", [], None)
        assert [p["status"] for p in said["proposals"]] == ["accepted", "refused"]
        assert said["proposals"][0] | {"id": "", "expires_at": ""} == {
            "id": "",
            "by": "seller",
            "refund_cents": 10_00,
            "status": "accepted",
            "expires_at": "",
            "outcome": "split",
            "to_buyer_cents": 10_00,
            "to_seller_cents": 18_40,
            "commission_cents": 1_60,
        }


def test_decided_appealed_and_accepted_by_call(
    buyer: Person, moderator: Person, books: None
) -> None:
    order = an_answered_order(buyer)
    both, path = (Caller(buyer), Caller(order.seller)), f"orders/{order.pk}/dispute/"
    assert both[0].post(f"{path}escalation/").json()["status"] == "reviewing"
    problem(both[1].post(f"{path}escalation/"), 409, "wrong_state")
    disputes.decide(order.dispute, actor=moderator, outcome="release", reason="I read it.")
    said = both[0].get(path).json()
    assert (said["may"], said["decisions"][0]["by"]) == (["accept", "appeal"], "moderator")
    problem(both[1].post(f"{path}appeal/", {"text": WORDS}), 403, "not_allowed")
    problem(both[0].post(f"{path}appeal/", {"text": "no"}), 400, "invalid")
    assert both[0].post(f"{path}acceptance/").json()["status"] == "ended"
    assert ended(order)[1] == "released"


def test_nobody_else_finds_any_of_it(buyer: Person, buyer2: Person, moderator: Person) -> None:
    order = an_answered_order(buyer)
    offered = proposals.propose(order, actor=buyer, refund_cents=10_00)
    before = everything(now(order))
    below = (*ACTS, f"proposals/{offered.pk}/acceptance", f"proposals/{offered.pk}/refusal")
    others = [(signed_in(person), Caller(person)) for person in (buyer2, moderator)]
    for (client, caller), act in product(others, below):
        path = f"orders/{order.pk}/dispute/{act}/"
        given = {"text": WORDS, "refund_cents": 1}
        assert client.post(f"/{path}", given).status_code == 404
        problem(caller.post(path, given), 404, "not_found")
    assert signed_in(buyer2).get(f"/orders/{order.pk}/dispute/").status_code == 404
    problem(Caller(buyer2).get(f"orders/{order.pk}/dispute/"), 404, "not_found")
    assert everything(now(order)) == before


def test_a_wrong_amount_or_word_is_named_where_it_was_typed(buyer: Person) -> None:
    order = an_answered_order(buyer)
    client = signed_in(buyer)
    for typed, words in (("0", "greater than"), ("30", "less than 30.00"), ("x", "a number")):
        answer = client.post(f"/orders/{order.pk}/dispute/proposals/", {"refund_cents": typed})
        assert (answer.status_code, words in answer.content.decode()) == (400, True), typed
    key = "sk-ant-api03-" + "A1b2" * 24
    order = a_disputed_order(buyer)
    answer = signed_in(order.seller).post(f"/orders/{order.pk}/dispute/answer/", {"text": key})
    assert "looks like a key" in answer.content.decode()
    assert now(order).dispute.answer == ""


def test_the_table_is_public_and_says_what_the_page_says(buyer: Person) -> None:
    order = a_disputed_order(buyer)
    why = "Nothing shows that the credit arrived"
    assert why in Client().get("/how-disputes-end/").content.decode()
    assert why in signed_in(buyer).get(f"/orders/{order.pk}/dispute/").content.decode()


def test_how_often_the_page_asks_does_not_depend_on_what_was_said(buyer: Person) -> None:
    order = an_answered_order(buyer)
    path = f"/orders/{order.pk}/dispute/"
    with_none = queries(signed_in(buyer), path)
    for cents in (1_00, 2_00, 3_00):
        proposals.propose(order, actor=order.seller, refund_cents=cents)
    assert queries(signed_in(buyer), path) == with_none <= 10
