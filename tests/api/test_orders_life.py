"""A trade from payment to settlement by REST, and what each party may do in each state."""

from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Person
from listings.models import Code, Listing
from orders.api_shapes import EscrowAnswer, EventAnswer, TransferAnswer, VerificationAnswer
from orders.disputes import decide
from orders.models import Dispute, Order, OrderEvent
from payments import collection
from payments.payouts import balances
from tests.api.calling import API, Caller, fields, problem, wrong
from tests.factories import a_document
from tests.trade import paid, pay, placed, settle

pytestmark = pytest.mark.django_db
EVENTS = ("cancellation", "transfer", "reveal", "confirmation", "dispute")
BODIES: dict[str, Any] = {
    "transfer": {"note": "Sent."},
    "dispute": {"reason": "not_received", "text": "Nothing came."},
}


def kinds(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(event["kind"], event["by"]) for event in found["events"]]


def refused(person: Person, order: Order, step: str, status: int, code: str) -> None:
    """The step is refused and leaves no trace."""
    before = Order.objects.values().get(pk=order.pk), OrderEvent.objects.count()
    problem(Caller(person).post(f"orders/{order.pk}/{step}/", BODIES.get(step)), status, code)
    assert (Order.objects.values().get(pk=order.pk), OrderEvent.objects.count()) == before


def money(status: str, *, held: int = 0, released: int = 0) -> dict[str, object]:
    """What an answer says of an escrow from which nothing went back."""
    cents = {"held_cents": held, "released_cents": released, "refunded_cents": 0}
    return {"status": status, **cents}


def test_a_balance_transfer_from_payment_to_settlement(order: Order, buyer: Person) -> None:
    path, caller, seller = f"orders/{order.pk}", Caller(buyer), Caller(order.seller)
    assert pay(order).status_code == 303
    collection.collect(order.escrow_id)
    # The money has arrived; the order follows when it is asked for.
    found = caller.get(f"{path}/").json()
    assert found["status"] == "paid"
    assert found["payment_url"] is None
    assert found["escrow"] == money("held", held=30_00)
    found = caller.patch(f"{path}/", {"recipient": "me@example.com"}).json()
    assert found["transfer"]["recipient"] == "me@example.com"
    assert seller.get("me/").json()["balances"]["pending_cents"] == 27_60

    found = seller.post(f"{path}/transfer/", {"note": "Sent from my account."}).json()
    assert (found["status"], found["role"]) == ("transferred", "seller")
    assert found["transfer"]["sent_at"].endswith("Z")
    assert found["transfer"]["note"] == "Sent from my account."
    assert found["transfer"]["verification"] == {
        "rung": "buyer_confirmation",
        "state": "waiting",
        "verdict": None,
        "measured_cents": None,
        "report_url": None,
    }
    found = caller.post(f"{path}/confirmation/").json()
    assert (found["status"], found["deadline"]) == ("completed", None)
    assert found["escrow"] == money("released", released=30_00)
    verification = found["transfer"]["verification"]
    assert (verification["state"], verification["verdict"]) == ("done", "verified")
    assert kinds(found) == [
        ("placed", "buyer"),
        ("paid", "buyer"),
        ("recipient_named", "buyer"),
        ("sent", "seller"),
        ("confirmed", "buyer"),
        ("completed", "buyer"),
    ]
    assert set(found["escrow"]) == fields(EscrowAnswer)
    assert set(found["transfer"]) == fields(TransferAnswer)
    assert set(verification) == fields(VerificationAnswer)
    assert set(found["events"][0]) == fields(EventAnswer)
    settle()
    assert balances(order.seller).available_cents == 27_60
    assert seller.get("me/").json()["balances"] == {
        "pending_cents": 0,
        "available_cents": 27_60,
        "paid_out_cents": 0,
    }


def test_codes_are_revealed_to_their_buyer_alone(
    coded_order: Order, buyer: Person, moderator: Person
) -> None:
    path = f"orders/{coded_order.pk}"
    refused(coded_order.seller, coded_order, "reveal", 403, "not_allowed")
    refused(moderator, coded_order, "reveal", 404, "not_found")
    caller = Caller(buyer)
    answer = caller.post(f"{path}/reveal/")
    assert answer.json() == {"codes": ["AAA-111", "BBB-222"]}
    assert "no-store" in answer.headers["Cache-Control"]
    assert caller.get(f"{path}/").json()["status"] == "transferred"
    assert caller.post(f"{path}/reveal/").json() == answer.json()
    for person in (buyer, coded_order.seller):
        assert b"AAA-111" not in Caller(person).get(f"{path}/").content
        assert b"AAA-111" not in Caller(person).get("orders/").content
    assert caller.post(f"{path}/confirmation/").json()["status"] == "completed"
    assert Code.objects.filter(status="available").count() == 1


def test_nothing_is_revealed_before_it_is_paid(coded: Listing, buyer: Person) -> None:
    order = placed(buyer, coded, 50_00)
    refused(buyer, order, "reveal", 409, "wrong_state")


def test_the_buyer_withdraws_what_is_not_paid(order: Order, buyer: Person) -> None:
    refused(order.seller, order, "cancellation", 409, "wrong_state")
    found = Caller(buyer).post(f"orders/{order.pk}/cancellation/").json()
    assert (found["status"], found["escrow"]["status"]) == ("cancelled", "lapsed")
    assert (found["payment_url"], found["deadline"]) == (None, None)
    assert found["escrow"]["held_cents"] == 0
    order.listing.refresh_from_db()
    assert order.listing.available_cents == 100_00


def test_the_seller_declines_what_is_paid(paid_order: Order, buyer: Person) -> None:
    refused(buyer, paid_order, "cancellation", 409, "wrong_state")
    path = f"orders/{paid_order.pk}/cancellation/"
    trading = Caller(paid_order.seller, scopes=("read", "trade"))
    problem(trading.post(path), 403, "scope_missing")
    found = Caller(paid_order.seller, scopes=("sell",)).post(path).json()
    assert found["status"] == "cancelled"
    assert found["escrow"] == {
        "status": "refunded",
        "held_cents": 0,
        "released_cents": 0,
        "refunded_cents": 30_00,
    }
    assert kinds(found)[-1] == ("declined", "seller")


def test_a_buyer_s_withdrawal_needs_the_scope_to_trade(order: Order, buyer: Person) -> None:
    path = f"orders/{order.pk}/cancellation/"
    problem(Caller(buyer, scopes=("read", "sell")).post(path), 403, "scope_missing")
    assert Caller(buyer, scopes=("trade",)).post(path).status_code == 200


def test_a_dispute_and_its_end(paid_order: Order, buyer: Person, moderator: Person) -> None:
    path = f"orders/{paid_order.pk}"
    caller = Caller(buyer)
    assert wrong(caller.post(f"{path}/dispute/")) == {"reason", "text"}
    assert wrong(caller.post(f"{path}/dispute/", {"reason": ["x"], "text": "\0"})) == {
        "reason",
        "text",
    }
    refused(paid_order.seller, paid_order, "dispute", 403, "not_allowed")
    found = caller.post(f"{path}/dispute/", BODIES["dispute"]).json()
    assert (found["status"], found["escrow"]["status"]) == ("disputed", "held")
    refused(buyer, paid_order, "dispute", 409, "wrong_state")
    refused(buyer, paid_order, "confirmation", 409, "wrong_state")
    decide(Dispute.objects.get(), actor=moderator, outcome="refund", reason="No proof.")
    assert caller.get(f"{path}/").json()["status"] == "disputed"
    Caller(paid_order.seller).post(f"{path}/dispute/acceptance/")
    found = caller.get(f"{path}/").json()
    assert (found["status"], found["escrow"]["refunded_cents"]) == ("cancelled", 30_00)
    assert kinds(found)[-1] == ("dispute_refunded", "seller")


def test_every_step_in_the_wrong_state_changes_nothing(order: Order, buyer: Person) -> None:
    for step in ("confirmation", "dispute", "reveal"):
        refused(buyer, order, step, 409, "wrong_state")
    refused(order.seller, order, "transfer", 409, "wrong_state")
    Caller(buyer).post(f"orders/{order.pk}/cancellation/")
    for step in ("confirmation", "dispute", "reveal", "cancellation"):
        refused(buyer, order, step, 409, "wrong_state")
    problem(Caller(buyer).patch(f"orders/{order.pk}/", {"recipient": "a@b.c"}), 409, "wrong_state")


def test_the_wrong_party_is_told_so(paid_order: Order, buyer: Person) -> None:
    refused(buyer, paid_order, "transfer", 403, "not_allowed")
    refused(paid_order.seller, paid_order, "confirmation", 403, "not_allowed")
    answer = Caller(paid_order.seller).patch(f"orders/{paid_order.pk}/", {"recipient": "a@b.c"})
    problem(answer, 403, "not_allowed")


def test_to_anybody_else_there_is_no_order(
    paid_order: Order, buyer2: Person, moderator: Person
) -> None:
    for person in (buyer2, moderator):
        caller = Caller(person)
        problem(caller.get(f"orders/{paid_order.pk}/"), 404, "not_found")
        problem(caller.patch(f"orders/{paid_order.pk}/", {"recipient": "a@b.c"}), 404, "not_found")
        assert caller.get("orders/").json()["results"] == []
        for step in EVENTS:
            refused(person, paid_order, step, 404, "not_found")
    anybody = Caller()
    problem(anybody.get(f"orders/{paid_order.pk}/"), 401, "not_authenticated")
    problem(anybody.get("orders/"), 401, "not_authenticated")
    for step in EVENTS:
        problem(anybody.post(f"orders/{paid_order.pk}/{step}/"), 401, "not_authenticated")


def test_a_note_as_json_or_as_a_form(paid_order: Order) -> None:
    path = f"orders/{paid_order.pk}/transfer/"
    caller = Caller(paid_order.seller)
    assert wrong(caller.post(path, {"note": 5, "evidence": "x"})) >= {"note"}
    assert wrong(caller.post(path, {"note": "x" * 2001})) == {"note"}
    assert wrong(caller.post(path, {"note": f"key r8_{'Ab1' * 12}X"})) == {"note"}
    assert wrong(caller.post(path, {"note": "Sent.", "evidence": "x"})) == {"evidence"}
    assert wrong(caller.upload(path, note="Sent.", evidence=a_document())) == {"evidence"}
    found = caller.upload(path, note="Sent by form.").json()
    assert found["transfer"]["note"] == "Sent by form."


def test_recipients_that_are_none(order: Order, buyer: Person) -> None:
    caller, path = Caller(buyer), f"orders/{order.pk}/"
    for value in (None, 5, True, [], {}, "", " ", "\0", "\ud800", "x" * 255, "a\u202eb"):
        assert wrong(caller.patch(path, {"recipient": value})) == {"recipient"}, value
    found = caller.patch(path, {"status": "completed", "price_cents": 1}).json()
    assert (found["status"], found["price_cents"]) == ("placed", 30_00)
    assert [event["kind"] for event in found["events"]] == ["placed"]


def test_one_s_orders_by_role(offer: Listing, buyer: Person, seller2: Person) -> None:
    first, second = (placed(buyer, offer, 10_00) for _ in range(2))
    caller = Caller(buyer)
    ids = [str(second.pk), str(first.pk)]
    for query in ({}, {"role": "buyer"}):
        assert [row["id"] for row in caller.get("orders/", **query).json()["results"]] == ids
    assert caller.get("orders/", role="seller").json()["results"] == []
    selling = Caller(offer.seller).get("orders/", role="seller").json()["results"]
    assert [row["id"] for row in selling] == ids
    assert {row["payment_url"] for row in selling} == {None}
    assert wrong(caller.get("orders/", role="moderator")) == {"role"}
    assert wrong(caller.get("orders/", cursor="x")) == {"cursor"}
    page = caller.get("orders/", limit=1).json()
    assert caller.client.get(page["next"], headers=caller.headers).json()["results"][0][
        "id"
    ] == str(first.pk)


def test_as_many_queries_for_many_as_for_one(
    offer: Listing,
    buyer: Person,
    settings: LazySettings,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    caller = Caller(buyer)
    order = placed(buyer, offer, 10_00)
    caller.get("me/")  # notes that the token was used, once a minute
    with django_assert_num_queries(3):  # token, orders, events
        caller.get("orders/")
    for _ in range(7):
        placed(buyer, offer, 10_00)
    with django_assert_num_queries(3):
        assert len(caller.get("orders/").json()["results"]) == 8
    with django_assert_num_queries(3):
        caller.get(f"orders/{order.pk}/")


def test_reading_writes_nothing_once_the_order_is_up_to_date(
    paid_order: Order, buyer: Person
) -> None:
    caller = Caller(buyer)
    before = Order.objects.values().get(), OrderEvent.objects.count()
    for _ in range(2):
        caller.get(f"orders/{paid_order.pk}/")
        caller.get("orders/")
    assert (Order.objects.values().get(), OrderEvent.objects.count()) == before


def test_a_session_needs_its_csrf_token(order: Order, buyer: Person) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(buyer)
    assert client.get(f"{API}orders/{order.pk}/").status_code == 200
    answer = client.post(f"{API}orders/{order.pk}/cancellation/")
    problem(answer, 403, "permission_denied")
    assert Order.objects.get().status == "placed"


def test_a_payment_during_the_call_is_noticed(order: Order, buyer: Person) -> None:
    """Whoever withdraws in the moment the money arrives is told that the order goes on."""
    pay(order)
    collection.collect(order.escrow_id)
    problem(Caller(buyer).post(f"orders/{order.pk}/cancellation/"), 409, "wrong_state")
    assert Order.objects.get().status == "paid"
    assert paid(order).status == "paid"
