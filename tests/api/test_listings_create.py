"""POST listings/: every wrong field is named in one answer, and nothing changes."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Person
from listings.api_shapes import CodeGiven, ListingAnswer, ListingTerms
from listings.forms import ListingForm
from listings.models import Code, Listing, ListingEvent
from providers.models import Program
from tests.api.calling import API, Caller, fields, problem, wrong
from tests.factories import a_provider

pytestmark = pytest.mark.django_db
KEY = "r8_" + "Ab1" * 12 + "X"


def offer(**changes: Any) -> dict[str, Any]:
    body = {
        "provider": "acme",
        "title": "Credit to spare",
        "description": "From a finished project.",
        "currency": "USD",
        "face_value_cents": 500_00,
        "discount_bp": 4000,
        "min_order_cents": 10_00,
        "expires_on": str(timezone.now().date() + timedelta(days=100)),
        "transfer_method": "balance_transfer",
    }
    return body | changes


@pytest.fixture
def caller(seller: Person) -> Caller:
    a_provider()
    return Caller(seller)


def test_the_shape_is_that_of_the_form() -> None:
    assert fields(ListingTerms) == set(ListingForm.base_fields)
    assert fields(CodeGiven) == {"code", "face_value_cents"}
    required = {name for name, field in ListingForm.base_fields.items() if field.required}
    assert {name for name, field in ListingTerms().fields.items() if field.required} == required


def test_a_draft(caller: Caller, seller: Person) -> None:
    answer = caller.post("listings/", offer())
    found = answer.json()
    assert answer.status_code == 201, found
    assert set(found) == fields(ListingAnswer)
    assert (found["status"], found["available_cents"]) == ("draft", 500_00)
    assert (found["price_cents"], found["step_cents"], found["region"]) == (300_00, 100, "")
    assert Listing.objects.get(pk=found["id"]).seller == seller
    assert caller.get(f"listings/{found['id']}/").json() == found
    assert ListingEvent.objects.get().kind == "drafted"


def test_optional_fields(caller: Caller) -> None:
    Program.objects.create(provider=a_provider(), slug="grant", name="Grant", amount="$1,000")
    more = {"program": "grant", "step_cents": 250, "region": "eu-west", "description": ""}
    found = caller.post("listings/", offer(**more)).json()
    assert found == found | more
    assert caller.post("listings/", offer(program=None)).json()["program"] is None


def test_codes_go_into_the_vault_and_never_into_an_answer(caller: Caller) -> None:
    codes = [{"code": f"SECRET-{n}", "face_value_cents": 50_00} for n in range(3)]
    body = offer(
        transfer_method="redeem_code",
        codes=codes,
        face_value_cents=150_00,
        min_order_cents=50_00,
        description="Codes.",
    )
    answer = caller.post("listings/", body)
    assert answer.status_code == 201, answer.json()
    assert answer.json()["step_cents"] == 50_00
    assert b"SECRET" not in answer.content
    assert Code.objects.count() == 3
    assert wrong(caller.post("listings/", body)) == {"codes"}
    assert Listing.objects.count() == 1


def test_unknown_and_read_only_fields_are_ignored(caller: Caller, buyer: Person) -> None:
    extra = {
        "status": "live",
        "price_cents": 1,
        "available_cents": 1,
        "seller": str(buyer.pk),
        "seller_id": buyer.pk,
        "id": "00000000-0000-4000-8000-000000000000",
        "created_at": "2020-01-01T00:00:00Z",
        "sold_cents": -5,
        "🦆": {"deep": [1e308]},
    }
    found = caller.post("listings/", offer(**extra)).json()
    assert (found["status"], found["price_cents"]) == ("draft", 300_00)
    assert found["seller"]["name"] == "Sol"
    assert found["id"] != extra["id"]


def test_every_wrong_field_is_named_in_one_answer(caller: Caller) -> None:
    assert wrong(caller.post("listings/")) == {
        name for name, field in ListingForm.base_fields.items() if field.required
    }
    bad = {
        "provider": "nowhere",
        "title": "x" * 121,
        "description": f"my key is {KEY}",
        "currency": "XAU",
        "face_value_cents": -1,
        "discount_bp": 2999,
        "min_order_cents": "10",
        "expires_on": "2020-01-01",
        "transfer_method": "by_post",
        "step_cents": True,
        "region": "\0",
        "codes": [{"code": 5}],
    }
    answer = caller.post("listings/", offer(**bad))
    assert wrong(answer) == set(bad)
    assert KEY not in answer.content.decode()
    assert not Listing.objects.exists()


WRONG_EVERYWHERE = [True, 12.5, [], ["x"], {}, {"a": 1}, "\0", "\ud800", "1e309", -(10**18)]
LITERALS = ["NaN", "Infinity", "-Infinity", "1e309", "1000000000000000000", "9" * 5000]
NUMBERS = ("face_value_cents", "min_order_cents", "step_cents", "discount_bp")


@pytest.mark.parametrize("name", sorted(ListingForm.base_fields))
def test_values_of_no_sense_in_every_field(caller: Caller, name: str) -> None:
    for value in WRONG_EVERYWHERE:
        if name == "codes" and value == []:
            continue
        if value == "1e309" and name in ("title", "description", "region"):
            continue
        assert name in wrong(caller.post("listings/", offer(**{name: value}))), value
    if name != "program":
        assert name in wrong(caller.post("listings/", offer(**{name: None})))
    assert not Listing.objects.exists()


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("literal", LITERALS)
def test_numbers_that_are_none(caller: Caller, name: str, literal: str) -> None:
    """Abuse cases 15 and 16, as programs have them."""
    text = f'{{"{name}": {literal}}}'
    answer = caller.client.post(
        f"{API}listings/", text, content_type="application/json", headers=caller.headers
    )
    assert name in wrong(answer)
    assert name in wrong(caller.post("listings/", offer(**{name: 0})))


def test_the_bounds_of_the_discount(caller: Caller) -> None:
    """Abuse case 14, as programs have it."""
    for good in (3000, 7000):
        assert caller.post("listings/", offer(discount_bp=good)).status_code == 201
    for bad in (2999, 7001, 0, -3000, 29.99, 70.01, 10_000):
        assert wrong(caller.post("listings/", offer(discount_bp=bad))) == {"discount_bp"}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"min_order_cents": 600_00}, {"min_order_cents"}),
        ({"step_cents": 130}, {"face_value_cents", "min_order_cents"}),
        ({"codes": [{"code": "A", "face_value_cents": 500_00}]}, {"codes"}),
        ({"transfer_method": "redeem_code", "codes": [{"code": "A", "face_value_cents": 1}]},
         {"codes"}),
        ({"program": "nothing"}, {"program"}),
        ({"title": "Zero\u200bwidth"}, {"title"}),
        ({"title": "abc"}, {"title"}),
        ({"face_value_cents": 10**9 + 1}, {"face_value_cents"}),
    ],
)  # fmt: skip
def test_what_the_form_refuses(caller: Caller, changes: dict[str, Any], named: set[str]) -> None:
    assert wrong(caller.post("listings/", offer(**changes))) == named


def test_scripts_are_kept_as_text(caller: Caller) -> None:
    title = '<script>alert("x")</script>'
    assert caller.post("listings/", offer(title=title)).json()["title"] == title


@pytest.mark.parametrize("text", ["[]", "5", "null", '"x"', "{", "", "[" * 200_000, '{"a":' * 999])
def test_bodies_that_are_no_object(caller: Caller, text: str) -> None:
    answer = caller.client.post(
        f"{API}listings/", text, content_type="application/json", headers=caller.headers
    )
    assert answer.status_code == 400
    assert answer.json()["code"] in ("parse_error", "invalid")


def test_bodies_too_deep_too_large_or_of_another_type(caller: Caller) -> None:
    deep = '{"a":' + "[" * 40 + "]" * 40 + "}"
    shallow = '{"a":' + "[" * 20 + "]" * 20 + "}"

    def send(text: str | bytes, content_type: str = "application/json") -> Any:
        body = text.encode() if isinstance(text, str) else text
        return caller.client.generic(
            "POST", f"{API}listings/", body, content_type, headers=caller.headers
        )

    problem(send(deep), 400, "parse_error")
    problem(send(shallow), 400, "invalid")
    problem(send('{"a": "' + "x" * 3_000_000 + '"}'), 413, "too_large")
    problem(send("a=1", "application/x-www-form-urlencoded"), 415, "unsupported_media_type")
    for charset in ("zlib", "undefined", "rot13", "utf-16"):
        problem(send(b"{}", f"application/json; charset={charset}"), 400, "invalid")
    problem(send("\udcff{}".encode("utf-8", "surrogateescape")), 400, "parse_error")


def test_nobody_offers_without_signing_in(anybody: Caller, seller: Person) -> None:
    answer = anybody.post("listings/", offer())
    problem(answer, 401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    client = Client(enforce_csrf_checks=True)
    client.force_login(seller)
    answer = client.post(f"{API}listings/", offer(), content_type="application/json")
    problem(answer, 403, "permission_denied")
    assert not Listing.objects.exists()


def test_a_session_with_its_csrf_token_may(seller: Person) -> None:
    a_provider()
    client = Client(enforce_csrf_checks=True)
    client.force_login(seller)
    client.get("/accounts/password/change/")
    token = client.cookies["csrf"].value
    answer = client.post(
        f"{API}listings/",
        offer(),
        content_type="application/json",
        headers={"X-CSRFToken": token},
    )
    assert answer.status_code == 201, answer.content
    assert "no-store" in answer.headers["Cache-Control"]


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["USD", "redeem_code", "acme", 4000, 100_00, KEY, "2030-01-01"])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    body=st.dictionaries(st.sampled_from(sorted(ListingForm.base_fields)), JSON),
    broken=st.sampled_from(sorted(ListingForm.base_fields)),
)
def test_any_object_is_an_offer_or_a_refusal(
    caller: Caller, body: dict[str, Any], broken: str
) -> None:
    before = Listing.objects.count(), Code.objects.count()
    for sent in (body, offer(**{broken: body.get(broken)})):
        answer = caller.post("listings/", sent)
        if answer.status_code == 201:
            Listing.objects.get(pk=answer.json()["id"])
            before = Listing.objects.count(), Code.objects.count()
        else:
            assert wrong(answer) <= set(ListingForm.base_fields)
    assert (Listing.objects.count(), Code.objects.count()) == before
