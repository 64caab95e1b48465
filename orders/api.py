"""Trades by REST. Only the two parties find an order here; for anybody else it is not there."""

from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import Http404, HttpResponse
from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
)
from rest_framework import generics, serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import networks
from accounts.models import Person
from accounts.refusals import Invalid, Refusal
from accounts.shapes import ObjectParser, PersonalRequest, UploadParser
from accounts.tokens import HasScope, carries
from listings import stock
from orders import cancellation, checkout, completion, follow, handing_in, transfer
from orders.api_shapes import (
    Codes,
    OrderAnswer,
    OrderTerms,
    Recipient,
    Sent,
    represent,
)
from orders.models import EvidenceKind, Order
from orders.transfer import send as hand_over

TAGS = ["orders"]
LONGEST_KEY = 255
ROLES = ("buyer", "seller")
# It keeps nothing of what it is given; to make it takes longer than to ask it.
ORDER_TERMS = OrderTerms()


class NoSuchListing(Refusal):
    """Not there, or not this person's to see."""

    code = "not_found"
    status = 404
    message = "There is no offer with this id."


class OrderList(generics.GenericAPIView[Order]):
    """One's own orders, and the way to a new one."""

    permission_classes = (IsAuthenticated, HasScope)
    serializer_class = OrderAnswer
    scope = "trade"
    keyset_order = "-placed_at"

    @extend_schema(
        operation_id="orders_list",
        tags=TAGS,
        parameters=[OpenApiParameter("role", enum=ROLES, description="Only as one of the two.")],
        responses=OrderAnswer(many=True),
    )
    def get(self, request: PersonalRequest) -> Response:
        """One's own orders, the newest first."""
        role = request.query_params.get("role", "")
        if role not in ("", *ROLES):
            raise serializers.ValidationError({"role": ["Give buyer or seller."]})
        mine = _visible(request.user)
        if role:
            mine = mine.filter(**{f"{role}__in": request.user.selves})
        rows = self.paginate_queryset(mine) or []
        return self.get_paginated_response([represent(row, request.user) for row in rows])

    @extend_schema(
        operation_id="orders_create",
        tags=TAGS,
        request=OrderTerms,
        responses={201: OrderAnswer},
        parameters=[
            OpenApiParameter(
                "Idempotency-Key",
                location="header",
                description="The same key and body give the same answer, and one order.",
            )
        ],
    )
    def post(self, request: PersonalRequest) -> HttpResponse:
        """Reserve credit at a fixed price. It is bought when it is paid at `payment_url`."""
        buyer, key = request.user, idempotency_key(request)
        checkout.require_may_pay(buyer, network=networks.network_of(request), key=key)
        if key is None:
            answer = _rendered(checkout.place(buyer=buyer, **_terms(request)))
        else:
            answer = checkout.once(
                buyer=buyer,
                key=key,
                body=request.data,
                act=lambda **new: checkout.reserve(buyer=buyer, **_terms(request), **new),
                answer=_rendered,
            )
        return HttpResponse(answer, status=201, content_type="application/json")


def idempotency_key(request: PersonalRequest) -> str | None:
    """What the request says of itself, so that it is carried out once."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (0 < len(key) <= LONGEST_KEY and key.isprintable()):
        raise serializers.ValidationError(
            {"Idempotency-Key": [f"Give 1 to {LONGEST_KEY} printable characters."]}
        )
    return key


def _terms(request: PersonalRequest) -> dict[str, Any]:
    """What is to be bought. Raises ValidationError or NoSuchListing."""
    terms: dict[str, Any] = dict(ORDER_TERMS.run_validation(request.data))
    try:
        terms["listing"] = stock.offer(UUID(terms["listing"]), buyer=request.user)
    except ValueError:
        terms["listing"] = None
    if terms["listing"] is None:
        refusal = NoSuchListing()
        refusal.extra = {"errors": {"listing": [str(refusal)]}}
        raise refusal
    return terms


def _rendered(order: Order) -> str:
    """The answer as text, so that it is the same to the letter when it is given again."""
    found = _visible(order.buyer).get(pk=order.pk)
    text: bytes = JSONRenderer().render(represent(found, order.buyer))
    return text.decode()


class OrderDetail(APIView):
    """One order."""

    permission_classes = (IsAuthenticated, HasScope)
    scope = "trade"

    @extend_schema(operation_id="orders_retrieve", tags=TAGS, responses=OrderAnswer)
    def get(self, request: PersonalRequest, order_id: UUID) -> Response:
        """Where the trade stands."""
        return Response(represent(_load(request, order_id), request.user))

    @extend_schema(
        operation_id="orders_partial_update", tags=TAGS, request=Recipient, responses=OrderAnswer
    )
    def patch(self, request: PersonalRequest, order_id: UUID) -> Response:
        """Say where the credit is to go, while it is not sent."""
        order = _load(request, order_id)
        given = Recipient(data=request.data)
        given.is_valid(raise_exception=True)
        if "recipient" in given.validated_data:
            transfer.name_recipient(order, actor=request.user, **given.validated_data)
        return _answer(order, request)


class Cancellation(APIView):
    """The end of an order before anything was handed over."""

    permission_classes = (IsAuthenticated,)

    @extend_schema(operation_id="orders_cancel", tags=TAGS, request=None, responses=OrderAnswer)
    def post(self, request: PersonalRequest, order_id: UUID) -> Response:
        """The buyer withdraws an unpaid order; the seller declines a paid one, and it is refunded.

        A token needs the scope `trade` for the one, `sell` for the other.
        """
        order = _load(request, order_id)
        if not carries(request, "sell" if order.seller_id == request.user.pk else "trade"):
            self.permission_denied(request, message=HasScope.message, code=HasScope.code)
        cancellation.cancel(order, actor=request.user)
        return _answer(order, request)


class Transfer(APIView):
    """The credit's way to the buyer."""

    permission_classes = (IsAuthenticated, HasScope)
    parser_classes = (ObjectParser, UploadParser)
    scope = "sell"

    @extend_schema(operation_id="orders_transfer", tags=TAGS, request=Sent, responses=OrderAnswer)
    def post(self, request: PersonalRequest, order_id: UUID) -> Response:
        """The seller says that the credit is sent; the buyer's time to inspect begins.

        With `part_cents`, only so much of it: that part is paid for on arrival, and more follows.
        """
        order = _load(request, order_id)
        given = Sent(data=request.data)
        given.is_valid(raise_exception=True)
        picture = request.FILES.get("evidence")
        with transaction.atomic():
            order = hand_over(
                order,
                actor=request.user,
                note=given.validated_data["note"],
                part_cents=given.validated_data.get("part_cents"),
            )
            if picture is not None:
                _hand_in(order, request.user, picture)
        return _answer(order, request)


def _hand_in(order: Order, actor: Person, picture: UploadedFile) -> None:
    nonce, kind = handing_in.new_nonce(order, actor), EvidenceKind.DOCUMENT
    try:
        handing_in.hand_in(order, actor=actor, picture=picture, kind=kind, nonce=nonce)
    except Invalid as error:
        raise Invalid("evidence", str(error)) from None


class Reveal(APIView):
    """The codes of an order."""

    permission_classes = (IsAuthenticated, HasScope)
    scope = "trade"

    @extend_schema(operation_id="orders_reveal", tags=TAGS, request=None, responses=Codes)
    def post(self, request: PersonalRequest, order_id: UUID) -> Response:
        """The buyer's codes, once paid; the first call starts the time to inspect."""
        codes = transfer.reveal(_load(request, order_id), actor=request.user)
        return Response({"codes": codes})


class Confirmation(APIView):
    """The buyer's word that the credit arrived."""

    permission_classes = (IsAuthenticated, HasScope)
    scope = "trade"

    @extend_schema(operation_id="orders_confirm", tags=TAGS, request=None, responses=OrderAnswer)
    def post(self, request: PersonalRequest, order_id: UUID) -> Response:
        """The buyer confirms: the held payment is released to the seller.

        While more is to come, only what was sent so far is confirmed and paid for.
        """
        order = _load(request, order_id)
        completion.confirm(order, actor=request.user)
        return _answer(order, request)


def _visible(person: Person) -> Any:
    return Order.objects.visible_to(person).with_parts().prefetch_related("events")


def _load(request: PersonalRequest, order_id: UUID) -> Order:
    """An order of the person who asks, brought up to its escrow if that has moved on."""
    order: Order | None = _visible(request.user).filter(pk=order_id).first()
    if order is None:
        raise Http404
    if follow.is_behind(order):
        follow.follow(order)
        order = _visible(request.user).get(pk=order_id)
    return order


def _answer(order: Order, request: PersonalRequest) -> Response:
    """The order as it is now."""
    return Response(represent(_visible(request.user).get(pk=order.pk), request.user))
