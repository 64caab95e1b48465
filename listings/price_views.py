"""Steps of a seller with the price of an offer that is on the market."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from accounts.people import SignedInRequest
from listings import prices
from listings.forms import PercentField
from listings.models import Listing, earliest_expiry


class PriceForm(forms.Form):
    """Another discount, from now on."""

    discount_bp = PercentField(label="Discount")


class FallForm(forms.Form):
    """A discount that grows until a day."""

    end_bp = PercentField(label="Discount at the end")
    end_on = forms.DateField(
        label="Reached on",
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )


def price_forms(listing: Listing) -> dict[str, Any]:
    """What the seller's page shows beside an offer that is on the market."""
    if listing.status not in prices.ON_SALE:
        return {}
    # As late as a trade can still be finished before the credit expires.
    margin = earliest_expiry() - prices.utc_today() + timedelta(days=1)
    return {
        "price_form": PriceForm(initial={"discount_bp": listing.discount_bp}),
        "fall_form": FallForm(initial={"end_bp": 7000, "end_on": listing.expires_on - margin}),
        "fall": getattr(listing, "fall", None),
    }


def _step(form_class: type[forms.Form], act: Callable[..., Any], done: str) -> Any:
    @login_required
    @require_POST
    def view(request: SignedInRequest, listing_id: UUID) -> HttpResponse:
        listing = get_object_or_404(Listing, pk=listing_id, seller=request.user)
        form = form_class(request.POST)
        if form.is_valid():
            act(listing, actor=request.user, **form.cleaned_data)
            messages.success(request, done)
        else:
            for name, errors in form.errors.items():
                messages.error(request, f"{form.fields[name].label}: {errors[0]}")
        return redirect("sell:edit", listing.pk)

    return view


price = _step(
    PriceForm, prices.reprice, "The new price holds from now on. Placed orders keep theirs."
)
fall = _step(FallForm, prices.let_fall, "The discount grows a little every day.")
