"""Accounts made with somebody else's address: the five ways of "Pre-hijacked accounts" (2022).

In each, the attacker is first, and the owner of the mailbox comes later. What the attacker set up
must open nothing then.
"""

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.test import Client

from accounts import tokens
from accounts.models import ApiToken, Person
from tests.accounts.ways import NEW, arrive, choose, confirm, is_in, link, reset, sign_in, sign_up
from tests.factories import a_person, a_second_factor
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db
VICTIM = "victim@mailbox.example"
THEIRS = "attackers-choice-77"


def squat() -> Person:
    """An attacker's sign-up with the victim's address."""
    sign_up(VICTIM, password=THEIRS)
    return Person.objects.get(email=VICTIM)


def opens(person: Person) -> bool:
    return is_in(sign_in(person.email, THEIRS))


def test_classic_federated_merge(sandbox: SandboxProcess) -> None:
    """The victim comes with Google, which has verified the address: nothing is merged."""
    squatted = squat()
    victim = Client()
    arrive(victim, "google", sub="71001", email=VICTIM)
    assert not is_in(victim)
    assert not SocialAccount.objects.exists()
    reset(victim, VICTIM)
    assert is_in(sign_in(VICTIM, NEW, victim))
    assert not opens(squatted)


def test_unexpired_session() -> None:
    """Even a session that the attacker should not have had ends with the victim's proof."""
    squatted = squat()
    attacker = Client()
    attacker.force_login(squatted)
    bearer = {"Authorization": f"Bearer {tokens.create(person=squatted, name='x')}"}
    assert is_in(attacker)
    reset(Client(), VICTIM)
    assert not is_in(attacker)
    assert Client().get("/api/v1/me/", headers=bearer).status_code == 401
    assert not ApiToken.objects.filter(revoked_at=None).exists()


@pytest.mark.parametrize("by", ["reset", "link"])
def test_trojan_identifier(sandbox: SandboxProcess, by: str) -> None:
    """The attacker's GitHub account, which claims the victim's address, opens nothing later."""
    attacker = Client()
    arrive(attacker, "github", sub="666", email=VICTIM, verified=False)
    squatted = Person.objects.get(email=VICTIM)
    a_second_factor(squatted)
    assert SocialAccount.objects.filter(user=squatted).exists()
    victim = Client()
    if by == "reset":
        reset(victim, VICTIM)
    else:
        where = confirm(victim).headers["Location"]
        choose(victim, where)
    assert is_in(sign_in(VICTIM, NEW, victim))
    assert not SocialAccount.objects.exists()
    again = Client()
    arrive(again, "github", sub="666", email=VICTIM, verified=False)
    assert not is_in(again)


def test_unexpired_change_of_address() -> None:
    """The attacker's pending change to their own address is void."""
    squatted = squat()
    change = EmailAddress.objects.create(user=squatted, email="attacker@evil.example")
    key = EmailConfirmationHMAC(change).key
    reset(Client(), VICTIM)
    attacker = Client()
    attacker.post(f"/accounts/confirm-email/{key}/")
    squatted.refresh_from_db()
    assert squatted.email == VICTIM
    assert [row.email for row in EmailAddress.objects.filter(user=squatted)] == [VICTIM]


@pytest.mark.parametrize("company", ["github", "google"])
def test_provider_that_verifies_nothing(sandbox: SandboxProcess, company: str) -> None:
    """An address that its provider has not verified neither signs in nor is linked."""
    victim = a_person(VICTIM)
    attacker = Client()
    arrive(attacker, company, sub="667", email=VICTIM, verified=False)
    assert not is_in(attacker)
    assert not SocialAccount.objects.exists()
    assert Person.objects.get() == victim


def test_the_password_of_a_sign_up_is_void_when_another_browser_confirms() -> None:
    """The victim opens the link in the mail: the attacker's password is not theirs."""
    squatted = squat()
    victim = Client()
    answer = confirm(victim)
    assert not opens(squatted)
    choose(victim, answer.headers["Location"])
    assert is_in(sign_in(VICTIM, NEW, victim))
    assert not opens(squatted)


def test_the_browser_that_signed_up_keeps_its_password() -> None:
    mine = sign_up("nina@new.example")
    assert confirm(mine).status_code == 302
    assert is_in(mine)
    assert is_in(sign_in("nina@new.example", NEW))


def test_a_code_by_mail_does_not_prove_an_account_that_somebody_else_made() -> None:
    squat()
    Client().post("/accounts/login/code/", {"email": VICTIM})
    assert not any("Enter this code" in one.body for one in mail.outbox)
    assert not EmailAddress.objects.filter(verified=True).exists()


def test_a_reset_leaves_the_factors_and_identities_of_a_proven_account(
    sandbox: SandboxProcess, buyer: Person
) -> None:
    a_second_factor(buyer)
    SocialAccount.objects.create(user=buyer, provider="github", uid="5", extra_data={})
    reset(Client(), buyer.email)
    after = sign_in(buyer.email, NEW)
    assert not is_in(after)
    assert after.get("/accounts/2fa/authenticate/").status_code == 200
    assert SocialAccount.objects.filter(user=buyer).exists()
    assert "reset" in link("password/reset/key")
