"""Known and unknown addresses get the same answer, from the same work."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import pace
from accounts.models import Person
from tests.accounts.ways import NEW, sign_in
from tests.factories import a_person, a_second_factor

pytestmark = pytest.mark.django_db
KNOWN, UNKNOWN = "known@example.com", "nobody@example.com"
UNEQUAL = re.compile(
    rb'(name="csrfmiddlewaretoken" value=")[^"]+|nonce="[^"]+"|(known|nobody)@example\.com'
)


@pytest.fixture(autouse=True)
def known(db: None) -> Person:
    cache.clear()  # how often a mailbox is written to counts across tests
    return a_person(KNOWN)


def told(act: Callable[[str], Any], email: str) -> dict[str, Any]:
    """All that somebody outside can see of an answer, the next page included, and its hashing."""
    hashed = within = 0
    away = False
    real, really_paused = PBKDF2PasswordHasher.encode, pace.paused

    @contextmanager
    def paused() -> Iterator[None]:
        nonlocal away
        away = True
        with really_paused():
            yield
        away = False

    def counted(self: Any, *args: Any, **kwargs: Any) -> str:
        nonlocal hashed, within
        hashed += 1
        within += not away
        return str(real(self, *args, **kwargs))

    with (
        patch.object(PBKDF2PasswordHasher, "encode", counted),
        patch.object(pace, "paused", paused),
    ):
        answer = act(email)
    follow = answer.client.get(answer.headers["Location"]) if answer.status_code == 302 else None
    headers = {k: v for k, v in answer.headers.items() if k not in NOISE}
    return {
        "status": answer.status_code,
        "headers": headers,
        "body": UNEQUAL.sub(b"", answer.content),
        "next": UNEQUAL.sub(b"", follow.content) if follow else b"",
        "hashes": hashed,
        # A hash takes longer than a step, and no two take the same time.
        "within the step": within,
    }


NOISE = {"Content-Length", "Content-Security-Policy", "Expires"}


def sign_up(email: str) -> Any:
    given = {"email": email, "password1": NEW, "password2": NEW}
    return Client().post("/accounts/signup/", given)


def wrong_password(email: str) -> Any:
    return Client().post("/accounts/login/", {"login": email, "password": "wrong"})


def reset(email: str) -> Any:
    return Client().post("/accounts/password/reset/", {"email": email})


def code(email: str) -> Any:
    return Client().post("/accounts/login/code/", {"email": email})


@pytest.mark.parametrize("act", [sign_up, wrong_password, reset, code])
def test_outside_they_are_the_same(act: Callable[[str], Any]) -> None:
    known = told(act, KNOWN)
    assert known == told(act, UNKNOWN)
    assert act is wrong_password or known["within the step"] == 0


def seconds(act: Callable[[str], Any], email: str) -> float:
    begun = time.monotonic()
    assert act(email).status_code == 302
    return time.monotonic() - begun


@pytest.mark.parametrize("act", [sign_up, reset, code])
def test_no_answer_comes_before_its_beat(
    act: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has an account and who does not wait for the same moment."""
    monkeypatch.setattr(pace, "STEP_SECONDS", 0.3)
    assert min(seconds(act, KNOWN), seconds(act, UNKNOWN)) >= 0.3


def test_what_took_longer_than_a_step_waits_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "STEP_SECONDS", 0.3)
    real = Person.save

    def slow(*args: Any, **kwargs: Any) -> None:
        time.sleep(0.35)
        real(*args, **kwargs)

    monkeypatch.setattr(Person, "save", slow)
    assert seconds(sign_up, UNKNOWN) >= 0.6


def test_a_flood_is_refused_without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a limit refuses holds none of the server's threads, and looks nobody up."""
    for _ in range(5):
        reset(KNOWN)
        code(KNOWN)
    monkeypatch.setattr(pace, "STEP_SECONDS", 30)
    with CaptureQueriesContext(connection) as queries:
        assert reset(KNOWN).status_code == 429
        assert b"Too many" in code(KNOWN).content
        forged = Client(enforce_csrf_checks=True).post("/accounts/signup/", {"email": KNOWN})
        assert forged.status_code == 403
    assert len(queries) == 0


def test_a_second_factor_is_not_told_to_somebody_without_the_password(known: Person) -> None:
    plain = told(wrong_password, UNKNOWN)
    a_second_factor(known)
    cache.clear()
    assert told(wrong_password, KNOWN) == plain


def test_changing_to_a_known_address_looks_like_changing_to_a_new_one() -> None:
    answers = []
    for email in (KNOWN, UNKNOWN):
        client = sign_in(a_person(f"me-{email}", name="Me").email)
        answer = client.post("/accounts/email/", {"email": email, "action_add": ""})
        page = client.get("/accounts/email/").content
        page = re.sub(rb"me-(known|nobody)", b"", UNEQUAL.sub(b"", page))
        answers.append((answer.status_code, answer.headers.get("Location"), page))
    assert answers[0] == answers[1]


def test_the_work_in_the_database_is_the_same(known: Person) -> None:
    counts = {}
    for email in (KNOWN, UNKNOWN):
        with CaptureQueriesContext(connection) as queries:
            wrong_password(email)
        counts[email] = len(queries)
    assert counts[KNOWN] == counts[UNKNOWN]


def test_another_spelling_is_the_known_address_to_the_database_too() -> None:
    """Case 1: it is found out before anything is written, not by a row that cannot be."""
    a_person("anna.b@gmail.com")
    counts = []
    for email in ("anna.b@gmail.com", "annab+x@googlemail.com"):
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            sign_up(email)
        counts.append([one["sql"].split()[0] for one in queries])
    assert counts[0] == counts[1]


def test_the_owner_learns_of_it_by_mail() -> None:
    sign_up(KNOWN)
    assert mail.outbox[0].to == [KNOWN]
    assert "already" in mail.outbox[0].body
