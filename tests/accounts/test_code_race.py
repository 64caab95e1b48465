"""Fifty browsers come with one code at the same moment: one gets in (ASVS 6.5.1)."""

from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from django.conf import LazySettings
from django.test import Client

from accounts.models import Person
from tests.accounts.ways import is_in, sign_in
from tests.factories import a_second_factor, code_now
from tests.trade import at_once

BROWSERS = 50


@pytest.fixture(autouse=True)
def _no_limits(settings: LazySettings) -> None:
    """The race is with each other, not with the limit on tries."""
    settings.ACCOUNT_RATE_LIMITS = settings.MFA_RATE_LIMITS = False


def a_recovery_code(person: Person) -> str:
    row = Authenticator.objects.get(user=person, type=Authenticator.Type.RECOVERY_CODES)
    return str(row.wrap().get_unused_codes()[0])


@pytest.mark.parametrize("code_of", [lambda person: code_now(), a_recovery_code])
@pytest.mark.django_db(transaction=True)
def test_one_code_opens_one_door(buyer: Person, code_of: Callable[[Person], str]) -> None:
    a_second_factor(buyer)
    browsers = [sign_in(buyer.email) for _ in range(BROWSERS)]
    code = code_of(buyer)

    def show(browser: Client) -> int:
        return browser.post("/accounts/2fa/authenticate/", {"code": code}).status_code

    answers = at_once([lambda browser=browser: show(browser) for browser in browsers])
    assert sorted(answers) == [200] * (BROWSERS - 1) + [302]
    assert sum(is_in(browser) for browser in browsers) == 1
