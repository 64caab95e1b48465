"""POST tokens/: a token for a password, and what a token may do."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import LazySettings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.utils import timezone

from accounts.models import ApiToken, Person
from tests.api.calling import Caller, problem, wrong
from tests.factories import PASSWORD, a_person

pytestmark = pytest.mark.django_db


def test_a_token_is_shown_once_and_works(anybody: Caller, buyer: Person) -> None:
    answer = anybody.post("tokens/", {"email": buyer.email, "password": PASSWORD})
    assert answer.status_code == 201
    assert set(answer.json()) == {"token"}
    assert answer.headers["Cache-Control"] == "no-store"
    token = answer.json()["token"]
    row = ApiToken.objects.get(person=buyer)
    assert token not in str(vars(row))
    assert row.scopes == ["read", "trade", "sell"]
    anybody.headers["Authorization"] = f"Bearer {token}"
    assert anybody.get("me/").json()["email"] == buyer.email


def test_another_spelling_of_the_address_is_the_same_person(anybody: Caller) -> None:
    a_person("jo.doe@gmail.com")
    given = {"email": " JoDoe+x@GoogleMail.com ", "password": PASSWORD}
    assert anybody.post("tokens/", given).status_code == 201


def test_unknown_address_and_wrong_password_answer_the_same(anybody: Caller, buyer: Person) -> None:
    known = anybody.post("tokens/", {"email": buyer.email, "password": "wrong"})
    unknown = anybody.post("tokens/", {"email": "nobody@example.com", "password": "wrong"})
    nonsense = anybody.post("tokens/", {"email": "no address", "password": "wrong"})
    problem(known, 401, "wrong_credentials")
    assert known.headers["WWW-Authenticate"] == "Bearer"
    assert known.content == unknown.content == nonsense.content
    assert not ApiToken.objects.exists()


def test_unknown_addresses_cost_as_much_work(
    anybody: Caller, buyer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hash is nearly all of it in production; here it is quick, so it is counted."""
    hashed, real = list[int](), PBKDF2PasswordHasher.encode

    def counted(*given: Any, **more: Any) -> str:
        hashed.append(1)
        return real(*given, **more)

    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", counted)
    for email in (buyer.email, "n@x.org", "no address"):
        anybody.post("tokens/", {"email": email, "password": "wrong"})
        assert len(hashed) == 1, email
        hashed.clear()


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
def test_what_stands_in_the_way_is_said_only_to_the_owner(
    anybody: Caller, buyer: Person, moderator: Person, password: str
) -> None:
    EmailAddress.objects.filter(user=buyer).update(verified=False)
    suspended = a_person("out@example.com", is_active=False)
    expected = {
        buyer.email: "address_not_verified",
        moderator.email: "second_factor_required",
        suspended.email: "suspended",
    }
    for email, code in expected.items():
        answer = anybody.post("tokens/", {"email": email, "password": password})
        if password == PASSWORD:
            problem(answer, 403, code)
        else:
            problem(answer, 401, "wrong_credentials")
    assert not ApiToken.objects.exists()


def test_every_wrong_field_is_named(anybody: Caller) -> None:
    assert wrong(anybody.post("tokens/")) == {"email", "password"}
    assert wrong(anybody.post("tokens/", {"email": 5, "password": ["x"]})) == {"email", "password"}
    assert wrong(anybody.post("tokens/", {"email": "a\0@b.c", "password": "x"})) == {"email"}


def test_a_few_wrong_passwords_and_the_address_has_to_wait(
    anybody: Caller, buyer: Person, settings: LazySettings
) -> None:
    given = {"email": buyer.email, "password": "wrong"}
    for _ in range(5):
        problem(anybody.post("tokens/", given), 401, "wrong_credentials")
    answer = anybody.post("tokens/", given | {"password": PASSWORD})
    problem(answer, 429, "throttled")
    assert int(answer.headers["Retry-After"]) > 0
    settings.THROTTLE_SCALE = 0
    assert anybody.post("tokens/", given | {"password": PASSWORD}).status_code == 201


def test_one_computer_gets_only_so_many_tokens(anybody: Caller, buyer: Person) -> None:
    answers = [anybody.post("tokens/", {"email": "", "password": ""}) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [400] * 10 + [429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60


def test_dead_tokens_open_nothing(anybody: Caller, buyer: Person) -> None:
    for change in (
        {"revoked_at": timezone.now()},
        {"expires_at": timezone.now() - timedelta(seconds=1)},
    ):
        caller = Caller(buyer)
        assert caller.get("me/").status_code == 200
        ApiToken.objects.update(**change)
        answer = caller.get("me/")
        problem(answer, 401, "authentication_failed")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    caller = Caller(buyer)
    Person.objects.filter(pk=buyer.pk).update(is_active=False)
    problem(caller.get("me/"), 401, "authentication_failed")
    anybody.headers["Authorization"] = "Bearer nonsense \x00"
    problem(anybody.get("listings/"), 401, "authentication_failed")


def test_scopes_are_kept_to(buyer: Person) -> None:
    none = "00000000-0000-0000-0000-000000000000"
    calls = {
        ("get", "me/"): "read",
        ("get", "orders/"): "read",
        ("post", "orders/"): "trade",
        ("patch", f"orders/{none}/"): "trade",
        ("post", f"orders/{none}/reveal/"): "trade",
        ("post", f"orders/{none}/confirmation/"): "trade",
        ("post", f"orders/{none}/dispute/"): "trade",
        ("post", f"orders/{none}/transfer/"): "sell",
        ("post", "listings/"): "sell",
        ("patch", f"listings/{none}/"): "sell",
        ("post", f"listings/{none}/consent/"): "sell",
        ("post", f"listings/{none}/submission/"): "sell",
        ("post", f"listings/{none}/pause/"): "sell",
        ("post", f"listings/{none}/resumption/"): "sell",
        ("post", f"listings/{none}/withdrawal/"): "sell",
    }
    for scope in ("read", "trade", "sell"):
        caller = Caller(buyer, scopes=(scope,))
        for (method, path), needed in calls.items():
            answer = caller.get(path) if method == "get" else caller.send(method, path, {})
            if needed == scope:
                assert answer.status_code != 403, (scope, method, path)
            else:
                problem(answer, 403, "scope_missing")
