"""What is stored about a person, for themselves: take it along, or have it erased."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import stepup
from accounts.models import Person, PersonalExport
from accounts.people import SignedInRequest
from orders import leaving, personal_data

# htmx: take this, and ask no more.
STOP_POLLING = 286


class ErasureForm(forms.Form):
    """Nobody erases themselves by one click too many."""

    understood = forms.BooleanField(
        label="Erase my account. I know that this cannot be undone.",
        error_messages={"required": "Tick this to go on."},
    )


def _export(person: Person) -> dict[str, Any]:
    """The newest export, without its content."""
    rows = PersonalExport.objects.filter(person=person).defer("content").order_by("-pk")
    return {"export": rows.first(), "parts": len(personal_data.PARTS)}


@require_safe
@login_required
def index(request: SignedInRequest) -> HttpResponse:
    """What is kept and why, the export, and the way out."""
    context = _export(request.user) | {
        "under_way": leaving.money_under_way(request.user),
        "obstacles": leaving.obstacles(request.user),
    }
    return render(request, "privacy/index.html", context)


@require_POST
@login_required
def export(request: SignedInRequest) -> HttpResponse:
    """Ask for everything; a worker makes it."""
    personal_data.ask(request.user)
    messages.success(request, "We are putting your data together.")
    return redirect("privacy_settings:index")


@require_safe
@login_required
def state(request: SignedInRequest) -> HttpResponse:
    """How far the export is: the part of the page that changes."""
    context = _export(request.user)
    under_way = context["export"] and context["export"].due_at
    return render(
        request, "privacy/export.html", context, status=200 if under_way else STOP_POLLING
    )


@require_safe
@login_required
def download(request: SignedInRequest) -> HttpResponse:
    """The newest export that is made; anybody else's does not exist here."""
    made = PersonalExport.objects.filter(person=request.user, made_at__isnull=False)
    found = get_object_or_404(made)
    name = f"surplus-{found.made_at:%Y-%m-%d}.zip"
    return HttpResponse(
        bytes(found.content or b""),
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@stepup.before_posting
def erasure(request: SignedInRequest) -> HttpResponse:
    """Ask once more, after a fresh proof of who it is; then erase, and sign out."""
    form = ErasureForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        leaving.erase(request.user)
        logout(request)
        return render(request, "privacy/erased.html")
    context = {"form": form, "obstacles": leaving.obstacles(request.user)}
    return render(request, "privacy/erasure.html", context, status=400 if form.is_bound else 200)
