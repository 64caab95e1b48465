"""The code of the demo moderators' second factor, for whoever tries Surplus out."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from marketplace.demo.people import ROLES, current_code


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The code of this half minute, and the secret for an app of one's own."""
    context = {
        "code": current_code(),
        "secret": settings.DEMO_TOTP_SECRET,
        "emails": [role.email for role in ROLES if role.is_staff],
    }
    return render(request, "dev/code.html", context)
