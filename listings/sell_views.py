"""Pages for sellers: what selling means, their offers, and each step of an offer's life."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import F
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import factors
from accounts.keyset import page
from accounts.models import Person
from accounts.refusals import Invalid
from listings import consents, publishing
from listings.forms import ConsentForm, initial
from listings.lifecycle import EDITABLE
from listings.models import CodeStatus, Listing, ListingEvent
from listings.price_views import price_forms
from listings.sell_form import OfferForm
from payments.models import PayoutAccount
from providers.models import Provider

SHOWN = 24


def _me(request: HttpRequest) -> Person:
    """Whoever is signed in; views that use it let nobody else in."""
    assert isinstance(request.user, Person)
    return request.user


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What selling means; for somebody signed in, their own offers."""
    if not request.user.is_authenticated:
        return render(request, "sell/about.html", {"chosen": request.GET.get("provider", "")[:60]})
    if slug := request.GET.get("provider", "")[:60]:
        return redirect(f"{reverse('sell:new')}?{urlencode({'provider': slug})}")
    own = Listing.objects.filter(seller__in=_me(request).selves).select_related("provider")
    found = page(own, by="-created_at", cursor=request.GET.get("cursor"), limit=SHOWN)
    context = {
        "listings": found.rows,
        "next": found.next and f"?cursor={found.next}",
        "previous": found.previous and f"?cursor={found.previous}",
        "can_be_paid": _can_be_paid(request),
    }
    return render(request, "sell/index.html", context)


def _can_be_paid(request: HttpRequest) -> bool:
    return PayoutAccount.objects.filter(person=_me(request), ready=True).exists()


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """First whose credit it is, then the form for it."""
    given = request.POST if request.method == "POST" else request.GET
    provider = _provider(given.get("provider", ""))
    if provider is None:
        context = {
            "providers": Provider.objects.current(),
            "unknown": "provider" in given,
        }
        status = 400 if context["unknown"] else 200
        return render(request, "sell/choose.html", context, status=status)
    form = OfferForm(request.POST if request.method == "POST" else None, of=provider)
    listing = form.is_valid() and _kept(
        form,
        lambda: publishing.draft(
            seller=_me(request), terms=form.terms(), codes=form.cleaned_data["codes"]
        ),
    )
    if listing:
        messages.success(request, "Saved as a draft. Nobody else sees it yet.")
        return redirect("sell:edit", listing.pk)
    return _form_page(request, form, provider)


def _provider(slug: str) -> Provider | None:
    # A slug has no NUL, which the database would refuse to look for.
    known = slug and slug.isprintable()
    return Provider.objects.for_page().filter(slug=slug).first() if known else None


def _kept(form: OfferForm, act: Callable[[], Listing]) -> Listing | None:
    """The listing, or None with the error at its field."""
    try:
        return act()
    except Invalid as error:
        form.add_error(error.field, str(error))
    return None


def _form_page(
    request: HttpRequest, form: OfferForm, provider: Provider, **more: Any
) -> HttpResponse:
    context = {"form": form, "provider": provider, **more}
    return render(request, "sell/form.html", context, status=400 if form.errors else 200)


def _own(request: HttpRequest, listing_id: UUID) -> Listing:
    """The seller's own listing; anybody else's does not exist for them."""
    rows = Listing.objects.filter(seller__in=_me(request).selves).select_related(
        "provider", "program"
    )
    return get_object_or_404(rows, pk=listing_id)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, listing_id: UUID) -> HttpResponse:
    """An offer as its seller sees it: where it stands, what is next, and its terms."""
    listing = _own(request, listing_id)
    deposited = listing.codes.filter(status=CodeStatus.AVAILABLE).count()
    form = OfferForm(
        request.POST if request.method == "POST" else None,
        of=listing.provider,
        listing=listing,
        deposited=bool(deposited),
        initial=initial(listing),
    )
    changed = form.is_valid() and _kept(
        form,
        lambda: publishing.edit(
            listing,
            actor=_me(request),
            terms=form.terms(),
            codes=form.cleaned_data["codes"],
        ),
    )
    if changed:
        messages.success(request, "Saved.")
        return redirect("sell:edit", listing.pk)
    context = {
        "form": form,
        "listing": listing,
        "provider": listing.provider,
        "editable": listing.status in EDITABLE,
        "deposited": deposited,
        "consent": listing.consents.first(),
        "can_be_paid": _can_be_paid(request),
        "steps": _steps(listing),
        "decision": _decision(listing),
        **price_forms(listing),
    }
    return render(request, "sell/edit.html", context, status=400 if form.errors else 200)


def _decision(listing: Listing) -> ListingEvent | None:
    """Why it is where it is, in a moderator's or the system's words."""
    moves = listing.events.exclude(note="").exclude(to_status=F("from_status"))
    return moves.order_by("-id").first()


def _steps(listing: Listing) -> list[dict[str, str]]:
    """How far an offer has come on its way to the market."""
    names = ["Terms", "Review", "Live"]
    at = {"draft": 0, "rejected": 0, "in_review": 1}.get(listing.status, 2)
    states = ["done" if n < at else "current" if n == at else "next" for n in range(len(names))]
    return [{"title": name, "state": state} for name, state in zip(names, states, strict=True)]


@login_required
@require_POST
def consent(request: HttpRequest, listing_id: UUID) -> HttpResponse:
    """Attach the provider's written consent."""
    listing, upload = _own(request, listing_id), request.FILES.get("document")
    if upload is None:
        raise Invalid("document", "Choose a file first: a PDF, PNG or JPEG.")
    until = ConsentForm(request.POST)
    if not until.is_valid():
        raise Invalid("valid_until", str(until.errors["valid_until"][0]))
    consents.attach(listing, actor=_me(request), upload=upload, **until.cleaned_data)
    messages.success(request, "The consent is attached. A moderator examines it.")
    return redirect("sell:edit", listing.pk)


@login_required
@require_safe
def document(request: HttpRequest, listing_id: UUID) -> FileResponse:
    """The newest consent, for its seller and, with their second factor, for moderators.

    It is never shown inside the site.
    """
    rows = Listing.objects.all()
    if not (request.user.is_staff and factors.shown(request)):
        rows = rows.filter(seller__in=_me(request).selves)
    found = get_object_or_404(rows, pk=listing_id).consents.first()
    if found is None:
        raise Http404
    return FileResponse(
        found.document.open("rb"),
        as_attachment=True,
        filename=found.original_name,
        content_type=found.content_type,
    )


def _step(act: Callable[..., Any], done: str) -> Callable[[HttpRequest, UUID], HttpResponse]:
    """A view that takes one step with the seller's own listing."""

    @login_required
    @require_POST
    def view(request: HttpRequest, listing_id: UUID) -> HttpResponse:
        listing = _own(request, listing_id)
        act(listing, actor=_me(request))
        messages.success(request, done)
        return redirect("sell:edit", listing.pk)

    return view


submission = _step(publishing.submit, "Handed in. A moderator looks at it before it goes live.")
pause = _step(publishing.pause, "Paused. Nobody can buy it until you resume it.")
resume = _step(publishing.resume, "It is live again.")
withdrawal = _step(publishing.withdraw, "Withdrawn. Orders under way go on.")
