"""Cases 1 to 13 of attacks on accounts, by their numbers; the details of each are beside it.

1 and 2: test_addresses.py. 3, 6, 7, 8, 10: test_ways_in.py. 5: test_prehijack.py. 9: there, and in
tests/console/test_second_factor.py. 11: test_enumeration.py, bench/guesses.py. 12: test_stepup.py.
13: test_devices.py, tests/attacks/test_access.py. What lies beside them:
tests/attacks/test_identity_neighbours.py. tests/guards.toml has the guard of each.
"""

import ast

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.core.cache import cache
from django.test import Client

from accounts import tokens
from accounts.models import Person
from marketplace.local.environment import ROOT
from tests.accounts.ways import NEW, arrive, choose, confirm, is_in, reset, sign_in, sign_up
from tests.factories import PASSWORD, a_person, a_second_factor
from tests.guards import guards
from tests.sandbox_process import SandboxProcess
from tests.sessions import shown

pytestmark = pytest.mark.django_db
APPS = ("accounts", "payments", "providers", "listings", "orders", "marketplace")


@pytest.mark.parametrize("number", range(1, 14))
def test_every_case_has_a_guard(number: int) -> None:
    """Cases 1 to 13."""
    named = [one.name.partition(":")[0].removeprefix("identity ") for one in guards()]
    # Of 6 and 8 the guard is allauth's and Django's, as the list says; beside them stand ours.
    assert any(str(number) in name.replace(",", " ").split() for name in named)


def test_1_another_spelling_is_the_same_person_and_answered_alike() -> None:
    """Case 1: Gmail's dots, plus and googlemail; the owner is told at the stored address."""
    answers = []
    a_person("anna.b@gmail.com")
    for email in ("An.Nab+x@googlemail.com", "somebody.new@gmail.com"):
        client = sign_up(email)
        answers.append((client.get("/accounts/confirm-email/").status_code, is_in(client)))
    assert answers[0] == answers[1]
    assert Person.objects.filter(canonical_email="annab@gmail.com").count() == 1
    assert mail.outbox[0].to == ["anna.b@gmail.com"]


def test_2_a_reset_for_a_look_alike_reaches_nobody() -> None:
    """Case 2: case, NFKC, homograph, punycode (CVE-2019-19844)."""
    a_person("mike@example.com")
    for typed in ("MIKE@EXAMPLE.COM", "ｍike@example.com", "mıke@example.com", "mike@exаmple.com"):
        Client().post("/accounts/password/reset/", {"email": typed})
    assert {to for one in mail.outbox for to in one.to} == {"mike@example.com"}


@pytest.mark.parametrize("company", ["github", "google"])
def test_3_what_is_not_verified_neither_signs_in_nor_links(
    sandbox: SandboxProcess, company: str
) -> None:
    """Case 3: of a known person, and of a new one."""
    for email in (a_person("victim@mailbox.example").email, "new@mailbox.example"):
        client = Client()
        arrive(client, company, sub=f"3-{email[:3]}", email=email, verified=False)
        assert not is_in(client)
    assert not SocialAccount.objects.filter(user__email="victim@mailbox.example").exists()


def test_4_only_allauth_links_identities() -> None:
    """Case 4: nothing of ours calls `connect` or reads an address out of `extra_data`."""
    found = []
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                links = (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and node.func.attr == "connect"
                    and "social" in ast.unparse(node.func.value).lower()
                )
                if links or (isinstance(node, ast.Attribute) and node.attr == "extra_data"):
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert found == []


@pytest.mark.parametrize("company", ["github", "google"])
@pytest.mark.parametrize("verified", [True, False])
def test_4_an_address_that_a_company_reports_links_nothing(
    sandbox: SandboxProcess, company: str, verified: bool
) -> None:
    """Case 4, as at Prowler (CVE-2026-100169): an identity names the victim's address."""
    victim = a_person("victim@mailbox.example")
    attacker = Client()
    arrive(attacker, company, sub="666", email=victim.email, verified=verified)
    assert not is_in(attacker)
    assert not SocialAccount.objects.exists()
    assert Person.objects.get() == victim


def test_5_what_was_set_up_before_the_proof_is_void() -> None:
    """Case 5: session, token, factor, pending change and password of whoever came first."""
    sign_up("victim@mailbox.example", password="attackers-choice-77")
    squatted = Person.objects.get()
    session = Client()
    session.force_login(squatted)
    assert is_in(session)
    bearer = {"Authorization": f"Bearer {tokens.create(person=squatted, name='x')}"}
    a_second_factor(squatted)
    change = EmailAddress.objects.create(user=squatted, email="attacker@evil.example")
    key = EmailConfirmationHMAC(change).key
    mine = Client()
    where = confirm(mine).headers["Location"]
    assert not is_in(session)
    assert Client().get("/api/v1/me/", headers=bearer).status_code == 401
    Client().post(f"/accounts/confirm-email/{key}/")
    choose(mine, where)
    assert is_in(sign_in("victim@mailbox.example", NEW))
    assert not is_in(sign_in("victim@mailbox.example", "attackers-choice-77"))
    assert Person.objects.get().email == "victim@mailbox.example"


def test_8_a_planted_session_key_is_nobodys() -> None:
    """Case 8: at signing in, at the second step and when it is shown again."""
    person = a_second_factor(a_person())
    client = Client()
    client.cookies["session"] = "plantedplantedplantedplantedplan"
    keys = {client.cookies["session"].value}
    sign_in(person.email, client=client)
    keys.add(client.cookies["session"].value)
    assert len(keys) == 2


@pytest.mark.parametrize("path", ["/account/", "/orders/", "/console/", "/api/v1/me/"])
def test_9_half_a_sign_in_opens_nothing(path: str, moderator: Person) -> None:
    """Case 9: pages, programs' calls and the console's own sign-in."""
    cache.clear()
    a_second_factor(moderator)
    client = sign_in(moderator.email)
    assert client.get(path).status_code in (302, 401)
    assert "_auth_user_id" not in client.session
    given = {"username": moderator.email, "password": PASSWORD}
    client.post("/console/login/", given)
    assert "_auth_user_id" not in client.session
    reset(client, moderator.email)
    assert "_auth_user_id" not in client.session


def test_12_a_stolen_session_does_not_change_the_address(buyer: Person) -> None:
    """Case 12: it is asked who it is; and a change that was made is told to the old address."""
    client = Client()
    client.force_login(buyer)
    shown(client, buyer, "password", seconds_ago=601)
    client.post("/accounts/email/", {"action_add": "", "email": "thief@evil.example"})
    assert not EmailAddress.objects.filter(email="thief@evil.example").exists()


def test_13_a_token_opens_nothing_once_its_person_is_out(buyer: Person) -> None:
    """Case 13: whatever set them inactive, on the next request."""
    bearer = {"Authorization": f"Bearer {tokens.create(person=buyer, name='x')}"}
    session = Client()
    session.force_login(buyer)
    assert Client().get("/api/v1/me/", headers=bearer).status_code == 200
    Person.objects.filter(pk=buyer.pk).update(is_active=False)
    assert Client().get("/api/v1/me/", headers=bearer).status_code == 401
    assert not is_in(session)
