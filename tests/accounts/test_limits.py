"""Guessing is slow, from wherever it comes; and nobody who is honest is locked out by others."""

import pytest
from allauth.account.views import SignupView
from django.conf import LazySettings
from django.http import HttpResponse
from django.test import Client

from accounts.models import Person
from payments.models import Payout
from tests.accounts.ways import NEW, is_in, sign_in
from tests.api.calling import Caller
from tests.factories import PASSWORD, a_person, a_second_factor, code_now
from tests.sessions import shown

pytestmark = pytest.mark.django_db
TOO_OFTEN = "Too many failed login attempts"


def attempt(email: str, password: str = "wrong", **headers: str) -> str:
    answer = Client().post(
        "/accounts/login/", {"login": email, "password": password}, headers=headers
    )
    return answer.content.decode()


@pytest.mark.parametrize("known", [True, False])
def test_wrong_passwords_count_for_a_mailbox_however_it_is_spelled(known: bool) -> None:
    """For one that has no account as well: else the limit would tell who has one."""
    if known:
        a_person("anna@gmail.com")
    spellings = ["anna@gmail.com", "AN.NA@gmail.com", "anna+1@googlemail.com", "a.nna@gmail.com"]
    for email in [*spellings, "an.n.a@gmail.com"]:
        assert TOO_OFTEN not in attempt(email)
    assert TOO_OFTEN in attempt("anna+2@gmail.com", PASSWORD)


def test_accents_are_no_way_round(buyer: Person) -> None:
    """CVE-2026-97764: an address with an accent counted apart and still matched."""
    for _ in range(5):
        attempt(buyer.email)
    for spelling in ("BUYER@EXAMPLE.COM", "ｂuyer@example.com"):
        client = sign_in(spelling)
        assert not is_in(client)


def test_behind_a_proxy_its_word_counts_and_nobody_elses(settings: LazySettings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for number in range(10):
        forged = f"198.51.100.{number}, 203.0.113.9"
        attempt(f"person{number}@example.com", x_forwarded_for=forged)
    assert TOO_OFTEN in attempt("one-more@example.com", x_forwarded_for="1.2.3.4, 203.0.113.9")
    assert TOO_OFTEN not in attempt("one-more@example.com", x_forwarded_for="203.0.113.10")


def test_without_a_proxy_the_header_is_noise(settings: LazySettings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0
    for number in range(10):
        attempt(f"person{number}@example.com", x_forwarded_for=f"198.51.100.{number}")
    assert TOO_OFTEN in attempt("one-more@example.com", x_forwarded_for="198.51.100.77")


def test_wrong_codes_are_limited_too(buyer: Person) -> None:
    a_second_factor(buyer)
    client = sign_in(buyer.email)
    for number in range(5):
        client.post("/accounts/2fa/authenticate/", {"code": f"00000{number}"})
    client.post("/accounts/2fa/authenticate/", {"code": code_now()})
    assert not is_in(client)


def test_a_flood_of_sign_ups_from_a_thousand_addresses_locks_nobody_out(
    settings: LazySettings,
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    flooding = Client()
    # Refused for its password, and drawn by nobody: that would take longer than all the rest.
    with pytest.MonkeyPatch.context() as undrawn:
        undrawn.setattr(SignupView, "render_to_response", lambda *_, **__: HttpResponse())
        for number in range(1000):
            given = {"email": f"bot{number}@flood.example", "password1": "x", "password2": "y"}
            headers = {"x-forwarded-for": f"10.{number // 250}.{number % 250}.7"}
            flooding.post("/accounts/signup/", given, headers=headers)
    given = {"email": "honest@new.example", "password1": NEW, "password2": NEW}
    answer = Client().post("/accounts/signup/", given, headers={"x-forwarded-for": "203.0.113.50"})
    assert answer.status_code == 302
    assert Person.objects.filter(email="honest@new.example").exists()


def test_one_address_signs_up_so_often_and_no_more() -> None:
    given = {"email": "bot@flood.example", "password1": "x", "password2": "y"}
    codes = {Client().post("/accounts/signup/", given).status_code for _ in range(21)}
    assert codes == {200, 429}


def test_without_the_cache_nothing_that_moves_money_happens(
    settings: LazySettings, seller: Person
) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(seller)
    shown(client, seller, "password")
    program = Caller(seller)
    program.client.raise_request_exception = False
    down = {"LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": settings.CACHES["default"] | down}
    given = {"login": seller.email, "password": PASSWORD}
    for answer in (
        client.post("/account/payouts/new/"),
        program.post("orders/", {}),
        Client(raise_request_exception=False).post("/accounts/login/", given),
    ):
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "30"
    assert not Payout.objects.exists()
