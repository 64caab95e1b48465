"""GET me/: who am I, and what have I coming."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Person
from payments.api import Balances, Me, SellerStanding
from tests.api.calling import API, Caller, fields, problem
from tests.factories import a_person, a_standing

pytestmark = pytest.mark.django_db


def test_a_seller(seller: Person) -> None:
    a_standing(seller, completed=2, failed=1)
    found = Caller(seller).get("me/").json()
    assert found == {
        "id": str(seller.pk),
        "email": "seller@example.com",
        "name": "Sol",
        "seller": {
            "payouts_ready": True,
            "rating": None,
            "completed_orders": 2,
            "failed_orders": 1,
        },
        "currency": "USD",
        "balances": {"pending_cents": 0, "available_cents": 0, "paid_out_cents": 0},
    }
    assert set(found) == fields(Me)
    assert set(found["seller"]) == fields(SellerStanding)
    assert set(found["balances"]) == fields(Balances)


def test_a_newcomer_by_session() -> None:
    client = Client()
    person = a_person("new@example.com")
    client.force_login(person)
    answer = client.get(f"{API}me/")
    assert answer.json()["name"] == f"Member {person.pk}"
    assert answer.json()["seller"]["payouts_ready"] is False
    assert "no-store" in answer.headers["Cache-Control"]


def test_nobody_in_particular(anybody: Caller) -> None:
    answer = anybody.get("me/")
    problem(answer, 401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_queries(seller: Person, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    caller = Caller(seller)
    caller.get("me/")
    with django_assert_num_queries(9):
        caller.get("me/")
