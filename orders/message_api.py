"""Messages of a trade by REST."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from accounts.shapes import PersonalRequest, Text
from accounts.tokens import HasScope
from orders import conversation
from orders.api_shapes import plain
from orders.forms import LONGEST_MESSAGE
from orders.models import Message, Order
from orders.verification.api import OrderStep


class Line(serializers.Serializer[Any]):
    """What to say to the other party."""

    text = Text(max_length=LONGEST_MESSAGE, validators=[plain])


class MessageAnswer(serializers.Serializer[Any]):
    """What a party wrote. Contact details are replaced before it is stored."""

    id = serializers.CharField()
    at = serializers.DateTimeField()
    by = serializers.CharField(help_text="buyer or seller")
    text = serializers.CharField()


def represent(message: Message, order: Order) -> dict[str, Any]:
    """A message as `MessageAnswer` says."""
    by = "buyer" if message.by_id == order.buyer_id else "seller"
    return {"id": str(message.pk), "at": message.at, "by": by, "text": message.text}


class MessageList(OrderStep, generics.GenericAPIView[Message]):
    """What the parties of one order wrote to each other."""

    permission_classes = (IsAuthenticated, HasScope)
    serializer_class = MessageAnswer
    keyset_order = "-at"

    @extend_schema(
        operation_id="orders_messages_list", tags=["messages"], responses=MessageAnswer(many=True)
    )
    def get(self, request: PersonalRequest, order_id: UUID) -> Response:
        """The newest first."""
        order = self.load(request, order_id)
        rows = self.paginate_queryset(conversation.of(order)) or []
        return self.get_paginated_response([represent(row, order) for row in rows])

    @extend_schema(
        operation_id="orders_messages_create",
        tags=["messages"],
        request=Line,
        responses={201: MessageAnswer},
    )
    def post(self, request: PersonalRequest, order_id: UUID) -> Response:
        """Say something to the other party, from payment until some days after the end."""
        order = self.load(request, order_id)
        given = Line(data=request.data)
        given.is_valid(raise_exception=True)
        sent = conversation.write(order, actor=request.user, text=given.validated_data["text"])
        return Response(represent(sent, order), status=201)
