"""What a person gets by mail: their settings page, and the link in each mail that stops it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts import mail_choices
from accounts.forms import MailForm
from accounts.people import SignedInRequest


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def choices(request: SignedInRequest) -> HttpResponse:
    """Turn mails on and off, group by group."""
    initial = {"wanted": mail_choices.unmuted_groups(request.user)}
    form = MailForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        with transaction.atomic():
            mail_choices.choose(request.user, wanted=form.cleaned_data["wanted"])
        messages.success(request, "Your choice is saved.")
        return redirect("account:mail")
    status = 400 if form.is_bound else 200
    return render(request, "account_pages/mail.html", {"form": form}, status=status)


# The signed link is the permission (RFC 8058): mail programs post it, without cookies or sign-in.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether mails of a group should stop; a POST stops them, reading changes nothing."""
    try:
        person_id, group = mail_choices.read_token(token)
    except mail_choices.NotOurLink:
        return render(request, "account_pages/unsubscribe_unknown.html", status=404)
    if request.method == "POST":
        mail_choices.mute(person_id, group)
    context = {"group": group, "done": request.method == "POST"}
    return render(request, "account_pages/unsubscribe.html", context)
