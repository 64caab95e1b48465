"""Asking once more who somebody is, before what a thief of their session must not be able to do.

Signing in counts for `ACCOUNT_REAUTHENTICATION_TIMEOUT` seconds. Whoever has a second factor shows
that; others give their password, or a code that we mail to them. Programs with a token are not
asked: a token was made by somebody who was.
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import suspend_request
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts import factors
from accounts.models import Person

# How somebody can have shown who they are; the records hold what allauth wrote down.
SHOWN_BY = ("password", "code", "socialaccount", "mfa")

View = Callable[..., HttpResponse]


def is_fresh(request: HttpRequest) -> bool:
    """Whether the person has just shown who they are, by the strongest means they have."""
    since = time.time() - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    records = get_authentication_records(request, request.user)
    recent = {record["method"] for record in records if record["at"] > since}
    if "mfa" in recent:
        return True
    assert isinstance(request.user, Person)
    return not recent.isdisjoint(SHOWN_BY) and not factors.has_one(request.user)


def ask(request: HttpRequest) -> HttpResponse:
    """To the page that asks; what was posted is kept, and done afterwards."""
    way = get_adapter().get_reauthentication_methods(request.user)[0]["url"]
    answer: HttpResponse = suspend_request(request, way)
    return answer


def before_posting(view: View) -> View:
    """A view whose POST is only for somebody who has just shown who they are."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST" and not is_fresh(request):
            return ask(request)
        return view(request, *args, **kwargs)

    return guarded


def by_mail() -> dict[str, str]:
    """How somebody without password and factor shows who they are, in allauth's terms."""
    return {
        "id": "mail",
        "description": "Use a code that we mail to you",
        "url": reverse("account:proof"),
    }


# Changes on allauth's own pages. It asks before most of them by itself, but never those who have
# neither password nor factor.
CHANGES = {
    "account_change_password",
    "account_email",
    "account_set_password",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_deactivate_totp",
    "mfa_edit_webauthn",
    "mfa_generate_recovery_codes",
    "mfa_remove_webauthn",
    "socialaccount_connections",
}
SIGN_INS = {"github_login", "google_login"}


class BeforeChanges:
    """Middleware: nobody changes how they sign in without having just shown who they are."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: View, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if request.method != "POST" or request.resolver_match is None:
            return None
        name = request.resolver_match.view_name
        connects = name in SIGN_INS and request.GET.get("process") == "connect"
        if not (name in CHANGES or connects) or not request.user.is_authenticated:
            return None
        return None if is_fresh(request) else ask(request)
