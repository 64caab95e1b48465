"""Merging a second account into the one that is signed in."""

from allauth.core import ratelimit
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import stepup
from accounts.addresses import counted_as
from accounts.people import SignedInRequest
from accounts.refusals import Refusal
from orders import merging


class MergeForm(forms.Form):
    """What opens the other account."""

    email = forms.EmailField(label="E-mail address of the other account", max_length=254)
    password = forms.CharField(
        label="Its password",
        max_length=4096,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@stepup.before_posting
def merge(request: SignedInRequest) -> HttpResponse:
    """Prove to be both, one after the other, and have one account."""
    form = MergeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            _brake(request, form.cleaned_data["email"])
            other = merging.prove(**form.cleaned_data)
            merging.merge(person=request.user, other=other)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Merged. The other account is closed; this one is yours.")
            return redirect("account:home")
    status = 400 if form.is_bound else 200
    return render(request, "account_pages/merging.html", {"form": form}, status=status)


def _brake(request: HttpRequest, email: str) -> None:
    """A few tries for one mailbox, here or on the sign-in page. Raises NotProved."""
    if settings.THROTTLE_SCALE and not ratelimit.consume(
        request, action="login_failed", key=counted_as(email)
    ):
        raise merging.NotProved("Too many tries. Wait some minutes, then try again.")
