"""Finding offers: one form for the page and the API, one query whatever is asked."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib.postgres.search import SearchQuery
from django.db.models import Q

from listings.models import LARGEST_FACE_VALUE_CENTS, Listing, Listings
from payments.money import BASIS_POINTS
from providers.models import Provider
from providers.vocabulary import TransferMethod

DEFAULT_ORDER = "newest"
SHORTEST_START = 3
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
        providers = Provider.objects.current().values_list("slug", "name")
        self.fields["provider"].choices = [  # type: ignore[attr-defined]
            ("", "All providers"),
            *providers,
        ]

    def clean_ordering(self) -> str:
        return self.cleaned_data["ordering"] or DEFAULT_ORDER


def order_column(ordering: str) -> str:
    """The column, with "-" where it falls, for `accounts.keyset.page`."""
    return ORDERS[ordering][0]


def results(wanted: Mapping[str, Any]) -> Listings:
    """The live offers that fit the cleaned data of a `SearchForm`, with what cards show."""
    rows = Listing.objects.live().with_parts()
    bounds = {
        "provider_id": wanted.get("provider"),
        "transfer_method": wanted.get("transfer_method"),
        "discount_bp__gte": wanted.get("min_discount_bp"),
        "discount_bp__lte": wanted.get("max_discount_bp"),
        "available_cents__gte": wanted.get("min_available_cents"),
        "price_cents__lte": wanted.get("max_price_cents"),
        "expires_on__gt": wanted.get("expires_after"),
    }
    rows = rows.filter(**{name: bound for name, bound in bounds.items() if bound not in (None, "")})
    return rows.filter(_matching(wanted["q"])) if wanted.get("q") else rows


def _matching(text: str) -> Q:
    """Offers with these words, or of a provider named by some of them and with the others."""
    words = text.split()
    found = Q(search=_query(text))
    others: dict[str, list[str]] = {}
    for slug, name in Provider.objects.current().values_list("slug", "name"):
        parts = re.split(r"\W+", f"{name} {slug}".casefold())
        rest = [word for word in words if not _begins(word, parts)]
        if len(rest) < len(words):
            others.setdefault(" ".join(rest), []).append(slug)
    for rest_text, slugs in others.items():
        named = Q(provider_id__in=slugs)
        found |= named & Q(search=_query(rest_text)) if rest_text else named
    return found


def _query(text: str) -> SearchQuery:
    # Any text is a query for websearch_to_tsquery; none is an error.
    query = SearchQuery(text, config="english", search_type="websearch")
    words = text.split()
    if not all(map(str.isalnum, words)):
        return query
    # Plain words are beginnings too, so that "gpu" finds "GPUs".
    starts = " & ".join(f"{word}:*" if len(word) >= SHORTEST_START else word for word in words)
    return query | SearchQuery(starts, config="english", search_type="raw")


def _begins(word: str, parts: list[str]) -> bool:
    wanted = [part for part in re.split(r"\W+", word.casefold()) if part]
    return bool(wanted) and all(any(p.startswith(w) for p in parts) for w in wanted)
