"""Asking once more: a stolen session alone changes no way in and moves no money."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from accounts.models import ApiToken, Person
from payments.models import PayoutAccount
from tests.factories import PASSWORD, a_second_factor, code_now
from tests.sessions import shown

GUARDED = {
    "/accounts/email/": {"email": "thief@example.com", "action_add": ""},
    "/accounts/password/change/": {"oldpassword": PASSWORD, "password1": "x", "password2": "x"},
    "/accounts/3rdparty/": {"account": "1"},
    "/accounts/github/login/?process=connect": {},
    "/accounts/2fa/totp/activate/": {"code": "123456"},
    "/accounts/2fa/webauthn/add/": {"credential": "{}"},
    "/accounts/2fa/recovery-codes/generate/": {},
    "/account/tokens/": {"name": "Thief", "scopes": ["sell"]},
    "/account/payouts/onboarding/": {},
    "/account/payouts/new/": {},
}


@pytest.fixture
def stolen(seller: Person) -> Client:
    """A session whose owner signed in a while ago."""
    client = Client()
    client.force_login(seller)
    shown(client, seller, "password", seconds_ago=601)
    return client


def asked(client: Client) -> set[str]:
    """Which of the guarded pages ask first."""
    found = set()
    for path, data in GUARDED.items():
        to = client.post(path, data).headers.get("Location", "")
        if re.match(r"/accounts/(2fa/)?reauthenticate/|/account/security/proof/", to):
            found.add(path)
    return found


def test_a_session_of_a_while_ago_is_asked_for_the_password(stolen: Client) -> None:
    assert asked(stolen) == set(GUARDED)
    assert not ApiToken.objects.exists()
    assert not EmailAddress.objects.filter(email="thief@example.com").exists()
    assert mail.outbox == []


def test_somebody_who_just_signed_in_is_not(stolen: Client, seller: Person) -> None:
    PayoutAccount.objects.filter(person=seller).delete()
    shown(stolen, seller, "password")
    given = GUARDED["/account/tokens/"]
    assert stolen.post("/account/tokens/", given).status_code == 200
    assert ApiToken.objects.filter(name="Thief").exists()


def test_with_a_second_factor_the_password_is_not_enough(stolen: Client, seller: Person) -> None:
    a_second_factor(seller)
    shown(stolen, seller, "password")
    assert asked(stolen) == set(GUARDED)
    answer = stolen.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert answer.headers["Location"].startswith("/accounts/2fa/reauthenticate/")
    assert asked(stolen) == set(GUARDED)


def test_what_was_posted_is_done_afterwards(stolen: Client, seller: Person) -> None:
    a_second_factor(seller)
    way = stolen.post("/account/tokens/", GUARDED["/account/tokens/"]).headers["Location"]
    code = code_now()
    answer = stolen.post(way, {"code": code, "next": "/account/tokens/"})
    assert answer.status_code == 200
    assert answer.context["made"].startswith("surplus_")
    assert ApiToken.objects.get().name == "Thief"
    again = stolen.post("/accounts/2fa/reauthenticate/", {"code": code})
    assert "has been used" in again.content.decode()


def test_people_without_password_and_factor_get_a_code_by_mail(
    stolen: Client, seller: Person
) -> None:
    Person.objects.filter(pk=seller.pk).update(password="!")
    seller.refresh_from_db()
    stolen.force_login(seller)
    assert asked(stolen) == set(GUARDED)
    way = stolen.post("/account/tokens/", GUARDED["/account/tokens/"]).headers["Location"]
    assert stolen.get(way).status_code == 200
    assert mail.outbox == []
    stolen.post(way, {"send": "", "next": "/account/tokens/"})
    assert mail.outbox[0].to == [seller.email]
    found = re.search(r"^(\d{8})$", mail.outbox[0].body, re.MULTILINE)
    assert found
    code = found.group()
    assert code not in str(dict(stolen.session))
    wrong = str((int(code) + 1) % 10**8).zfill(8)
    assert "not right" in stolen.post(way, {"code": wrong}).content.decode()
    done = stolen.post(way, {"code": code, "next": "/account/tokens/"})
    assert done.context["made"]
    assert "not right" in stolen.post(way, {"code": code}).content.decode()


def test_three_wrong_codes_end_the_one_that_was_mailed(stolen: Client, seller: Person) -> None:
    Person.objects.filter(pk=seller.pk).update(password="!")
    seller.refresh_from_db()
    stolen.force_login(seller)
    stolen.post("/account/security/proof/", {"send": ""})
    code = re.findall(r"^(\d{8})$", mail.outbox[0].body, re.MULTILINE)[0]
    for _ in range(3):
        stolen.post("/account/security/proof/", {"code": "x"})
    assert "not right" in stolen.post("/account/security/proof/", {"code": code}).content.decode()
    assert len(asked(stolen)) == len(GUARDED)
