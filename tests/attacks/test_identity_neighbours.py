"""Attacks on accounts that lie beside the written cases 1 to 13; each was tried, and holds."""

import re
from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.socialaccount.models import SocialAccount
from django.conf import LazySettings
from django.core import mail
from django.core.cache import cache
from django.test import Client

from accounts import networks, tokens
from accounts.addresses import counted_as
from accounts.models import ApiToken, Person
from orders import leaving, merging
from tests.accounts.ways import (
    NEW,
    arrive,
    choose,
    confirm,
    is_in,
    link,
    reset,
    sign_in,
    sign_up,
)
from tests.factories import PASSWORD, a_person, a_second_factor
from tests.sandbox_process import SandboxProcess
from tests.trade import at_once

pytestmark = pytest.mark.django_db
SPELLINGS = ["anna.b@gmail.com", "a.nnab@gmail.com", "an.nab@gmail.com", "annab+x@googlemail.com"]


def fresh(person: Person, password: str = PASSWORD) -> Client:
    """A browser of somebody who has just signed in."""
    cache.clear()
    client = sign_in(person.email, password)
    assert is_in(client)
    return client


def test_a_change_of_address_begun_with_the_old_password_ends_with_it(buyer: Person) -> None:
    """Beside 5 and 12: a thief begins a change to their own mailbox; the owner resets."""
    thief = fresh(buyer)
    thief.post("/accounts/email/", {"action_add": "", "email": "thief@evil.example"})
    theirs = EmailAddress.objects.get(email="thief@evil.example")
    key = EmailConfirmationHMAC(theirs).key
    reset(Client(), buyer.email)
    Client().post(f"/accounts/confirm-email/{key}/")
    buyer.refresh_from_db()
    assert buyer.email == "buyer@example.com"
    assert [row.email for row in EmailAddress.objects.filter(user=buyer)] == [buyer.email]
    assert not is_in(thief)


@pytest.mark.parametrize("closed_by", ["merging", "erasing"])
def test_the_address_of_a_closed_account_cannot_be_taken_over(
    buyer: Person, seller2: Person, closed_by: str
) -> None:
    """Beside 5: of a merged account it stays taken; an erased one leaves nothing behind it."""
    a_token = tokens.create(person=seller2, name="old")
    address = seller2.email
    SocialAccount.objects.create(user=seller2, provider="github", uid="31", extra_data={})
    if closed_by == "merging":
        merging.merge(person=buyer, other=seller2)
    else:
        leaving.erase(seller2)
    thief = fresh(a_person("thief@example.com"))
    thief.post("/accounts/email/", {"action_add": "", "email": address})
    mail_to_it = [one for one in mail.outbox if one.to == [address]]
    if closed_by == "merging":
        assert mail_to_it  # as for any address; but its link changes nothing
        confirm(thief)
        assert Person.objects.get(email="thief@example.com")
        sign_up(address)
        assert Person.objects.filter(email=address).count() == 1
    assert not ApiToken.objects.filter(person=seller2, revoked_at=None).exists()
    bearer = {"Authorization": f"Bearer {a_token}"}
    assert Client().get("/api/v1/me/", headers=bearer).status_code == 401
    assert not SocialAccount.objects.filter(user=seller2).exists()
    assert not is_in(sign_in(address))


def test_a_link_that_confirms_is_of_no_use_to_a_second_reader() -> None:
    """Beside 5: whoever finds the mail later, in another browser, is not signed in by it."""
    mine = sign_up("nina@new.example")
    confirm(mine)
    assert is_in(mine)
    where, later = link("confirm-email"), Client()
    later.get(where)
    later.post(where)
    assert not is_in(later)


def test_a_link_that_resets_works_once(buyer: Person) -> None:
    """Beside 10."""
    reset(Client(), buyer.email)
    where = link("password/reset/key")
    choose(Client(), where, "Thieves-in-winter-3")
    assert not is_in(sign_in(buyer.email, "Thieves-in-winter-3"))
    assert is_in(sign_in(buyer.email, NEW))


def test_a_link_that_resets_does_not_outlive_a_change_of_address(buyer: Person) -> None:
    """Beside 12: the mailbox that was left opens nothing any more."""
    Client().post("/accounts/password/reset/", {"email": buyer.email})
    where = link("password/reset/key")
    mine = fresh(buyer)
    mine.post("/accounts/email/", {"action_add": "", "email": "moved@new.example"})
    confirm(mine)
    buyer.refresh_from_db()
    assert buyer.email == "moved@new.example"
    choose(Client(), where, "Thieves-in-winter-3")
    assert not is_in(sign_in("moved@new.example", "Thieves-in-winter-3"))


def test_the_old_address_is_told_and_opens_nothing(buyer: Person) -> None:
    """Beside 12."""
    mine = fresh(buyer)
    mail.outbox.clear()
    mine.post("/accounts/email/", {"action_add": "", "email": "moved@new.example"})
    confirm(mine)
    told = [one for one in mail.outbox if one.to == ["buyer@example.com"]]
    assert told
    assert not is_in(sign_in("buyer@example.com"))
    Client().post("/accounts/login/code/", {"email": "buyer@example.com"})
    assert not any("Enter this code" in one.body for one in mail.outbox)


@pytest.mark.parametrize(
    "address",
    ["anna@gmаil.com", "anna@ex--ample.com", "a" * 80 + "@new.example", "ａnna@gmail.com"],
)
@pytest.mark.parametrize("company", ["github", "google"])
def test_an_address_that_a_company_vouches_for_is_read_as_a_typed_one(
    sandbox: SandboxProcess, company: str, address: str
) -> None:
    """Beside 2: a look-alike, or none at all, is neither an error of ours nor somebody's."""
    anna = a_person("anna@gmail.com")
    client = Client()
    answer = arrive(client, company, sub="501", email=address)
    assert answer.status_code < 500
    assert client.session.get("_auth_user_id") != str(anna.pk)
    assert not SocialAccount.objects.filter(user=anna).exists()
    assert Person.objects.filter(canonical_email="anna@gmail.com").count() == 1


def test_a_change_to_a_look_alike_is_refused(buyer: Person) -> None:
    """Beside 2."""
    mine = fresh(buyer)
    for email in ("buyer@gmаil.com", "buyer@xn--gmil-63d.com"):
        mine.post("/accounts/email/", {"action_add": "", "email": email})
    assert [row.email for row in EmailAddress.objects.filter(user=buyer)] == [buyer.email]


def test_guesses_count_for_a_mailbox_wherever_and_however_it_is_spelled(buyer: Person) -> None:
    """Beside 10 and 11: the pages, programs and merging share one count."""
    cache.clear()
    victim = a_person("annab@gmail.com")
    merger = fresh(buyer)
    for number, email in enumerate(SPELLINGS):
        if number % 2:
            given = {"email": email, "password": "wrong"}
            Client().post("/api/v1/tokens/", given, content_type="application/json")
        else:
            merger.post("/account/merging/", {"email": email, "password": "wrong"})
    sign_in(victim.email, "wrong")
    given = {"email": victim.email, "password": PASSWORD}
    answer = Client().post("/api/v1/tokens/", given, content_type="application/json")
    assert answer.status_code == 429
    assert "Too many tries" in merger.post("/account/merging/", given).content.decode()
    assert not is_in(sign_in(victim.email))


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("path", ["login/code", "password/reset", "signup"])
def test_nobody_fills_a_mailbox_by_spelling_it_in_many_ways(known: bool, path: str) -> None:
    """Beside 11: mails to one mailbox are few, and as few where it has an account."""
    cache.clear()
    if known:
        a_person("anna.b@gmail.com")
    mail.outbox.clear()
    for number in range(12):
        email = f"a.nnab+{number}@gmail.com"
        given = {"email": email, "password1": NEW, "password2": NEW}
        Client().post(f"/accounts/{path}/", given)
    assert {counted_as(to) for one in mail.outbox for to in one.to} <= {"annab@gmail.com"}
    assert len(mail.outbox) <= 5


def test_an_ipv6_network_is_one_caller_and_wrapped_ipv4_are_many(settings: LazySettings) -> None:
    """Beside 1, 4 of the limits: the addresses of one household are no way round them."""
    assert networks.counted_as("2001:db8:1:2:3::4") == networks.counted_as("2001:db8:1:2:ffff::1")
    assert networks.counted_as("2001:db8:1:3::1") != networks.counted_as("2001:db8:1:2::1")
    assert networks.counted_as("::ffff:203.0.113.9") == "203.0.113.9"
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    cache.clear()
    for number in range(10):
        login(f"p{number}@example.com", f"2001:db8:1:2::{number}")
    assert "Too many" in login("one-more@example.com", "2001:db8:1:2:aaaa::1")
    for number in range(10):
        login(f"p{number}@example.com", f"::ffff:203.0.113.{number}")
    assert "Too many" not in login("one-more@example.com", "::ffff:203.0.113.77")


def login(email: str, ip: str) -> str:
    given = {"login": email, "password": "wrong"}
    answer = Client().post("/accounts/login/", given, headers={"x-forwarded-for": ip})
    return answer.content.decode()


def test_programs_are_counted_by_network_too(settings: LazySettings) -> None:
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"NUM_PROXIES": 1}
    cache.clear()
    codes = []
    for number in range(12):
        answer = Client().post(
            "/api/v1/tokens/",
            {"email": f"p{number}@example.com", "password": "wrong"},
            content_type="application/json",
            headers={"x-forwarded-for": f"2001:db8:9:9::{number}"},
        )
        codes.append(answer.status_code)
    assert codes[-1] == 429


def test_recovery_codes_made_anew_in_another_tab_end_the_old_ones(buyer: Person) -> None:
    """Beside 10."""
    a_second_factor(buyer)
    old = Authenticator.objects.get(user=buyer, type="recovery_codes").wrap().get_unused_codes()
    Authenticator.objects.get(user=buyer, type="recovery_codes").delete()
    RecoveryCodes.activate(buyer)
    thief = sign_in(buyer.email)
    thief.post("/accounts/2fa/authenticate/", {"code": old[0]})
    assert not is_in(thief)


def test_making_recovery_codes_needs_the_factor(buyer: Person) -> None:
    """Beside 9: a session of a while ago makes no way past the factor."""
    a_second_factor(buyer)
    client = Client()
    client.force_login(buyer)
    before = Authenticator.objects.get(user=buyer, type="recovery_codes").data
    answer = client.post("/accounts/2fa/recovery-codes/generate/")
    assert answer.headers["Location"].startswith("/accounts/")
    assert Authenticator.objects.get(user=buyer, type="recovery_codes").data == before


def test_the_last_way_in_is_not_unlinked(sandbox: SandboxProcess) -> None:
    """Nobody locks themselves out: whoever came by GitHub chooses a password first."""
    client = Client()
    arrive(client, "github", sub="77", email="octo@new.example")
    account = SocialAccount.objects.get(uid="77")
    page = client.post("/accounts/3rdparty/", {"account": account.pk})
    assert "no password" in page.content.decode()
    assert SocialAccount.objects.filter(pk=account.pk).exists()


def test_a_mailed_code_belongs_to_the_browser_that_asked(buyer: Person) -> None:
    """Beside 7: read over somebody's shoulder, it opens nothing elsewhere."""
    mine, other = Client(), Client()
    mine.post("/accounts/login/code/", {"email": buyer.email})
    code = re.findall(r"^([A-Z0-9-]{6,12})$", mail.outbox[-1].body, re.MULTILINE)[0]
    a_person("other@example.com")
    other.post("/accounts/login/code/", {"email": "other@example.com"})
    other.post("/accounts/login/code/confirm/", {"code": code})
    assert not is_in(other)
    mine.post("/accounts/login/code/confirm/", {"code": code})
    assert is_in(mine)
    mine.post("/accounts/logout/")
    mine.post("/accounts/login/code/confirm/", {"code": code})
    assert not is_in(mine)


def test_linking_and_signing_in_do_not_begin_by_a_link(sandbox: SandboxProcess) -> None:
    """Beside 7: another site cannot send a browser off to link its own identity."""
    for where in ("/accounts/github/login/", "/accounts/google/login/?process=connect"):
        answer = Client().get(where)
        assert "Location" not in answer.headers or "/accounts/" in answer.headers["Location"]


@pytest.mark.django_db(transaction=True)
def test_two_tabs_come_from_a_company_at_once(sandbox: SandboxProcess) -> None:
    """Beside 1 and 6: one person, one identity, and no error."""

    def come() -> int:
        return int(arrive(Client(), "github", sub="88", email="tabs@new.example").status_code)

    results = at_once([come, come, come])
    assert [one for one in results if isinstance(one, Exception) or one >= 500] == []
    assert Person.objects.filter(email="tabs@new.example").count() == 1
    assert SocialAccount.objects.filter(uid="88").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_people_change_to_one_mailbox_at_once() -> None:
    """Beside 1: whoever confirms first has it, and nothing breaks for the other."""
    keys = []
    for number in range(2):
        person = a_person(f"mover{number}@example.com")
        address = EmailAddress.objects.create(user=person, email=f"m.oved+{number}@gmail.com")
        keys.append(EmailConfirmationHMAC(address).key)

    def go(key: str) -> Callable[[], int]:
        return lambda: int(Client().post(f"/accounts/confirm-email/{key}/").status_code)

    results = at_once([go(key) for key in keys])
    assert [one for one in results if isinstance(one, Exception) or one >= 500] == []
    assert Person.objects.filter(canonical_email="moved@gmail.com").count() == 1
