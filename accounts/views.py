"""The person's own pages: profile, inbox, tokens. Sign-in itself is django-allauth's."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models.functions import Now
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import keyset, notifications, restrictions, stepup
from accounts import tokens as api_tokens
from accounts.forms import ProfileForm, TokenForm
from accounts.models import ApiToken, Notification, Person
from accounts.people import SignedInRequest

SHOWN, SHOWN_AT_HOME = 20, 3
form_page = require_http_methods(["GET", "HEAD", "POST"])


def _shown(notices: list[Notification]) -> list[tuple[Notification, str, list[str]]]:
    """Notices with their words."""
    return [(notice, *notifications.render(notice)) for notice in notices]


@form_page
@login_required
def home(request: SignedInRequest) -> HttpResponse:
    """The public name, the newest notices, and the way to everything else."""
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Your name is saved.")
        return redirect("account:home")
    mine = Notification.objects.filter(person=request.user).select_related("person")
    newest = _shown(list(mine.order_by("-pk")[:SHOWN_AT_HOME]))
    context = {"form": form, "notices": newest, "stopped": restrictions.of(request.user)}
    return render(request, "account_pages/home.html", context)


@require_POST
@login_required
def first_steps_done(request: SignedInRequest) -> HttpResponse:
    """Put the list of first steps away for good."""
    Person.objects.filter(pk=request.user.pk).update(first_steps_done_at=Now())
    return redirect("account:home")


@require_safe
@login_required
def inbox(request: SignedInRequest) -> HttpResponse:
    """Everything the person was told, newest first."""
    mine = Notification.objects.filter(person=request.user).select_related("person")
    page = keyset.page(mine, by="-id", cursor=request.GET.get("cursor"), limit=SHOWN)
    context = {"page": page, "notices": _shown(page.rows)}
    return render(request, "account_pages/inbox.html", context)


@require_POST
@login_required
def read(request: SignedInRequest, notification_id: int) -> HttpResponse:
    """Mark one as read, and go to the page it is about."""
    mine = Notification.objects.filter(person=request.user)
    notice = get_object_or_404(mine, pk=notification_id)
    mine.filter(pk=notice.pk, read_at=None).update(read_at=Now())
    return redirect(notice.context.get("url") or "account:inbox")


@require_POST
@login_required
def read_all(request: SignedInRequest) -> HttpResponse:
    """Mark all as read."""
    Notification.objects.filter(person=request.user, read_at=None).update(read_at=Now())
    return redirect("account:inbox")


@form_page
@login_required
@stepup.before_posting
def tokens(request: SignedInRequest) -> HttpResponse:
    """The person's tokens; a new one is in the answer to its making and nowhere else."""
    form = TokenForm(request.POST if request.method == "POST" else None)
    made = ""
    if form.is_valid():
        given = form.cleaned_data
        made = api_tokens.create(
            person=request.user,
            name=given["name"],
            scopes=tuple(given["scopes"]),
            life=timedelta(days=given["days"] or 365),
        )
        form = TokenForm()
    live = ApiToken.objects.filter(person=request.user, revoked_at=None, expires_at__gt=Now())
    live = live.order_by("-created_at")
    context = {"form": form, "made": made, "tokens": live}
    return render(request, "account_pages/tokens.html", context, status=400 if form.errors else 200)


@require_POST
@login_required
def revoke(request: SignedInRequest, token_id: int) -> HttpResponse:
    """Make a token worthless, at once."""
    mine = ApiToken.objects.filter(person=request.user, revoked_at=None)
    get_object_or_404(mine, pk=token_id)
    mine.filter(pk=token_id).update(revoked_at=Now())
    messages.success(request, "The token is revoked. Programs that use it are refused from now on.")
    return redirect("account:tokens")
