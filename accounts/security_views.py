"""How a person gets in, and from where: one page, from which everything else is reached."""

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.people import SignedInRequest


@require_safe
@login_required
def index(request: SignedInRequest) -> HttpResponse:
    """Ways in, second factors and devices."""
    mine = Authenticator.objects.filter(user=request.user).order_by("pk")
    by_kind: dict[str, list[Authenticator]] = {}
    for one in mine:
        by_kind.setdefault(one.type, []).append(one)
    recovery = by_kind.get(Authenticator.Type.RECOVERY_CODES, [])
    context = {
        "totp": next(iter(by_kind.get(Authenticator.Type.TOTP, [])), None),
        "passkeys": by_kind.get(Authenticator.Type.WEBAUTHN, []),
        "recovery_left": len(recovery[0].wrap().get_unused_codes()) if recovery else None,
        "identities": SocialAccount.objects.filter(user=request.user).order_by("pk"),
    }
    return render(request, "account_pages/security.html", context)
