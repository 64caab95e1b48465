"""The console opens to a second factor only, whatever way somebody came to be signed in."""

import pytest
from django.test import Client

from accounts import factors
from accounts.models import Person
from listings.models import Listing, ListingStatus
from tests.console import scenery
from tests.console.conftest import signed_in
from tests.factories import PASSWORD, a_second_factor, code_now
from tests.sessions import shown


@pytest.fixture
def by_password(moderator: Person) -> Client:
    """A moderator's browser in which only the password was given."""
    client = Client()
    client.force_login(moderator)
    shown(client, moderator, "password")
    return client


@pytest.fixture
def offer(seller: Person) -> Listing:
    return scenery.in_review(seller)


def approval(offer: Listing) -> str:
    return f"/console/listings/listing/{offer.pk}/approval/"


def test_without_one_moderators_set_one_up_first(by_password: Client, offer: Listing) -> None:
    for address in ("/console/", "/console/accounts/person/", f"{approval(offer)}"):
        for answer in (by_password.get(address), by_password.post(address, {"reason": "In order"})):
            assert (answer.status_code, answer.headers["Location"]) == (
                302,
                "/accounts/2fa/totp/activate/",
            )
    offer.refresh_from_db()
    assert offer.status == ListingStatus.IN_REVIEW


def test_a_session_that_has_not_shown_it_is_asked(
    by_password: Client, moderator: Person, offer: Listing
) -> None:
    a_second_factor(moderator)
    answer = by_password.post(approval(offer), {"reason": "In order"})
    assert answer.headers["Location"].startswith("/accounts/2fa/reauthenticate/?next=%2Fconsole")
    offer.refresh_from_db()
    assert offer.status == ListingStatus.IN_REVIEW
    assert by_password.get("/console/login/").headers["Location"] == "/console/"
    wrong = by_password.post(answer.headers["Location"], {"code": "000000"})
    assert "This code is not right" in wrong.content.decode()
    assert by_password.get("/console/").status_code == 302


def test_from_the_password_to_the_console(by_password: Client, moderator: Person) -> None:
    """As a new moderator does it: set up, keep the codes, and enter."""
    page = by_password.get("/accounts/2fa/totp/activate/")
    secret = page.context["form"].secret
    given = {"code": code_now(secret=secret)}
    answer = by_password.post("/accounts/2fa/totp/activate/", given)
    assert answer.headers["Location"] == "/accounts/2fa/recovery-codes/"
    codes = by_password.get("/accounts/2fa/recovery-codes/").context["unused_codes"]
    assert len(codes) == 10
    again = by_password.get("/accounts/2fa/recovery-codes/").content.decode()
    assert not any(one in again for one in codes)
    assert secret not in str(factors.Authenticator.objects.values_list("data"))
    assert by_password.get("/console/").status_code == 200


def test_without_it_any_more_the_console_closes(desk: Client, moderator: Person) -> None:
    assert desk.get("/console/").status_code == 200
    factors.Authenticator.objects.filter(user=moderator).delete()
    assert desk.get("/console/").headers["Location"] == "/accounts/2fa/totp/activate/"


def test_signing_in_asks_for_both(moderator: Person, client: Client) -> None:
    a_second_factor(moderator)
    given = {"login": moderator.email, "password": PASSWORD, "next": "/console/"}
    answer = client.post("/accounts/login/", given)
    assert answer.headers["Location"].startswith("/accounts/2fa/authenticate/")
    assert client.get("/console/").headers["Location"].startswith("/console/login/")
    assert client.get("/account/").status_code == 302
    answer = client.post("/accounts/2fa/authenticate/", {"code": code_now()})
    assert answer.headers["Location"] == "/console/"
    assert client.get("/console/").status_code == 200


def test_the_password_again_is_not_the_second_factor(
    by_password: Client, moderator: Person
) -> None:
    a_second_factor(moderator)
    answer = by_password.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert answer.headers["Location"].startswith("/accounts/2fa/reauthenticate/")
    assert by_password.get("/console/").status_code == 302


def test_sellers_with_one_are_no_moderators(seller: Person) -> None:
    client = signed_in(a_second_factor(seller))
    shown(client, seller, "mfa")
    assert client.get("/console/", follow=True).status_code == 403
