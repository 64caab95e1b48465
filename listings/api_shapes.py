"""What programs send and get of offers. The rules are the form's; here is only the shape."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from accounts.models import Tier, better_tier, public_name
from accounts.shapes import Choice, Text, Whole, by_field
from listings.forms import ListingForm
from listings.models import (
    GREATEST_DISCOUNT_BP,
    LARGEST_FACE_VALUE_CENTS,
    LEAST_DISCOUNT_BP,
    Listing,
    Listings,
    ListingStatus,
)
from listings.search import MOST_DAYS, ORDERS
from listings.vault import LONGEST_CODE, MOST_CODES, Deposit
from providers.vocabulary import Category, Rung, TransferMethod


class Cents(Whole):
    """A whole number of cents, above zero and below any credit that was ever granted."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=LARGEST_FACE_VALUE_CENTS, **kwargs)


class CodeGiven(serializers.Serializer[Any]):
    """A redeemable code and what it is worth."""

    code = Text(max_length=LONGEST_CODE, write_only=True)
    face_value_cents = Cents()


class ListingTerms(serializers.Serializer[Any]):
    """An offer as its seller writes it."""

    provider = Text(max_length=60, help_text="The provider's slug.")
    program = Text(
        max_length=80, required=False, allow_blank=True, allow_null=True, help_text="Its slug."
    )
    title = Text(max_length=120, min_length=5)
    description = Text(max_length=4000, required=False, allow_blank=True)
    currency = Text(max_length=3)
    face_value_cents = Cents()
    min_order_cents = Cents()
    step_cents = Cents(required=False)
    discount_bp = Whole(min_value=LEAST_DISCOUNT_BP, max_value=GREATEST_DISCOUNT_BP)
    expires_on = serializers.DateField(input_formats=["%Y-%m-%d"])
    region = Text(max_length=60, required=False, allow_blank=True)
    transfer_method = Choice(choices=TransferMethod.choices)
    codes = serializers.ListField(child=CodeGiven(), max_length=MOST_CODES, required=False)


class SellerInPublic(serializers.Serializer[Any]):
    """What a buyer sees of a seller."""

    name = serializers.CharField()
    rating = serializers.FloatField(allow_null=True)
    completed_orders = serializers.IntegerField()


class ListingAnswer(serializers.Serializer[Any]):
    """An offer. An order of `min_order_cents` is possible while `available_cents` is not 0, and
    so is every multiple of `step_cents` above it, up to `available_cents`."""

    id = serializers.CharField()
    provider = serializers.CharField(help_text="The provider's slug.")
    program = serializers.CharField(allow_null=True)
    title = serializers.CharField()
    description = serializers.CharField()
    currency = serializers.CharField()
    face_value_cents = serializers.IntegerField()
    available_cents = serializers.IntegerField()
    min_order_cents = serializers.IntegerField()
    step_cents = serializers.IntegerField()
    discount_bp = serializers.IntegerField()
    price_cents = serializers.IntegerField(help_text="For all that is available.")
    expires_on = serializers.DateField()
    region = serializers.CharField()
    transfer_method = serializers.ChoiceField(choices=TransferMethod.choices)
    status = serializers.ChoiceField(choices=ListingStatus.choices)
    seller = SellerInPublic()
    seller_tier = serializers.ChoiceField(choices=Tier.choices)
    created_at = serializers.DateTimeField()


class ConsentUpload(serializers.Serializer[Any]):
    """A file as `multipart/form-data`."""

    document = serializers.FileField()
    valid_until = serializers.DateField(
        required=False, input_formats=["%Y-%m-%d"], help_text="Its last day, if it names one."
    )


class Search(serializers.Serializer[Any]):
    """The filters of the list."""

    provider = serializers.CharField(required=False)
    q = serializers.CharField(required=False, max_length=200)
    min_discount_bp = serializers.IntegerField(required=False, min_value=0)
    max_discount_bp = serializers.IntegerField(required=False, min_value=0)
    min_available_cents = serializers.IntegerField(required=False, min_value=0)
    max_price_cents = serializers.IntegerField(required=False, min_value=0)
    transfer_method = serializers.ChoiceField(choices=TransferMethod.choices, required=False)
    category = serializers.ChoiceField(choices=Category.choices, required=False)
    proof = serializers.ChoiceField(
        choices=Rung.choices, required=False, help_text="The provider's strongest proof of arrival."
    )
    expires_after = serializers.DateField(required=False)
    min_days_left = serializers.IntegerField(required=False, min_value=0, max_value=MOST_DAYS)
    min_seller_tier = serializers.ChoiceField(
        choices=[Tier.ESTABLISHED.value, Tier.TRUSTED.value], required=False
    )
    ordering = serializers.ChoiceField(choices=list(ORDERS), required=False)


FIELDS = (
    "pk",
    "provider_id",
    "program__slug",
    "title",
    "description",
    "currency",
    "face_value_cents",
    "available_cents",
    "min_order_cents",
    "step_cents",
    "discount_bp",
    "price_cents",
    "expires_on",
    "region",
    "transfer_method",
    "status",
    "created_at",
    "seller_id",
    "seller__name",
    "seller__standing__rating",
    "seller__standing__completed_orders",
    "seller__standing__tier",
    "seller__standing__granted",
)


def for_answers(rows: Listings) -> QuerySet[Listing, Any]:
    """Named tuples of what `represent_row` says of an offer and nothing else, in one query."""
    return rows.values_list(*FIELDS, named=True)


def represent(listing: Listing) -> dict[str, Any]:
    """An offer as `ListingAnswer` says."""
    parts = {name: _part(listing, name.split("__")) for name in FIELDS}
    return represent_row(SimpleNamespace(**parts))


def _part(whole: Any, names: list[str]) -> Any:
    """What `values_list` says of a column: None behind a part that is not there."""
    for name in names:
        whole = getattr(whole, name, None)
    return whole


def represent_row(row: Any) -> dict[str, Any]:
    """The same of a row of `for_answers`; a plain function, for lists are long."""
    available = row.available_cents
    rating = row.seller__standing__rating
    return {
        "id": str(row.pk),
        "provider": row.provider_id,
        "program": row.program__slug,
        "title": row.title,
        "description": row.description,
        "currency": row.currency,
        "face_value_cents": row.face_value_cents,
        "available_cents": available,
        # The smallest order that is possible now, as `Listing.offered_min_cents`.
        "min_order_cents": min(row.min_order_cents, available or row.min_order_cents),
        "step_cents": row.step_cents,
        "discount_bp": row.discount_bp,
        "price_cents": row.price_cents,
        "expires_on": row.expires_on,
        "region": row.region,
        "transfer_method": row.transfer_method,
        "status": row.status,
        "seller": {
            "name": public_name(row.seller__name, row.seller_id),
            "rating": None if rating is None else float(rating),
            "completed_orders": row.seller__standing__completed_orders or 0,
        },
        "seller_tier": better_tier(
            row.seller__standing__tier or Tier.NEW, row.seller__standing__granted or Tier.NEW
        ).value,
        "created_at": row.created_at,
    }


def read(
    data: Mapping[str, Any], base: Mapping[str, Any] | None = None
) -> tuple[dict[str, Any], list[Deposit]]:
    """The terms and codes of an offer; what is not given is taken from `base`.

    Raises ValidationError that names every wrong field: those of a wrong type, which the form
    does not get to see, and those that the form refuses.
    """
    shape = ListingTerms(data=data, partial=base is not None)
    shape.is_valid()
    misshapen = by_field(shape.errors)
    known = ListingForm.base_fields.keys() & data.keys()
    given = {name: data[name] for name in known - misshapen.keys()}
    form = ListingForm({**(base or {}), **given})
    if not form.is_valid() or misshapen:
        raise serializers.ValidationError({**by_field(form.errors), **misshapen})
    terms = dict(form.cleaned_data)
    codes = terms.pop("codes")
    return terms, codes
