"""Pages that look across all apps, and the pages for when something went wrong."""

import sys
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.views.decorators.cache import cache_control
from redis.exceptions import ConnectionError as BrokerAway
from redis.exceptions import TimeoutError as BrokerSlow

from accounts.frames import render_around
from listings.models import Listing
from marketplace import figures
from marketplace.api.problems import server_problem
from providers.models import Provider

SHOWN_AT_HOME = 6
AWAY = (OperationalError, InterfaceError, BrokerAway, BrokerSlow)
RETRY_AFTER_SECONDS = 30


def home(request: HttpRequest) -> HttpResponse:
    """What this is, what is on offer, and what the ledger says."""
    listings = Listing.objects.live().for_cards().order_by("-created_at", "-pk")[:SHOWN_AT_HOME]
    offers = render_to_string("components/offers.html", {"listings": listings})
    return render_around(
        request, "home.html", lambda: {"facts": figures.trust()}, parts={"offers": offers}
    )


def market(request: HttpRequest) -> HttpResponse:
    """Best offer and depth, provider by provider."""
    return render(request, "market.html", {"providers": figures.by_provider()})


def market_of(request: HttpRequest, slug: str) -> HttpResponse:
    """One provider's market: what is on offer, and what was sold lately."""
    provider = get_object_or_404(Provider.objects.current(), slug=slug)
    found = figures.by_provider(only=slug)
    best = Listing.objects.live().filter(provider=slug).for_cards()
    context = {
        "provider": provider,
        "market": found[0].market if found else None,  # type: ignore[attr-defined]
        "listings": best.order_by("-discount_bp", "-pk")[:SHOWN_AT_HOME],
    }
    return render(request, "market_of.html", context)


@cache_control(public=True, max_age=300)
def page(request: HttpRequest, name: str) -> HttpResponse:
    """A page that the operator fills in."""
    return render(request, f"pages/{name}.html")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was left open too long, or came from elsewhere."""
    return render(request, "403_csrf.html", status=403)


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """Something that no page of ours sends."""
    return render(request, "404.html", status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    """Something broke; the answer needs nothing that may be broken too.

    Django calls this while the error is being handled. Without the database or the counters of
    tries nothing is decided, least of all about money: that passes, so it says when to come back.
    """
    away = isinstance(sys.exc_info()[1], AWAY)
    status = 503 if away else 500
    if request.path.startswith("/api/"):
        response: HttpResponse = server_problem(status)
    else:
        response = render(request, f"{status}.html", status=status)
    if away:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response
