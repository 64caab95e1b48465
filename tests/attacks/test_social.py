"""A social sign-in that came without an address: the site asks for one."""

import json

import pytest
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts.models import Person
from tests.factories import a_person


def without_address() -> SocialLogin:
    """As GitHub's adapter makes it where the person keeps their address to themselves."""
    request = RequestFactory().get("/")
    provider = get_adapter().get_provider(request, "github")
    account = SocialAccount(provider="github", uid="991", extra_data={"login": "x"})
    return SocialLogin(
        provider=provider, user=get_adapter().new_user(request, None), account=account
    )


def test_a_pending_social_sign_in_can_be_kept_in_the_session() -> None:
    json.dumps(without_address().serialize())


@pytest.mark.parametrize("typed", ["an.na@gmail.com", "anna@ex--ample.com", "new@example.com"])
def test_an_address_typed_at_social_sign_up_is_no_server_error(client: Client, typed: str) -> None:
    a_person("anna@gmail.com")
    pending = without_address()
    pending.user.joined_at = timezone.now()  # so that it fits into a session at all
    client.get("/accounts/login/")
    session = client.session
    session["socialaccount_sociallogin"] = pending.serialize()
    session.save()
    page = client.get("/accounts/3rdparty/signup/")
    assert page.status_code == 200, page.headers
    answer = client.post("/accounts/3rdparty/signup/", {"email": typed})
    assert answer.status_code in (200, 302)
    assert Person.objects.filter(canonical_email="anna@gmail.com").count() == 1
