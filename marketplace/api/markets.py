"""Providers by REST, with what is on offer of each: catalogue and market, side by side."""

from typing import Any

from django.core.cache import cache
from django.db.models import Count, Max, Min, Sum
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from listings import sold
from listings.models import Listing
from providers import api
from providers.models import Provider

KEPT_SECONDS = 30
NOTHING = {
    "live_listings": 0,
    "available_cents": 0,
    "best_discount_bp": None,
    "least_discount_bp": None,
}


class SoldLately(serializers.Serializer[Any]):
    """The trades completed in the last ninety days; counts are rounded down."""

    trades = serializers.IntegerField()
    volume_cents = serializers.IntegerField()
    low_discount_bp = serializers.IntegerField(source="low_bp")
    median_discount_bp = serializers.IntegerField(source="median_bp")
    high_discount_bp = serializers.IntegerField(source="high_bp")
    delivery_seconds = serializers.IntegerField(allow_null=True)


class Market(serializers.Serializer[Any]):
    """What is on offer of a provider, at most half a minute old, and what was sold lately.

    `sold` is null where too few trades of too few people were completed to be told of.
    """

    live_listings = serializers.IntegerField()
    available_cents = serializers.IntegerField()
    best_discount_bp = serializers.IntegerField(allow_null=True)
    least_discount_bp = serializers.IntegerField(allow_null=True)
    sold = SoldLately(allow_null=True)


class ProviderAnswer(api.ProviderSerializer):
    """Everything that is said of a provider in public, and its market."""

    market = serializers.SerializerMethodField()

    class Meta(api.ProviderSerializer.Meta):
        fields = (*api.ProviderSerializer.Meta.fields, "market")  # type: ignore[assignment]
        read_only_fields = fields  # type: ignore[assignment]

    @extend_schema_field(Market)
    def get_market(self, provider: Provider) -> Any:
        lately = sold.lately(provider.slug)
        on_offer = _markets().get(provider.slug, NOTHING)
        return {**on_offer, "sold": SoldLately(lately).data if lately else None}


class ProviderList(api.ProviderList):
    """All providers, by slug."""

    serializer_class = ProviderAnswer


class ProviderDetail(api.ProviderDetail):
    """One provider."""

    serializer_class = ProviderAnswer


def _markets() -> dict[str, dict[str, int]]:
    """The market of every provider that has live offers."""
    found: dict[str, dict[str, int]] | None = cache.get("api:markets")
    if found is None:
        rows = Listing.objects.live().values_list("provider_id")
        found = {
            slug: dict(zip(NOTHING, figures, strict=True))
            for slug, *figures in rows.annotate(
                live_listings=Count("id"),
                available_cents=Sum("available_cents"),
                best_discount_bp=Max("discount_bp"),
                least_discount_bp=Min("discount_bp"),
            )
        }
        cache.set("api:markets", found, KEPT_SECONDS)
    return found
