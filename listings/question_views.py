"""The page of an offer on which people ask and the seller answers."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts import keyset
from accounts.contacts import MASK
from accounts.people import SignedInRequest
from listings import questions as asking
from listings.forms import AnswerForm, AskForm
from listings.models import Listing

SHOWN = 30


def _page(
    request: HttpRequest, listing: Listing, **forms: AskForm | AnswerForm | int
) -> HttpResponse:
    """What was asked, the newest first, with a form for what the person may do."""
    rows = asking.visible_to(request.user, listing)
    page = keyset.page(rows, by="-at", cursor=request.GET.get("cursor"), limit=SHOWN)
    context = {
        "listing": listing,
        "page": page,
        "is_own": listing.seller_id == request.user.pk,
        "asking": AskForm(),
        "answering": AnswerForm(),
        **forms,
    }
    bound = "asking" in forms or "answering" in forms
    return render(request, "listings/questions.html", context, status=400 if bound else 200)


def _visible(request: HttpRequest, listing_id: UUID) -> Listing:
    return get_object_or_404(Listing.objects.visible_to(request.user).with_parts(), pk=listing_id)


@require_http_methods(["GET", "HEAD", "POST"])
def questions(request: HttpRequest, listing_id: UUID) -> HttpResponse:
    """What was asked about an offer, and a form to ask more."""
    listing = _visible(request, listing_id)
    if request.method != "POST":
        return _page(request, listing)
    if not request.user.is_authenticated:
        return redirect_to_login(request.path)
    asking.require_other(listing, request.user)
    form = AskForm(request.POST)
    if not form.is_valid():
        return _page(request, listing, asking=form)
    asked = asking.ask(listing, actor=request.user, **form.cleaned_data)
    _say(request, asked.text, "Asked. You get a notice when the seller has answered.")
    return redirect("listings:questions", listing.pk)


@login_required
@require_POST
def answer(request: SignedInRequest, listing_id: UUID, question_id: int) -> HttpResponse:
    """The seller answers; what is asked about anybody else's offer is not there."""
    mine = Listing.objects.filter(seller=request.user).with_parts()
    listing = get_object_or_404(mine, pk=listing_id)
    rows = asking.visible_to(request.user, listing).select_related("listing", "by")
    question = get_object_or_404(rows, pk=question_id)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, listing, answering=form, answered_id=question.pk)
    question = asking.answer(question, actor=request.user, **form.cleaned_data)
    _say(request, question.answer, "Answered. Everybody reads it on the listing’s page.")
    return redirect("listings:questions", listing.pk)


def _say(request: HttpRequest, text: str, done: str) -> None:
    if MASK in text:
        messages.warning(request, f"{done} Contact details were taken out of it.")
    else:
        messages.success(request, done)
