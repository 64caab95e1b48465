"""Pages for whoever looks for credit: browse, one offer, and a word to the moderators."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_http_methods, require_safe

from accounts.frames import render_around
from listings import questions, quotes, search
from listings.filters import BrowseForm
from listings.finding import find
from listings.forms import ReportForm
from listings.models import Listing, Listings, Watch
from listings.reports import file_report
from providers.estimates import what_it_buys

SHOWN = 24
SIMILAR = 3
ANSWERS = 5


@require_safe
def browse(request: HttpRequest) -> HttpResponse:
    """What is on offer, by the filters in the address."""
    given = search.wanted(request.GET)
    parts = {"results": "" if given is None else _results(request, given)}
    # htmx leaves a page alone that says it is an error.
    status = 400 if given is None and not request.headers.get("HX-Request") else 200
    return render_around(
        request,
        "listings/browse.html",
        lambda: {"form": _counted(BrowseForm(request.GET))},
        parts=parts,
        key=None if given is None else search.asked(request.GET),
        status=status,
    )


def _counted(form: BrowseForm) -> BrowseForm:
    form.is_valid()
    form.count()
    return form


def _results(request: HttpRequest, given: search.Wanted) -> str:
    """The cards of one page, and the way to the pages around it."""
    found = find(given, Listings.for_cards, cursor=request.GET.get("cursor"), limit=SHOWN)
    context = {
        "listings": found.rows,
        "filtered": any(value for name, value in given.items() if name != "ordering"),
        "next": _at(request, found.next),
        "previous": _at(request, found.previous),
        "words": given["q"],
    }
    return render_to_string("listings/results.html", context)


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
        "answered": questions.answered(listing)[:ANSWERS],
    }
    if context["is_own"]:
        context["unanswered"] = questions.waiting(listing).count()
    elif request.user.is_authenticated:
        context["watched"] = Watch.objects.filter(person=request.user, listing=listing).exists()
    if listing.provider.needs_consent:
        context["consent"] = listing.consents.filter(accepted_at__isnull=False).first()
    if listing.is_buyable:
        chosen = quotes.wanted(listing, request.GET.get("face_value", "")[:30])
        context |= {
            "chosen": chosen,
            "key": uuid4(),
            "suggestions": quotes.suggestions(listing),
            "comparisons": _comparisons(listing, chosen),
            "cheaper": quotes.cheaper(listing),
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


def _similar(listing: Listing) -> list[Any]:
    rows = Listing.objects.live().for_cards().exclude(pk=listing.pk)
    same = rows.filter(provider=listing.provider_id).order_by("-discount_bp", "-pk")
    return list(same[:SIMILAR]) or list(rows.order_by("-created_at", "-pk")[:SIMILAR])


@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, listing_id: UUID, question_id: int | None = None) -> HttpResponse:
    """Say that an offer, or a question about it, is not in order; signed out too."""
    listing = get_object_or_404(Listing.objects.visible_to(request.user), pk=listing_id)
    question = question_id and get_object_or_404(
        questions.visible_to(request.user, listing), pk=question_id
    )
    form = ReportForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        file_report(
            listing,
            reporter=request.user if request.user.is_authenticated else None,
            address=get_adapter().get_client_ip(request),
            question=question or None,
            **form.cleaned_data,
        )
        what = "question" if question else "listing"
        messages.success(request, f"Thank you. A moderator will look at this {what}.")
        return redirect(listing)
    context = {"listing": listing, "form": form, "question": question}
    return render(request, "listings/report.html", context, status=400 if form.errors else 200)
