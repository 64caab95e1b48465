"""How a person gets in, and from where: one page, from which everything else is reached."""

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import devices
from accounts.forms import DeviceForm
from accounts.models import Device
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
        "sessions": devices.sessions(request, request.user),
        "identities": SocialAccount.objects.filter(user=request.user).order_by("pk"),
    }
    return render(request, "account_pages/security.html", context)


@require_POST
@login_required
def sign_out(request: SignedInRequest, session_id: int) -> HttpResponse:
    """End one session of the person's; their own is signing out."""
    mine = UserSession.objects.filter(user=request.user)
    row = get_object_or_404(mine, pk=session_id)
    if row.session_key == request.session.session_key:
        logout(request)
        return redirect("home")
    devices.end(row)
    messages.success(request, "That browser is signed out.")
    return redirect("account:security")


@require_POST
@login_required
def sign_out_others(request: SignedInRequest) -> HttpResponse:
    """End every session but this one."""
    devices.end_others(request, request.user)
    messages.success(request, "You are signed out everywhere but here.")
    return redirect("account:security")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def device(request: SignedInRequest, device_id: int) -> HttpResponse:
    """Give a browser a name."""
    found = get_object_or_404(Device, pk=device_id, person=request.user)
    form = DeviceForm(request.POST if request.method == "POST" else None, instance=found)
    if form.is_valid():
        form.save()
        return redirect("account:security")
    context = {"form": form, "device": found}
    return render(request, "account_pages/device.html", context, status=400 if form.errors else 200)
