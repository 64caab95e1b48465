"""POST orders/: a fixed price, one order per key, and refusals that change nothing."""

import re
from datetime import datetime
from typing import Any

import pytest
from django.conf import LazySettings
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Person
from listings.models import Listing
from orders.api_shapes import OrderAnswer, OrderTerms
from orders.models import Order
from payments.models import Escrow
from tests.api.calling import API, Caller, fields, problem, wrong
from tests.factories import a_listing
from tests.sandbox_process import SandboxProcess
from tests.trade import at_once

pytestmark = pytest.mark.django_db
SHARED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@pytest.fixture
def caller(buyer: Person) -> Caller:
    return Caller(buyer)


def terms(offer: Listing, **changes: Any) -> dict[str, Any]:
    return {"listing": str(offer.pk), "face_value_cents": 50_00} | changes


def untouched(listing: Listing) -> bool:
    before = listing.available_cents
    listing.refresh_from_db()
    return (
        listing.available_cents == before
        and not Order.objects.exists()
        and not Escrow.objects.exists()
    )


def test_an_order_in_the_contract_s_shape(
    caller: Caller, offer: Listing, settings: LazySettings
) -> None:
    answer = caller.post("orders/", terms(offer, recipient="me@example.com"))
    found = answer.json()
    assert answer.status_code == 201, found
    assert set(found) == fields(OrderAnswer)
    assert found["payment_url"].startswith(settings.SANDBOX_URL)
    assert re.fullmatch(r"\S+Z", found["pay_before"])
    assert datetime.fromisoformat(found["pay_before"]).tzinfo is not None
    expected = {
        "status": "placed",
        "role": "buyer",
        "listing": str(offer.pk),
        "face_value_cents": 50_00,
        "price_cents": 30_00,
        "proceeds_cents": 27_60,
        "currency": "USD",
        "deadline": found["pay_before"],
    }
    assert found == found | expected
    assert found["transfer"]["recipient"] == "me@example.com"
    assert answer.headers["Content-Type"] == "application/json"
    assert "no-store" in answer.headers["Cache-Control"]
    assert caller.get(f"orders/{found['id']}/").json() == found
    offer.refresh_from_db()
    assert (offer.available_cents, offer.reserved_cents) == (50_00, 50_00)


def test_server_values_stand_whatever_is_sent(caller: Caller, offer: Listing) -> None:
    extra = {"price_cents": 1, "currency": "JPY", "status": "paid", "discount_bp": 9999}
    found = caller.post("orders/", terms(offer, **extra, seller="me")).json()
    assert (found["price_cents"], found["currency"], found["status"]) == (30_00, "USD", "placed")


@pytest.mark.parametrize(
    ("changes", "code", "more"),
    [
        ({"face_value_cents": 110_00}, "insufficient_stock", {"available_cents": 100_00}),
        ({"face_value_cents": 15_00}, "amount_not_offered", {"nearest_cents": [10_00, 20_00]}),
        ({"face_value_cents": 5_00}, "amount_not_offered", {"nearest_cents": [10_00]}),
        ({"expected_price_cents": 29_99}, "price_changed", {"price_cents": 30_00}),
    ],
)
def test_refusals_say_what_would_be_possible(
    caller: Caller, offer: Listing, changes: dict[str, int], code: str, more: dict[str, Any]
) -> None:
    found = problem(caller.post("orders/", terms(offer, **changes)), 409, code)
    assert found == found | more
    assert untouched(offer)


def test_the_expected_price(caller: Caller, offer: Listing) -> None:
    assert caller.post("orders/", terms(offer, expected_price_cents=30_00)).status_code == 201


def test_one_s_own_offer(offer: Listing) -> None:
    problem(Caller(offer.seller).post("orders/", terms(offer)), 403, "own_listing")
    assert untouched(offer)


def test_what_cannot_be_bought(caller: Caller, seller: Person, moderator: Person) -> None:
    paused = a_listing(seller=seller, status="paused")
    problem(caller.post("orders/", terms(paused)), 409, "listing_not_live")
    draft = a_listing(seller=seller, status="draft")
    for there in (draft.pk, "00000000-0000-4000-8000-000000000000", "nonsense"):
        answer = caller.post("orders/", terms(draft, listing=str(there)))
        assert "listing" in problem(answer, 404, "not_found")["errors"]
    problem(Caller(moderator).post("orders/", terms(draft)), 409, "listing_not_live")
    problem(Caller().post("orders/", terms(paused)), 401, "not_authenticated")
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    "name", ["listing", "face_value_cents", "expected_price_cents", "recipient"]
)
def test_values_of_no_sense_in_every_field(caller: Caller, buyer: Person, name: str) -> None:
    listing = a_listing()
    for value in (None, True, 1.5, [], {}, ["x"], "\0", "\ud800", -(10**18), 10**18):
        assert name in wrong(caller.post("orders/", terms(listing, **{name: value}))), value
    for literal in ("NaN", "Infinity", "1e309", "9" * 5000):
        text = f'{{"{name}": {literal}}}'
        answer = caller.client.post(
            f"{API}orders/", text, content_type="application/json", headers=caller.headers
        )
        assert name in wrong(answer)
    if name.endswith("cents"):
        for value in (0, -1, "5000", ""):
            assert name in wrong(caller.post("orders/", terms(listing, **{name: value})))
    assert untouched(listing)


def test_every_wrong_field_in_one_answer(caller: Caller, buyer: Person) -> None:
    assert wrong(caller.post("orders/")) == {"listing", "face_value_cents"}
    bad = {
        "listing": 7,
        "face_value_cents": "x",
        "expected_price_cents": 0,
        "recipient": "r8_" + "Ab1" * 12 + "X",
    }
    assert wrong(caller.post("orders/", bad)) == set(bad) == fields(OrderTerms)


def test_the_same_key_and_body_give_the_same_answer(
    caller: Caller, offer: Listing, buyer2: Person
) -> None:
    first = caller.post("orders/", terms(offer), Idempotency_Key="one")
    assert first.status_code == 201
    body = dict(reversed(terms(offer).items()))
    again = caller.post("orders/", body, Idempotency_Key="one")
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert Order.objects.count() == 1
    # Whatever becomes of the offer and of the order.
    Listing.objects.filter(pk=offer.pk).update(title="Another title")
    caller.post(f"orders/{first.json()['id']}/cancellation/")
    assert caller.post("orders/", body, Idempotency_Key="one").content == first.content
    # A key is its owner's: somebody else's means another order.
    other = Caller(buyer2).post("orders/", terms(offer), Idempotency_Key="one")
    assert other.json()["id"] != first.json()["id"]


def test_the_key_is_looked_at_before_everything_else(caller: Caller, offer: Listing) -> None:
    caller.post("orders/", terms(offer), Idempotency_Key="one")
    for body in (
        terms(offer, face_value_cents=60_00),
        terms(offer, recipient="x"),
        terms(offer, ignored=1),
        {"nonsense": "\ud800"},
        {},
    ):
        answer = caller.post("orders/", body, Idempotency_Key="one")
        problem(answer, 422, "idempotency_key_reused")
    assert Order.objects.count() == 1


def test_a_refusal_is_not_kept_under_the_key(caller: Caller, offer: Listing) -> None:
    assert wrong(caller.post("orders/", {}, Idempotency_Key="two")) == {
        "listing",
        "face_value_cents",
    }
    Listing.objects.filter(pk=offer.pk).update(status="paused")
    problem(caller.post("orders/", terms(offer), Idempotency_Key="two"), 409, "listing_not_live")
    Listing.objects.filter(pk=offer.pk).update(status="live")
    assert caller.post("orders/", terms(offer), Idempotency_Key="two").status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "\x80"])
def test_keys_that_are_none(caller: Caller, buyer: Person, key: str) -> None:
    listing = a_listing()
    answer = caller.post("orders/", terms(listing), Idempotency_Key=key)
    assert wrong(answer) == {"Idempotency-Key"}
    assert untouched(listing)


def test_eight_at_once_with_one_key_place_one_order(caller: Caller, offer: Listing) -> None:
    def call() -> tuple[int, bytes]:
        mine = Caller()
        mine.headers = caller.headers
        answer = mine.post("orders/", terms(offer), Idempotency_Key="race")
        return answer.status_code, answer.content

    answers = at_once([call] * 8)
    assert len(set(answers)) == 1
    assert answers[0][0] == 201  # type: ignore[index]
    assert b'"payment_url":"http' in answers[0][1]  # type: ignore[index]
    assert Order.objects.count() == 1


def test_without_a_key_each_call_is_an_order(caller: Caller, offer: Listing) -> None:
    ids = {caller.post("orders/", terms(offer)).json()["id"] for _ in range(2)}
    assert len(ids) == 2
    problem(caller.post("orders/", terms(offer)), 409, "listing_not_live")


def test_nobody_keeps_many_unpaid(caller: Caller, offer: Listing, settings: LazySettings) -> None:
    settings.MAX_OPEN_ORDERS_PER_BUYER = 1
    caller.post("orders/", terms(offer, face_value_cents=10_00))
    answer = caller.post("orders/", terms(offer, face_value_cents=10_00))
    problem(answer, 409, "too_many_open_orders")


def test_the_order_stands_where_the_processor_does_not_answer(
    caller: Caller, offer: Listing, sandbox: SandboxProcess
) -> None:
    fault = {"kind": "status_500", "method": "POST", "path": "/v1/checkout/sessions", "times": 9}
    sandbox.control("POST", "faults/", fault)
    try:
        answer = caller.post("orders/", terms(offer))
    finally:
        sandbox.control("DELETE", "faults/")
    assert answer.status_code == 201
    assert (answer.json()["status"], answer.json()["payment_url"]) == ("placed", None)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from([50_00, "nonsense", "00000000-0000-4000-8000-000000000000"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=SHARED)
@given(
    body=st.dictionaries(st.sampled_from(sorted(OrderTerms().fields)), JSON), keyed=st.booleans()
)
def test_any_object_is_refused_in_words(caller: Caller, body: dict[str, Any], keyed: bool) -> None:
    """No listing has such an id, so nothing may happen whatever else is sent."""
    headers = {"Idempotency_Key": f"fuzz-{hash(str(body))}"} if keyed else {}
    answer = caller.post("orders/", body, **headers)
    assert answer.status_code in (400, 404), answer.content
    assert answer.json()["errors"].keys() <= OrderTerms().fields.keys() | {""}
    assert not Order.objects.filter(face_value_cents=F("face_value_cents")).exists()
