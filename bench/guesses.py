"""Whether the time of an answer tells who has an account: known and unknown addresses in turn."""

import http.client
import re
import time
from collections.abc import Callable, Sequence
from http.cookies import SimpleCookie
from statistics import median
from typing import Any
from urllib.parse import urlencode

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from accounts.models import Person
from bench import figures

WARM_TRIES = 5
PASSWORD = "Leaves-in-autumn-9"
PATHS = {
    "sign in": "/accounts/login/",
    "sign up": "/accounts/signup/",
    "reset": "/accounts/password/reset/",
    "code by mail": "/accounts/login/code/",
}
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def _form(path: str, email: str) -> dict[str, str]:
    if path == PATHS["sign in"]:
        return {"login": email, "password": "Wrong-in-winter-3"}
    if path == PATHS["sign up"]:
        return {"email": email, "password1": PASSWORD, "password2": PASSWORD}
    return {"email": email}


def with_accounts(people: Sequence[Person]) -> list[str]:
    """Let them sign in with a password and a verified address; returns the addresses."""
    password = make_password(PASSWORD)
    Person.objects.filter(pk__in=[person.pk for person in people]).update(password=password)
    EmailAddress.objects.bulk_create(
        EmailAddress(user=person, email=person.email, verified=True, primary=True)
        for person in people
    )
    return [person.email for person in people]


def answered_after(port: int, path: str, email: str) -> float:
    """Seconds from sending the form to the whole answer, as a visitor without a past."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    page = connection.getresponse()
    token = _TOKEN.search(page.read().decode())
    assert page.status == 200 and token is not None, (path, page.status)
    cookies = SimpleCookie("; ".join(page.headers.get_all("Set-Cookie") or []))
    given = urlencode(_form(path, email) | {"csrfmiddlewaretoken": token[1]})
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items()),
    }
    begun = time.perf_counter()
    connection.request("POST", path, given, headers)
    answer = connection.getresponse()
    answer.read()
    took = time.perf_counter() - begun
    connection.close()
    assert answer.status in (200, 302), (path, answer.status)
    return took


def later(one: Sequence[float], other: Sequence[float]) -> float:
    """How often a try of `one` takes longer than a try of `other`: 0.5 where neither does."""
    wins = sum((a > b) + (a == b) / 2 for a in one for b in other)
    return wins / (len(one) * len(other))


def measure(
    ask: Callable[[str, str], float],
    *,
    known: Sequence[str],
    tries: int,
    ways: Sequence[str] = tuple(PATHS),
) -> Any:
    """Each of `ways`, `tries` times with an address that has an account and with one that has not.

    Known and unknown take turns, and which goes first changes, so that a slow moment hits both.
    """
    assert len(known) >= tries + WARM_TRIES
    rows = {}
    for name in ways:
        path = PATHS[name]
        took: dict[bool, list[float]] = {True: [], False: []}
        for number in range(-WARM_TRIES, tries):
            for exists in (True, False) if number % 2 else (False, True):
                stranger = (
                    f"nobody{number + WARM_TRIES}@{path.strip('/').replace('/', '-')}.example"
                )
                seconds = ask(path, known[number] if exists else stranger)
                if number >= 0:
                    took[exists].append(seconds)
        rows[name] = {
            "known_ms": median(took[True]) * 1000,
            "unknown_ms": median(took[False]) * 1000,
            "later": later(took[True], took[False]),
        }
    # Two heaps of one kind differ by chance alone: twice the deviation of the rank-sum statistic.
    chance = 2 * ((2 * tries + 1) / (12 * tries**2)) ** 0.5
    return {"tries": tries, "chance": chance, "ways": rows}


def table(result: dict[str, Any]) -> str:
    """For people."""
    heads = ["asked with an address", "known ms", "unknown ms", "÷", "known takes longer in"]
    rows = [
        [
            name,
            f"{row['known_ms']:.1f}",
            f"{row['unknown_ms']:.1f}",
            f"{row['known_ms'] / row['unknown_ms']:.2f}",
            f"{row['later']:.0%} of pairs",
        ]
        for name, row in result["ways"].items()
    ]
    least, most = 0.5 - result["chance"], 0.5 + result["chance"]
    end = f"{result['tries']} tries each; chance alone gives {least:.0%} to {most:.0%} of pairs."
    return "\n".join([figures.table(heads, rows), "", end])
