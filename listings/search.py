"""Finding offers: one form for the page and the API, one query whatever is asked."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from accounts.kept import Kept
from accounts.models import Tier
from listings.models import GREATEST_DISCOUNT_BP, LARGEST_FACE_VALUE_CENTS, Listing, Listings
from listings.words import matching
from payments.money import BASIS_POINTS, price_of
from providers.known import current, current_names
from providers.vocabulary import Category, Rung, TransferMethod

DEFAULT_ORDER = "newest"
# Ten years: longer than any credit lasts.
MOST_DAYS = 3650
KEPT_SECONDS, MOST_KEPT, LONGEST_KEPT = 30, 1000, 500
_understood: Kept["Wanted | None"] = Kept(seconds=KEPT_SECONDS, most=MOST_KEPT)
ORDERS: Mapping[str, tuple[str, str]] = {
    # name: column (with "-": falling), and what a page calls it
    "newest": ("-created_at", "Newest first"),
    "-discount": ("-discount_bp", "Largest discount"),
    "discount": ("discount_bp", "Smallest discount"),
    "price": ("price_cents", "Lowest price"),
    "-price": ("-price_cents", "Highest price"),
    "expires": ("expires_on", "Expires soonest"),
}


def _cents(label: str) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, required=False, min_value=0, max_value=LARGEST_FACE_VALUE_CENTS
    )


def _basis_points(label: str) -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=0, max_value=BASIS_POINTS)


class SearchForm(forms.Form):
    """What somebody looks for. Every field may be left out; what is unknown is an error there."""

    q = forms.CharField(label="Search", required=False, max_length=200)
    provider = forms.ChoiceField(
        label="Provider",
        required=False,
        error_messages={"invalid_choice": "We know no provider of that name."},
    )
    category = forms.ChoiceField(
        label="What it is for",
        required=False,
        choices=[("", "Anything"), *Category.choices],
        error_messages={"invalid_choice": "We know no such kind of provider."},
    )
    proof = forms.ChoiceField(
        label="Proof of arrival",
        required=False,
        choices=[("", "Any way"), *Rung.choices],
        error_messages={"invalid_choice": "Arrival is not shown that way here."},
    )
    transfer_method = forms.ChoiceField(
        label="How it moves",
        required=False,
        choices=[("", "Any way"), *TransferMethod.choices],
        error_messages={"invalid_choice": "Credit does not move that way here."},
    )
    min_discount_bp = _basis_points("Discount")
    max_discount_bp = _basis_points("Discount up to")
    min_available_cents = _cents("Credit")
    max_price_cents = _cents("Price")
    min_days_left = forms.IntegerField(
        label="Time left", required=False, min_value=0, max_value=MOST_DAYS
    )
    min_seller_tier = forms.ChoiceField(
        label="Seller",
        required=False,
        choices=[
            ("", "Any seller"),
            (Tier.ESTABLISHED.value, "Established or trusted"),
            (Tier.TRUSTED.value, "Trusted"),
        ],
        error_messages={"invalid_choice": "Ask for established or trusted."},
    )
    expires_after = forms.DateField(
        label="Expires after", required=False, input_formats=["%Y-%m-%d"]
    )
    ordering = forms.ChoiceField(
        label="Order",
        required=False,
        choices=[(name, words) for name, (_, words) in ORDERS.items()],
        error_messages={"invalid_choice": f"Order by one of {', '.join(ORDERS)}."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["provider"].choices = [  # type: ignore[attr-defined]
            ("", "All providers"),
            *current_names().items(),
        ]

    def clean_ordering(self) -> str:
        return self.cleaned_data["ordering"] or DEFAULT_ORDER


Asked = tuple[str, ...]
Wanted = Mapping[str, Any]


def asked(query: Mapping[str, str]) -> Asked | None:
    """What an address asks for beside its words, as a key; None where it is too long to be kept."""
    found = tuple(str(query.get(name, "")) for name in SearchForm.base_fields if name != "q")
    return found if sum(map(len, found)) <= LONGEST_KEPT else None


def wanted(query: Mapping[str, str]) -> Wanted | None:
    """The cleaned data of the form for this address; None where it cannot be read."""
    key = asked(query)
    rest = _read(query) if key is None else _understood.get(key, lambda: _read(query))
    if rest is None:
        return None
    try:
        # Words are others each time, and quick to read; the rest is a choice of a few.
        return {**rest, "q": SearchForm.base_fields["q"].clean(query.get("q", ""))}
    except forms.ValidationError:
        return None


def _read(query: Mapping[str, str]) -> Wanted | None:
    """All of it but the words."""
    form = SearchForm({name: value for name, value in query.items() if name != "q"})
    return form.cleaned_data if form.is_valid() else None


def order_column(ordering: str) -> str:
    """The column, with "-" where it falls, for `accounts.keyset.page`."""
    return ORDERS[ordering][0]


def results(wanted: Wanted, of: Listings | None = None, *, walking: bool = False) -> Listings:
    """The live offers that fit the cleaned data of a `SearchForm`; those among `of`, as it shapes
    them, if it is given.

    `walking`: the index of words is not to be used, each offer is looked at.
    """
    rows = (Listing.objects.all() if of is None else of).live()
    bounds = {
        "provider_id": wanted.get("provider"),
        "transfer_method": wanted.get("transfer_method"),
        "discount_bp__gte": wanted.get("min_discount_bp"),
        "discount_bp__lte": wanted.get("max_discount_bp"),
        "available_cents__gte": wanted.get("min_available_cents"),
        "price_cents__lte": wanted.get("max_price_cents"),
        "expires_on__gt": wanted.get("expires_after"),
    }
    if days := wanted.get("min_days_left"):
        bounds["expires_on__gte"] = timezone.now().date() + timedelta(days=days)
    if tier := wanted.get("min_seller_tier"):
        bounds["seller_rank__gte"] = Tier(tier).rank
    if least := wanted.get("min_available_cents"):
        # Nothing costs less than this. It follows from the bound above, and is said for the sake
        # of the index by price: there is none by what is left, which every order would rewrite.
        bounds["price_cents__gte"] = price_of(least, GREATEST_DISCOUNT_BP)
    rows = rows.filter(**{name: bound for name, bound in bounds.items() if bound not in (None, "")})
    if (fitting := _providers(wanted)) is not None:
        rows = rows.filter(provider__in=fitting)
    if not wanted.get("q"):
        return rows
    found = matching(wanted["q"])
    return rows.filter(found.by_walking if walking else found.by_index)


def _providers(wanted: Wanted) -> list[str] | None:
    """The providers of that category and strongest proof; None where neither is asked for."""
    category, proof = wanted.get("category"), wanted.get("proof")
    if not (category or proof):
        return None
    return [
        slug
        for slug, facts in current().items()
        if category in ("", None, facts.category) and proof in ("", None, facts.proof)
    ]
