"""Ways in beside the password: codes work once, sessions change their keys, factors stay."""

import re
from datetime import date
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.core.cache import cache
from django.db.models.functions import Now
from django.test import Client

from accounts import suspension
from accounts.models import Person, Restriction
from tests.accounts.ways import NEW, arrive, choose_person, is_in, reset, sign_in, start
from tests.factories import PASSWORD, a_person, a_second_factor, code_now
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db


@pytest.fixture
def careful(buyer: Person) -> Person:
    return a_second_factor(buyer)


def by_code(email: str) -> Client:
    """Ask for a code by mail, and enter it."""
    client = Client()
    client.post("/accounts/login/code/", {"email": email})
    code = re.findall(r"^([A-Z0-9-]{6,12})$", mail.outbox[-1].body, re.MULTILINE)[0]
    client.post("/accounts/login/code/confirm/", {"code": code})
    return client


def test_a_code_by_mail_signs_in_and_goes_to_the_stored_address() -> None:
    a_person("jo.doe@gmail.com")
    client = by_code("JoDoe+x@googlemail.com")
    assert mail.outbox[-1].to == ["jo.doe@gmail.com"]
    assert is_in(client)


def test_who_is_suspended_is_told_until_when_and_why(buyer: Person, moderator: Person) -> None:
    """But not why to somebody with the password alone, where a second factor is owed."""

    def told() -> str:
        answer = Client().post("/accounts/login/", {"login": buyer.email, "password": PASSWORD})
        assert answer.status_code == 403
        return answer.content.decode()

    suspension.suspend(buyer, actor=moderator, reason="Stolen cards.", until=date(2100, 3, 1))
    assert "until <time datetime" in told()
    assert "2 March 2100, 00:00 UTC" in told()
    assert "The reason: Stolen cards." in told()
    a_second_factor(buyer)
    assert "2 March 2100, 00:00 UTC" in told()
    assert "Stolen cards" not in told()
    wrong = Client().post("/accounts/login/", {"login": buyer.email, "password": "not that one"})
    assert "suspended" not in wrong.content.decode()
    Person.objects.filter(pk=buyer.pk).update(is_active=False)
    Restriction.objects.filter(person=buyer).update(ended_at=Now())
    assert "This account is closed" in told()


@pytest.mark.parametrize("path", ["password/reset", "login/code"])
def test_mail_goes_to_the_stored_address_however_it_was_typed(path: str) -> None:
    """CVE-2019-19844: a look-alike of an address may be somebody else's mailbox."""
    a_person("anna.berg@gmail.com")
    Client().post(f"/accounts/{path}/", {"email": "AnnaBerg+x@GoogleMail.com"})
    assert [one.to for one in mail.outbox] == [["anna.berg@gmail.com"]]


def test_three_wrong_codes_end_the_mailed_one(buyer: Person) -> None:
    client = Client()
    client.post("/accounts/login/code/", {"email": buyer.email})
    code = re.findall(r"^([A-Z0-9-]{6,12})$", mail.outbox[-1].body, re.MULTILINE)[0]
    for _ in range(3):
        client.post("/accounts/login/code/confirm/", {"code": "WRONG1"})
    client.post("/accounts/login/code/confirm/", {"code": code})
    assert not is_in(client)


@pytest.mark.parametrize("way", ["password", "mailed code", "github", "reset"])
def test_no_way_in_goes_round_the_second_factor(
    sandbox: SandboxProcess, careful: Person, way: str
) -> None:
    SocialAccount.objects.create(user=careful, provider="github", uid="4711", extra_data={})
    if way == "password":
        client = sign_in(careful.email)
    elif way == "mailed code":
        client = by_code(careful.email)
    elif way == "github":
        client = Client()
        arrive(client, "github", sub="4711", email=careful.email)
    else:
        client = Client()
        reset(client, careful.email)
        sign_in(careful.email, NEW, client)
    assert not is_in(client)
    for path in ("/console/", "/orders/", "/account/tokens/", "/accounts/email/"):
        assert client.get(path).status_code == 302, path
    client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert not is_in(client)
    client.post("/accounts/2fa/authenticate/", {"code": code_now()})
    assert is_in(client)


def test_a_token_for_a_password_is_refused(careful: Person) -> None:
    given = {"email": careful.email, "password": PASSWORD}
    answer = Client().post("/api/v1/tokens/", given, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_required")


@pytest.mark.parametrize("step", [-1, 0, 1])
def test_the_code_of_an_app_opens_once(careful: Person, step: int) -> None:
    code = code_now(step)
    first, second = sign_in(careful.email), sign_in(careful.email)
    first.post("/accounts/2fa/authenticate/", {"code": code})
    # allauth forgets it after half a minute; within the tolerance it would be right once more.
    cache.delete(f"allauth.mfa.totp.used?user={careful.pk}&code={code}")
    second.post("/accounts/2fa/authenticate/", {"code": f" {code[:3]} {code[3:]}"})
    assert (is_in(first), is_in(second)) == (True, False)


def test_a_recovery_code_opens_once(careful: Person) -> None:
    codes = Authenticator.objects.get(user=careful, type="recovery_codes").wrap()
    code = codes.get_unused_codes()[0]
    first, second = sign_in(careful.email), sign_in(careful.email)
    first.post("/accounts/2fa/authenticate/", {"code": code})
    second.post("/accounts/2fa/authenticate/", {"code": code})
    assert (is_in(first), is_in(second)) == (True, False)
    cache.clear()  # what is kept for ever is in the database
    second.post("/accounts/2fa/authenticate/", {"code": code})
    assert not is_in(second)


def test_the_session_gets_a_new_key_at_every_step(careful: Person) -> None:
    """Whoever planted a session key in a browser does not share what is signed in there."""
    client = Client()
    client.get("/accounts/login/")
    client.session.save()
    planted = "plantedplantedplantedplantedplan"
    client.cookies["session"] = planted
    sign_in(careful.email, client=client)
    half = client.cookies["session"].value
    client.post("/accounts/2fa/authenticate/", {"code": code_now()})
    whole = client.cookies["session"].value
    assert len({planted, half, whole}) == 3
    for key in (planted, half):
        other = Client()
        other.cookies["session"] = key
        assert not is_in(other)
    assert is_in(client)


@pytest.mark.parametrize("company", ["github", "google"])
def test_an_identity_is_its_subject_not_its_address(
    sandbox: SandboxProcess, company: str, buyer: Person
) -> None:
    """The address at the company changes, and is later given to somebody else."""
    mine = Client()
    arrive(mine, company, sub="8001", email="old@mail.example")
    me = Person.objects.get(email="old@mail.example")
    moved = Client()
    arrive(moved, company, sub="8001", email="new@mail.example")
    assert moved.session["_auth_user_id"] == str(me.pk)
    me.refresh_from_db()
    assert me.email == "old@mail.example"
    heir = Client()
    arrive(heir, company, sub="8002", email="old@mail.example")
    assert not is_in(heir)
    claims = Client()
    arrive(claims, company, sub="8001", email=buyer.email)
    assert claims.session["_auth_user_id"] == str(me.pk)
    assert not SocialAccount.objects.filter(user=buyer).exists()


def test_linking_needs_both_sides(sandbox: SandboxProcess, buyer: Person) -> None:
    client = sign_in(buyer.email)
    arrive(client, "github", process="connect", sub="9001", email="other@mail.example")
    assert SocialAccount.objects.get(user=buyer).uid == "9001"
    buyer.refresh_from_db()
    assert buyer.email == "buyer@example.com"
    other = sign_in(a_person("other@example.com").email)
    arrive(other, "github", process="connect", sub="9001", email="other@mail.example")
    assert SocialAccount.objects.get(uid="9001").user == buyer
    account = SocialAccount.objects.get()
    client.post("/accounts/3rdparty/", {"account": account.pk})
    assert not SocialAccount.objects.exists()


def test_a_callback_belongs_to_the_browser_that_left(sandbox: SandboxProcess) -> None:
    """State missing, altered, of another browser, or used before: nobody is signed in."""
    mine, other = Client(), Client()
    back = choose_person(start(mine, "google"), sub="7001", email="seven@mail.example")
    altered: list[tuple[Client, str]] = [
        (other, back),
        (mine, re.sub(r"state=[^&]+", "state=x", back)),
        (mine, re.sub(r"&?state=[^&]+", "", back)),
        (mine, back.replace("google", "github")),
    ]
    for client, where in altered:
        client.get(where)
        assert not is_in(client), where
    assert not Person.objects.exists()


def test_a_callback_works_once(sandbox: SandboxProcess) -> None:
    mine = Client()
    back = choose_person(start(mine, "google"), sub="7001", email="seven@mail.example")
    mine.get(back)
    assert is_in(mine)
    mine.post("/accounts/logout/")
    mine.get(back)
    assert not is_in(mine)


def test_the_nonce_is_sent_and_a_code_of_another_sign_in_is_refused(
    sandbox: SandboxProcess,
) -> None:
    """An attacker's code put into the victim's callback: PKCE binds it to the attacker."""
    attacker, victim = Client(), Client()
    theirs = choose_person(start(attacker, "google"), sub="6660", email="evil@mail.example")
    own: dict[str, Any] = start(victim, "google")
    assert own["code_challenge_method"] == "S256"
    code = re.findall(r"code=([^&]+)", theirs)[0]
    victim.get(f"/accounts/google/login/callback/?code={code}&state={own['state']}")
    assert not is_in(victim)
    assert not Person.objects.exists()
