"""Step-up for people with neither password nor second factor: a code by mail, good for once."""

import secrets
import time
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import resume_request
from allauth.account.utils import get_next_redirect_url
from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.mail import send_mail
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_http_methods

from accounts.encryption import fingerprint
from accounts.forms import ProofForm
from accounts.people import SignedInRequest

KEY = "accounts.proof"
CODE_LIVES_SECONDS = 600
TRIES = 3


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def proof(request: SignedInRequest) -> HttpResponse:
    """Ask for the code, having sent it when that was asked for."""
    following = get_next_redirect_url(request) or ""
    if "send" in request.POST:
        _send(request)
        return render(request, "account_pages/proof.html", _context(ProofForm(), following))
    form = ProofForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        if response := ratelimit.consume_or_429(
            request, action="reauthenticate", user=request.user
        ):
            return response
        if _is_right(request, form.cleaned_data["code"]):
            record_authentication(request, request.user, "code", reauthenticated=True)
            return resume_request(request) or redirect("account:security")
        form.add_error("code", "This code is not right, or it is too old. Ask for another one.")
    context = _context(form, following) | {"sent": form.is_bound or KEY in request.session}
    return render(request, "account_pages/proof.html", context)


def _context(form: ProofForm, following: str) -> dict[str, Any]:
    return {"form": form, "following": following, "sent": True}


def _send(request: SignedInRequest) -> None:
    """Mail a new code; the session keeps its fingerprint."""
    if not ratelimit.consume(request, action="request_login_code", key=f"proof:{request.user.pk}"):
        messages.error(request, "That was often. Wait a minute, then ask again.")
        return
    code = f"{secrets.randbelow(10**8):08}"
    request.session[KEY] = {"hash": _hash(request, code), "at": time.time(), "tries": 0}
    text = render_to_string("account_pages/proof_mail.txt", {"code": code})
    send_mail("A code to confirm that it is you", text, None, [request.user.email])


def _is_right(request: SignedInRequest, code: str) -> bool:
    """Whether it is the code that was sent. Three wrong ones, or ten minutes, end it."""
    kept = request.session.pop(KEY, None)
    if not kept or time.time() - kept["at"] > CODE_LIVES_SECONDS:
        return False
    if constant_time_compare(kept["hash"], _hash(request, code)):
        return True
    if kept["tries"] + 1 < TRIES:
        request.session[KEY] = kept | {"tries": kept["tries"] + 1}
    return False


def _hash(request: SignedInRequest, code: str) -> str:
    return fingerprint(f"{request.user.pk}:{code}", purpose="step-up code")
