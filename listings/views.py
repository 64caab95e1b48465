"""Pages for whoever looks for credit: browse, one offer, and a word to the moderators."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.keyset import Page, page
from listings import quotes
from listings.filters import BrowseForm
from listings.forms import ReportForm
from listings.models import Listing
from listings.reports import file_report
from listings.search import order_column, results
from providers.estimates import what_it_buys

SHOWN = 24
SIMILAR = 3


@require_safe
def browse(request: HttpRequest) -> HttpResponse:
    """What is on offer, by the filters in the address."""
    form, found = BrowseForm(request.GET), Page[Listing]([], None, None)
    if form.is_valid():
        wanted = form.cleaned_data
        column, cursor = order_column(wanted["ordering"]), request.GET.get("cursor")
        found = page(results(wanted).for_cards(), by=column, cursor=cursor, limit=SHOWN)
    context = {
        "form": form,
        "listings": found.rows,
        "next": _at(request, found.next),
        "previous": _at(request, found.previous),
    }
    # htmx leaves a page alone that says it is an error.
    status = 200 if form.is_valid() or request.headers.get("HX-Request") else 400
    return render(request, "listings/browse.html", context, status=status)


def _at(request: HttpRequest, cursor: str | None) -> str | None:
    """The address of this search at another position."""
    if cursor is None:
        return None
    asked = {name: value for name, value in request.GET.items() if value and name != "cursor"}
    return f"?{urlencode({**asked, 'cursor': cursor})}"


@require_safe
def detail(request: HttpRequest, listing_id: UUID) -> HttpResponse:
    """One offer: what it is, what it costs, how it moves, and a box to buy some of it."""
    rows = Listing.objects.visible_to(request.user).with_parts().select_related("program")
    listing = get_object_or_404(rows, pk=listing_id)
    context: dict[str, Any] = {
        "listing": listing,
        "provider": listing.provider,
        "is_own": listing.seller_id == request.user.pk,
        "buyable": listing.is_buyable,
    }
    if listing.provider.needs_consent:
        context["consent"] = listing.consents.filter(accepted_at__isnull=False).first()
    if listing.is_buyable:
        chosen = quotes.wanted(listing, request.GET.get("face_value", "")[:30])
        context |= {
            "chosen": chosen,
            "key": uuid4(),
            "suggestions": quotes.suggestions(listing),
            "comparisons": _comparisons(listing, chosen),
        }
    else:
        context["similar"] = _similar(listing)
    return render(request, "listings/detail.html", context)


def _comparisons(listing: Listing, chosen: quotes.Quote) -> list[dict[str, Any]]:
    """What the price makes at list price, and what it makes here, thing by thing."""
    at_list = what_it_buys(listing.provider, chosen.price_cents)
    listed = {(one.what, one.unit): one.quantity for one in at_list}
    return [
        {"here": here, "at_list": listed.get((here.what, here.unit), 0)}
        for here in what_it_buys(listing.provider, chosen.face_value_cents)
    ]


def _similar(listing: Listing) -> list[Listing]:
    rows = Listing.objects.live().for_cards().exclude(pk=listing.pk)
    same = rows.filter(provider=listing.provider_id).order_by("-discount_bp", "-pk")
    return list(same[:SIMILAR]) or list(rows.order_by("-created_at", "-pk")[:SIMILAR])


@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, listing_id: UUID) -> HttpResponse:
    """Tell the moderators that an offer is not in order; signed out too."""
    listing = get_object_or_404(Listing.objects.visible_to(request.user), pk=listing_id)
    form = ReportForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        file_report(
            listing,
            reporter=request.user if request.user.is_authenticated else None,
            address=get_adapter().get_client_ip(request),
            **form.cleaned_data,
        )
        messages.success(request, "Thank you. A moderator will look at this listing.")
        return redirect(listing)
    context = {"listing": listing, "form": form}
    return render(request, "listings/report.html", context, status=400 if form.errors else 200)
