"""A seller's shortcuts: many codes from one file, and an offer made from another."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from accounts.models import Person
from accounts.refusals import Invalid
from listings import code_files, publishing
from listings.forms import DollarsField
from listings.models import Listing


def _own(request: HttpRequest, listing_id: UUID) -> tuple[Listing, Person]:
    """The seller's own listing; anybody else's does not exist for them."""
    assert isinstance(request.user, Person)
    rows = Listing.objects.filter(seller=request.user).select_related("provider", "program")
    return get_object_or_404(rows, pk=listing_id), request.user


@login_required
@require_POST
def codes(request: HttpRequest, listing_id: UUID) -> HttpResponse:
    """Deposit the codes of a file; where rows are wrong, say which and store none."""
    listing, seller = _own(request, listing_id)
    try:
        worth = DollarsField(required=False).clean(request.POST.get("worth", ""))
    except ValidationError as error:
        raise Invalid("worth", f"What one code is worth: {error.messages[0]}") from None
    report = code_files.take(
        listing, actor=seller, upload=request.FILES.get("codes_file"), worth_cents=worth
    )
    if report.wrong:
        context = {"listing": listing, "report": report}
        return render(request, "sell/codes_report.html", context, status=400)
    messages.success(request, f"{len(report.rows)} codes are deposited, encrypted.")
    return redirect("sell:edit", listing.pk)


@login_required
@require_POST
def copy(request: HttpRequest, listing_id: UUID) -> HttpResponse:
    """A new draft with the terms of another offer of one's own."""
    listing, seller = _own(request, listing_id)
    made = publishing.copy(listing, actor=seller)
    messages.success(request, "Copied as a new draft. Look at its date and amount before you save.")
    return redirect("sell:edit", made.pk)
