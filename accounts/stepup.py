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
