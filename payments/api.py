"""Who am I, by REST: with what a seller has coming."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Person, Standing
from accounts.shapes import PersonalRequest
from accounts.tokens import HasScope
from payments import payouts
from payments.models import PayoutAccount


class SellerStanding(serializers.Serializer[Any]):
    """What finished trades say, and whether the person can be paid."""

    payouts_ready = serializers.BooleanField()
    rating = serializers.FloatField(allow_null=True)
    completed_orders = serializers.IntegerField()
    failed_orders = serializers.IntegerField()


class Balances(serializers.Serializer[Any]):
    """Held for orders under way; settled; arrived at the bank or on the way there."""

    pending_cents = serializers.IntegerField()
    available_cents = serializers.IntegerField()
    paid_out_cents = serializers.IntegerField()


class Me(serializers.Serializer[Any]):
    """The person whose session or token this is."""

    id = serializers.CharField()
    email = serializers.EmailField()
    name = serializers.CharField()
    seller = SellerStanding()
    currency = serializers.CharField()
    balances = Balances()


class MeDetail(APIView):
    """The person who asks."""

    permission_classes = (IsAuthenticated, HasScope)

    @extend_schema(operation_id="me_retrieve", tags=["account"], responses=Me)
    def get(self, request: PersonalRequest) -> Response:
        """Who am I, my standing as a seller, and my balances."""
        return Response(represent(request.user))


def represent(person: Person) -> dict[str, Any]:
    """A person as they see themselves."""
    standing = Standing.objects.filter(person=person).first() or Standing(person=person)
    found = payouts.balances(person)
    return {
        "id": str(person.pk),
        "email": person.email,
        "name": person.public_name,
        "seller": {
            "payouts_ready": PayoutAccount.objects.filter(person=person, ready=True).exists(),
            "rating": None if standing.rating is None else float(standing.rating),
            "completed_orders": standing.completed_orders,
            "failed_orders": standing.failed_orders,
        },
        "currency": payouts.CURRENCY,
        "balances": {
            "pending_cents": found.pending_cents,
            "available_cents": found.available_cents,
            "paid_out_cents": found.paid_out_cents,
        },
    }
