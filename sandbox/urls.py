"""Addresses of the sandbox."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.generic import RedirectView


def healthz(_request: HttpRequest) -> HttpResponse:
    """200 while the process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


urlpatterns = [
    path("", RedirectView.as_view(url="/_control/")),
    path("healthz", healthz),
    path("stripe/", include("sandbox.stripe.urls")),
    path("github/", include("sandbox.identity.github")),
    path("google/", include("sandbox.identity.google")),
    path("providers/", include("sandbox.balances.urls")),
    path("_control/", include("sandbox.control.urls")),
]
