"""Pages for whoever looks for credit: browse, one offer, and a word to the moderators."""

from typing import Any
from uuid import UUID, uuid4

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_http_methods, require_safe

from accounts.frames import render_around
from listings import filters, questions, quotes, search
from listings.finding import find
from listings.forms import ReportForm
from listings.models import Listing, Listings, Watch
from listings.reports import file_report
from providers.estimates import what_it_buys
from providers.known import name_of

SHOWN = 24
SIMILAR = 3
ANSWERS = 5


@require_safe
def browse(request: HttpRequest) -> HttpResponse:
    """What is on offer, by the filters in the address."""
    given = search.wanted(request.GET)
    if given is None:
        return _unreadable(request)
    tags = filters.tags(given)
    context = {"tags": tags, "savable": filters.address(given, but="ordering")}
    parts = {
        "panel": filters.panel(request.GET, given["q"]),
        "tags": render_to_string("listings/tags.html", context) if tags else "",
        "results": _results(request, given),
    }
    provider = given["provider"] and name_of(given["provider"])
    return render_around(
        request,
        "listings/browse.html",
        lambda: {"provider": provider},
        parts=parts,
        key=(provider,),
    )


def _unreadable(request: HttpRequest) -> HttpResponse:
    """The form with what is wrong in it, and nothing found."""
    form = filters.BrowseForm(request.GET)
    form.full_clean()
    form.count()
    context = {
        "panel": render_to_string("listings/panel.html", {"form": form}),
        "tags": render_to_string("listings/tags.html", {"tags": filters.tags(form.cleaned_data)}),
        "errors": form.errors,
    }
    # htmx leaves a page alone that says it is an error.
    status = 200 if request.headers.get("HX-Request") else 400
    return render(request, "listings/browse.html", context, status=status)


def _results(request: HttpRequest, given: search.Wanted) -> str:
    """The cards of one page, and the way to the pages around it."""
    found = find(given, Listings.for_cards, cursor=request.GET.get("cursor"), limit=SHOWN)
    here = filters.address(given)
    way = f"?{here}&cursor=" if here else "?cursor="
    context = {
        "listings": found.rows,
        "filtered": any(value for name, value in given.items() if name != "ordering"),
        "next": found.next and f"{way}{found.next}",
        "previous": found.previous and f"{way}{found.previous}",
        "words": given["q"],
    }
    return render_to_string("listings/results.html", context)


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
