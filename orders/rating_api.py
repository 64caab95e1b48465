"""Ratings by REST."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from accounts.shapes import PersonalRequest, Text
from accounts.tokens import HasScope
from orders import ratings
from orders.api_shapes import plain
from orders.forms import LONGEST_RATING
from orders.models import Order, Rating
from orders.rating_models import LEAST, MOST
from orders.verification.api import OrderStep


class RatingGiven(serializers.Serializer[Any]):
    """How the trade was."""

    stars = serializers.IntegerField(min_value=LEAST, max_value=MOST)
    text = Text(
        max_length=LONGEST_RATING, required=False, allow_blank=True, default="", validators=[plain]
    )


class RatingAnswer(serializers.Serializer[Any]):
    """What a party said. The other's is here once both are in, or the time to rate is over."""

    by = serializers.CharField(help_text="buyer or seller")
    stars = serializers.IntegerField()
    text = serializers.CharField()
    at = serializers.DateTimeField()
    shown_at = serializers.DateTimeField(allow_null=True)


def represent(rating: Rating, order: Order) -> dict[str, Any]:
    """A rating as `RatingAnswer` says."""
    return {
        "by": "buyer" if rating.by_id == order.buyer_id else "seller",
        "stars": rating.stars,
        "text": rating.text,
        "at": rating.at,
        "shown_at": rating.shown_at,
    }


class RatingList(OrderStep, generics.GenericAPIView[Rating]):
    """What the parties of one order said of each other."""

    permission_classes = (IsAuthenticated, HasScope)
    serializer_class = RatingAnswer
    pagination_class = None

    @extend_schema(
        operation_id="orders_ratings_list", tags=["orders"], responses=RatingAnswer(many=True)
    )
    def get(self, request: PersonalRequest, order_id: UUID) -> Response:
        """One's own, and the other party's once it is shown."""
        order = self.load(request, order_id)
        return Response([represent(row, order) for row in ratings.of(order, request.user)])

    @extend_schema(
        operation_id="orders_ratings_create",
        tags=["orders"],
        request=RatingGiven,
        responses={201: RatingAnswer},
    )
    def post(self, request: PersonalRequest, order_id: UUID) -> Response:
        """Rate the other party, once, within some days after the trade was completed."""
        order = self.load(request, order_id)
        given = RatingGiven(data=request.data)
        given.is_valid(raise_exception=True)
        kept = ratings.rate(order, actor=request.user, **given.validated_data)
        return Response(represent(kept, order), status=201)
