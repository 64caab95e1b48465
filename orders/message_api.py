"""Messages of a trade by REST."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from accounts.shapes import ObjectParser, PersonalRequest, Text, UploadParser
from accounts.tokens import HasScope
from orders import conversation, handing_in
from orders.api_shapes import plain
from orders.evidence_api import picture_row
from orders.forms import LONGEST_MESSAGE
from orders.models import Message, Order
from orders.verification.api import OrderStep


class Line(serializers.Serializer[Any]):
    """What to say to the other party."""

    text = Text(max_length=LONGEST_MESSAGE, validators=[plain])
    picture = serializers.FileField(
        required=False, help_text="PNG or JPEG, as multipart/form-data."
    )
    nonce = Text(
        required=False, max_length=300, help_text="With a picture: from the list; used once."
    )


class PictureAnswer(serializers.Serializer[Any]):
    """What came with a message; `url` serves it to the two parties, null once it was erased."""

    id = serializers.CharField()
    content_type = serializers.CharField()
    size_bytes = serializers.IntegerField()
    url = serializers.URLField(allow_null=True)


class MessageAnswer(serializers.Serializer[Any]):
    """What a party wrote. Contact details are replaced before it is stored."""

    id = serializers.CharField()
    at = serializers.DateTimeField()
    by = serializers.CharField(help_text="buyer or seller")
    text = serializers.CharField()
    picture = PictureAnswer(allow_null=True)


def represent(message: Message, order: Order) -> dict[str, Any]:
    """A message as `MessageAnswer` says."""
    by = "buyer" if message.by_id == order.buyer_id else "seller"
    picture = picture_row(order, message.picture) if hasattr(message, "picture") else None
    told = {"id": str(message.pk), "at": message.at, "by": by, "text": message.text}
    return told | {"picture": picture}


class MessageList(OrderStep, generics.GenericAPIView[Message]):
    """What the parties of one order wrote to each other."""

    permission_classes = (IsAuthenticated, HasScope)
    parser_classes = (ObjectParser, UploadParser)
    serializer_class = MessageAnswer
    keyset_order = "-at"

    @extend_schema(
        operation_id="orders_messages_list", tags=["messages"], responses=MessageAnswer(many=True)
    )
    def get(self, request: PersonalRequest, order_id: UUID) -> Response:
        """The newest first; with a `nonce` for the next picture."""
        order = self.load(request, order_id)
        rows = self.paginate_queryset(conversation.of(order)) or []
        answer = self.get_paginated_response([represent(row, order) for row in rows])
        answer.data["nonce"] = handing_in.new_nonce(order, request.user)
        return answer

    @extend_schema(
        operation_id="orders_messages_create",
        tags=["messages"],
        request={"application/json": Line, "multipart/form-data": Line},
        responses={201: MessageAnswer},
    )
    def post(self, request: PersonalRequest, order_id: UUID) -> Response:
        """Say something to the other party, from payment until some days after the end."""
        order = self.load(request, order_id)
        given = Line(data=request.data)
        given.is_valid(raise_exception=True)
        sent = conversation.write(order, actor=request.user, **given.validated_data)
        return Response(represent(sent, order), status=201)
