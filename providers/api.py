"""Providers by REST: public, and only to be read."""

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from providers.models import Program, Provider, UnitPrice
from providers.vocabulary import ResalePolicy, Rung, TransferMethod


class ResalePolicySerializer(serializers.Serializer[Provider]):
    """What the provider's terms say, and what follows for a listing."""

    policy = serializers.ChoiceField(source="resale_policy", choices=ResalePolicy.choices)
    clause = serializers.CharField(source="policy_clause")
    source = serializers.URLField(  # type: ignore[assignment]
        source="policy_source", allow_blank=True
    )
    checked_on = serializers.DateField(source="policy_checked_on")
    needs_consent = serializers.BooleanField()


class ProgramSerializer(serializers.ModelSerializer[Program]):
    """One named source of the provider's credit."""

    class Meta:
        model = Program
        fields = ("slug", "name", "amount", "who", "expiry")


class UnitPriceSerializer(serializers.ModelSerializer[UnitPrice]):
    """A list price in dollars, as exact text."""

    class Meta:
        model = UnitPrice
        fields = ("what", "unit", "price_usd")


class ProviderSerializer(serializers.ModelSerializer[Provider]):
    """Everything that is said of a provider in public."""

    resale_policy = ResalePolicySerializer(source="*", read_only=True)
    transfer_methods = serializers.ListField(
        child=serializers.ChoiceField(choices=TransferMethod.choices)
    )
    verification_ladder = serializers.ListField(
        source="ladder", child=serializers.ChoiceField(choices=Rung.choices)
    )
    programs = ProgramSerializer(many=True, read_only=True)
    unit_prices = UnitPriceSerializer(many=True, read_only=True)
    sources = serializers.ListField(child=serializers.URLField())

    class Meta:
        model = Provider
        fields = (
            "slug",
            "name",
            "homepage",
            "category",
            "summary",
            "resale_policy",
            "transfer_methods",
            "transfer_notes",
            "verification_ladder",
            "credit_expiry",
            "programs",
            "unit_prices",
            "sources",
            "confidence",
            "checked_on",
        )
        read_only_fields = fields


class ProviderList(generics.ListAPIView[Provider]):
    """All providers, by slug."""

    permission_classes = (AllowAny,)
    serializer_class = ProviderSerializer
    queryset = Provider.objects.for_page()
    keyset_order = "slug"

    @extend_schema(operation_id="providers_list", tags=["providers"])
    def get(self, request: Request, *args: object, **kwargs: object) -> Response:
        """One page of them."""
        return super().get(request, *args, **kwargs)


class ProviderDetail(generics.RetrieveAPIView[Provider]):
    """One provider."""

    permission_classes = (AllowAny,)
    serializer_class = ProviderSerializer
    queryset = Provider.objects.for_page()
    lookup_field = "slug"

    @extend_schema(operation_id="providers_retrieve", tags=["providers"])
    def get(self, request: Request, *args: object, **kwargs: object) -> Response:
        """Its facts."""
        return super().get(request, *args, **kwargs)
