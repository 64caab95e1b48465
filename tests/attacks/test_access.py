"""A walk over every address, role and method: what docs/access.md allows, and nothing else."""

import re
from collections.abc import Iterable, Iterator
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.db.models.functions import Now
from django.http import HttpResponse
from django.test import Client

from accounts import mail_choices, tokens
from accounts.models import ApiToken, Device, Notification, Person
from listings.models import Consent, Question, SavedSearch
from orders import baskets, checkout
from orders.verification.models import Verification
from providers.vocabulary import Rung
from tests import access
from tests.console.conftest import signed_in
from tests.factories import PASSWORD, a_document, a_listing, a_person, a_provider, a_second_factor

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
OUTSIDE = {"anonymous", "half-signed-in", "factor-owed", "suspended"}
# Pages that ask who it is; whoever is not signed in goes on from there to sign in.
NEXT_STEP = r"/(accounts/reauthenticate|accounts/2fa/authenticate|account/security/proof)/"
CLOSED = {"sign-in", "absent", "denied", "method"}


@pytest.fixture
def things(buyer: Person, seller: Person) -> dict[str, Any]:
    """What the arguments of addresses stand for: an offer, and a trade of it."""
    slug = "replicate"  # it has a guide
    a_provider("deepseek")  # its balance can be read, so it has a page about keys
    listing = a_listing(seller=seller, provider=a_provider(slug))
    with transaction.atomic():
        order = checkout.reserve(buyer=buyer, listing=listing, face_value_cents=50_00)
        wanted = [baskets.Wanted(one, 10_00) for one in (listing, a_listing(seller=seller))]
        basket = baskets.reserve(buyer=buyer, parts=wanted)
    Consent.objects.create(listing=listing, document=a_document(), content_type="application/pdf")
    tokens.create(person=buyer, name="mine")
    question = Question.objects.create(
        listing=listing, by=buyer, text="Until when?", answer="March.", answered_at=Now()
    )
    Verification.objects.create(order=order, rung=Rung.API_BALANCE)
    Notification.objects.filter(person=buyer).update(mail_due_at=None)
    return {
        "listing_id": listing.pk,
        "order_id": order.pk,
        "basket_id": basket.pk,
        "slug": slug,
        "token": mail_choices.link_token(buyer.pk, mail_choices.GROUPS[0]),
        "notification_id": Notification.objects.filter(person=buyer).latest("pk").pk,
        "question_id": question.pk,
        "proposal_id": 1,
        "evidence_id": 1,
        "token_id": ApiToken.objects.get(person=buyer).pk,
        "person_id": seller.pk,
        "search_id": SavedSearch.objects.create(person=buyer, query="q=gpu", words="gpu").pk,
        "device_id": Device.objects.create(person=buyer, digest="a", described="A browser").pk,
    }


@pytest.fixture
def browsers(buyer: Person, seller: Person, moderator: Person) -> dict[str, Client]:
    """A browser for each role, signed in where the role is."""
    suspended = a_person("suspended@example.com")
    people = {
        "anonymous": None,
        "half-signed-in": None,
        "factor-owed": None,
        "buyer": buyer,
        "stranger": a_person("stranger@example.com"),
        "seller": seller,
        "moderator": moderator,
        "suspended": suspended,
    }
    found = {
        role: signed_in(person, raise_request_exception=False)
        if person
        else Client(raise_request_exception=False)
        for role, person in people.items()
    }
    Person.objects.filter(pk=suspended.pk).update(is_active=False)
    _half_way(found["half-signed-in"])
    _half_way(found["factor-owed"], a_second_factor(a_person("half2@example.com", is_staff=True)))
    assert tuple(found) == access.ROLES
    return found


def _half_way(browser: Client, with_factor: Person | None = None) -> None:
    """The right password; the second factor is still owed, or the address to be confirmed."""
    person, owed = with_factor or a_person("half@example.com"), "/accounts/2fa/authenticate/"
    if not with_factor:
        person.emailaddress_set.update(verified=False)
        owed = "/accounts/confirm-email/"
    answer = browser.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    assert answer.headers["Location"] == owed
    assert "account_login" in browser.session


def path_of(entry: access.Entry, things: dict[str, Any]) -> str:
    """An address of the entry's route, about the things that its roles are parties of."""
    if entry.path:
        return f"/{entry.path}"

    def value(found: re.Match[str]) -> str:
        return str(things.get(found[2], "unknown"))

    return "/" + re.sub(r"<(\w+):(\w+)>", value, entry.route)


def outcome(answer: HttpResponse, role: str) -> str:
    """What an answer amounts to, in the words of the table."""
    status, to = answer.status_code, answer.headers.get("Location", "")
    if role in OUTSIDE and re.match(NEXT_STEP, to):
        return "sign-in"
    if status == 401 or (status == 302 and re.match(r"/(accounts|console)/login/", to)):
        return "sign-in"
    return {403: "denied", 404: "absent", 405: "method", 500: "broken"}.get(status, "open")


def asked(browser: Client, method: str, path: str, role: str) -> str:
    """What a call is answered; whatever it did is undone."""
    cookies = {name: morsel.value for name, morsel in browser.cookies.items()}
    with transaction.atomic():
        answer = browser.generic(method, path, content_type="application/x-www-form-urlencoded")
        transaction.set_rollback(True)
    browser.cookies = SimpleCookie(cookies)
    return outcome(answer, role)


def methods(role: str, route: str, listed: Iterable[str]) -> Iterable[str]:
    """What is listed; whether the rest is refused is asked of those who may do most."""
    if role == "moderator" or (role == "seller" and route.startswith("api/")):
        return METHODS
    return METHODS[:2] if role in ("anonymous", "seller") else listed


def roles(rows: list[access.Entry]) -> tuple[str, ...]:
    """What is the same for everybody is asked of those who are the most apart."""
    same = all(len(set(row.outcomes.values())) == 1 for row in rows)
    return ("anonymous", "moderator", "suspended") if same else access.ROLES


def walk(things: dict[str, Any], browsers: dict[str, Client]) -> Iterator[str]:
    """Every answer that is not as the table says."""
    by_route: dict[str, list[access.Entry]] = {}
    for row in access.entries():
        by_route.setdefault(row.route, []).append(row)
    for route, rows in by_route.items():
        path = path_of(rows[0], things)
        listed = {row.method: row for row in rows}
        for role in roles(rows):
            asking = list(methods(role, route, listed))
            for method in asking:
                found = asked(browsers[role], method, path, role)
                if problem := complaint(found, method, role, listed):
                    yield f"{method} {path} {role}: {problem}"
            if asking != ["GET"]:
                cache.clear()  # tries were counted, and a session may be another


def complaint(found: str, method: str, role: str, listed: dict[str, access.Entry]) -> str:
    """What is wrong with an answer, or nothing."""
    if row := listed.get(method):
        return "" if found == row.outcomes[role] else f"{found}, not {row.outcomes[role]}"
    # A page that takes any method shows the same to all of them.
    shown = {listed["GET"].outcomes[role]} if "GET" in listed else set()
    return "" if found in CLOSED | shown else f"{found}, and the table lists no {method}"


def test_only_what_the_table_allows(things: dict[str, Any], browsers: dict[str, Client]) -> None:
    problems = list(walk(things, browsers))
    assert problems == [], "\n".join(problems)
