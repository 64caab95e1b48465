"""Measuring an arrival, by REST."""

from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.shapes import PersonalRequest, Text
from accounts.tokens import HasScope
from orders import completion
from orders.api_shapes import OrderAnswer, represent
from orders.models import Order
from orders.verification import lending, report
from providers.readings import LONGEST_KEY

TAGS = ["orders"]


class Key(serializers.Serializer[Any]):
    """A key that may only read the balance; where a provider wants more, its parts in order."""

    key = Text(max_length=LONGEST_KEY, write_only=True)
    watch = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Read on after a verified arrival, in case the provider takes it back.",
    )


class OrderStep(APIView):
    """Something that a party does with, or reads of, one order."""

    permission_classes = (IsAuthenticated, HasScope)
    scope = "trade"

    def load(self, request: PersonalRequest, order_id: UUID) -> Order:
        """The order, if it is this person's."""
        mine = Order.objects.visible_to(request.user).with_parts().prefetch_related("events")
        order: Order | None = mine.filter(pk=order_id).first()
        if order is None:
            raise Http404
        return order

    def answer(self, request: PersonalRequest, order_id: UUID, *, status: int = 200) -> Response:
        """The order as it is now."""
        return Response(represent(self.load(request, order_id), request.user), status=status)


class Readings(OrderStep):
    """The readings of one order."""

    @extend_schema(
        operation_id="orders_readings", tags=TAGS, request=Key, responses={202: OrderAnswer}
    )
    def post(self, request: PersonalRequest, order_id: UUID) -> Response:
        """Lend a key that can read the balance, once paid and before the seller sends.

        The balance is read twice now and twice after the sending; then the key is deleted.
        """
        order = self.load(request, order_id)
        lending.check_lender(order, request.user)
        given = Key(data=request.data)
        given.is_valid(raise_exception=True)
        lending.lend(order, actor=request.user, **given.validated_data)
        return self.answer(request, order_id, status=202)


class Acceptance(OrderStep):
    """Both sides' word that a part is enough."""

    @extend_schema(
        operation_id="orders_accept_part", tags=TAGS, request=None, responses=OrderAnswer
    )
    def post(self, request: PersonalRequest, order_id: UUID) -> Response:
        """Settle for the part that was measured: the buyer offers it, then the seller agrees.

        The part is then paid for, and the rest refunded.
        """
        completion.accept_part(self.load(request, order_id), actor=request.user)
        return self.answer(request, order_id)


class Report(OrderStep):
    """The verification report of one order."""

    @extend_schema(operation_id="orders_report", tags=TAGS, responses=OpenApiTypes.OBJECT)
    def get(self, request: PersonalRequest, order_id: UUID) -> Response:
        """What was read when, what was concluded and why, signed."""
        return Response(report.signed(self.load(request, order_id)))
