"""Pages of what somebody keeps: saved searches, and offers they watch."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.people import SignedInRequest
from accounts.refusals import Invalid
from listings import alerts
from listings.filters import tags
from listings.models import Listing, SavedSearch, Watch
from listings.saved import save
from listings.search import wanted

MOST_SHOWN = 200


@login_required
@require_safe
def kept(request: SignedInRequest) -> HttpResponse:
    """My saved searches and the offers that I watch."""
    watches = Watch.objects.filter(person=request.user).order_by("-id")
    offers = watches.select_related("listing__provider").defer("listing__search")
    context = {
        "searches": SavedSearch.objects.filter(person=request.user).order_by("-id"),
        "watches": offers[:MOST_SHOWN],
    }
    return render(request, "listings/kept.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    """What the search in the address asks for, and a button that keeps it."""
    if request.method == "POST":
        try:
            save(request.user, request.GET)
        except Invalid as error:
            messages.error(request, str(error))
            return redirect("listings:browse")
        messages.success(request, "Saved. You hear as soon as an offer fits it.")
        return redirect("listings:kept")
    given = wanted(request.GET)
    asked = tags(given) if given else []
    context = {"tags": asked}
    return render(request, "listings/save_search.html", context, status=200 if asked else 400)


@login_required
@require_POST
def forget(request: SignedInRequest, search_id: int) -> HttpResponse:
    """Delete a saved search of mine."""
    get_object_or_404(SavedSearch, pk=search_id, person=request.user).delete()
    messages.success(request, "Deleted. You hear nothing of it any more.")
    return redirect("listings:kept")


@login_required
@require_POST
def watch(request: SignedInRequest, listing_id: UUID) -> HttpResponse:
    """Watch an offer, or stop it where the form says so."""
    listing = get_object_or_404(Listing.objects.visible_to(request.user), pk=listing_id)
    if request.POST.get("stop"):
        alerts.unwatch(request.user, listing)
        messages.success(request, "You do not watch it any more.")
    else:
        alerts.watch(request.user, listing)
        messages.success(request, "You hear when it becomes cheaper.")
    return redirect(listing)
