"""Baskets by REST: several orders placed at once and paid on one page."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import networks
from accounts.shapes import PersonalRequest
from accounts.tokens import HasScope
from orders import basket_page, baskets, checkout, follow
from orders.api import idempotency_key
from orders.api_shapes import OrderAnswer, OrderTerms, represent
from orders.models import Order
from payments.models import Basket, BasketStatus

TAGS = ["baskets"]


class BasketTerms(serializers.Serializer[Any]):
    """What is to be bought: each part as an order of it would be asked for."""

    parts = serializers.ListField(
        child=OrderTerms(), min_length=baskets.LEAST_PARTS, max_length=baskets.MOST_PARTS
    )


class PartAnswer(serializers.Serializer[Any]):
    """How far the payment of one order is."""

    order = serializers.CharField()
    state = serializers.ChoiceField(
        choices=["waiting", "charging", "declined", "paid", "cancelled"],
        help_text="A declined one is paid by itself, at the order's own `payment_url`.",
    )
    reason = serializers.CharField(help_text="Why the card was declined; empty otherwise.")


class BasketAnswer(serializers.Serializer[Any]):
    """Several orders that are paid on one page, as their buyer sees them."""

    id = serializers.CharField()
    status = serializers.ChoiceField(choices=BasketStatus.choices)
    currency = serializers.CharField()
    price_cents = serializers.IntegerField(help_text="Of all parts.")
    payment_url = serializers.URLField(
        allow_null=True, help_text="Where the buyer gives a card; null once that is over."
    )
    pay_before = serializers.DateTimeField()
    parts = PartAnswer(many=True)
    orders = OrderAnswer(many=True)


class BasketList(APIView):
    """The way to a new basket."""

    permission_classes = (IsAuthenticated, HasScope)
    scope = "trade"

    @extend_schema(
        operation_id="baskets_create",
        tags=TAGS,
        request=BasketTerms,
        responses={201: BasketAnswer},
        parameters=[
            OpenApiParameter(
                "Idempotency-Key",
                location="header",
                description="The same key and body give the same answer, and one basket.",
            )
        ],
    )
    def post(self, request: PersonalRequest) -> HttpResponse:
        """Reserve all parts at fixed prices, or none. One card, given at `payment_url`, is then
        charged once for each order.

        409 `basket_changed` names in `parts` what cannot be had so, and why.
        """
        buyer, key = request.user, idempotency_key(request)
        checkout.require_may_pay(buyer, network=networks.network_of(request), key=key)
        if key is None:
            answer = _rendered(baskets.place(buyer=buyer, parts=_parts(request)))
        else:
            answer = baskets.once(
                buyer=buyer,
                key=key,
                body=request.data,
                act=lambda: baskets.reserve(buyer=buyer, parts=_parts(request)),
                answer=_rendered,
            )
        return HttpResponse(answer, status=201, content_type="application/json")


class BasketDetail(APIView):
    """One basket."""

    permission_classes = (IsAuthenticated, HasScope)
    scope = "trade"

    @extend_schema(operation_id="baskets_retrieve", tags=TAGS, responses=BasketAnswer)
    def get(self, request: PersonalRequest, basket_id: UUID) -> Response:
        """How far each order's payment is."""
        return Response(_represent(_load(request, basket_id)))


class BasketCancellation(APIView):
    """The end of what is not paid."""

    permission_classes = (IsAuthenticated, HasScope)
    scope = "trade"

    @extend_schema(operation_id="baskets_cancel", tags=TAGS, request=None, responses=BasketAnswer)
    def post(self, request: PersonalRequest, basket_id: UUID) -> Response:
        """The buyer withdraws every order that is not paid; the page is closed."""
        basket = _load(request, basket_id)
        baskets.cancel(basket, actor=request.user)
        basket.refresh_from_db()
        return Response(_represent(basket))


def _parts(request: PersonalRequest) -> list[baskets.Wanted]:
    given = BasketTerms(data=request.data)
    given.is_valid(raise_exception=True)
    return baskets.wanted(request.user, given.validated_data["parts"])


def _load(request: PersonalRequest, basket_id: UUID) -> Basket:
    """A basket of the person who asks, its orders brought up to their escrows."""
    basket = Basket.objects.visible_to(request.user).filter(pk=basket_id).first()
    if basket is None:
        raise Http404
    for order in baskets.orders_of(basket):
        if follow.is_behind(order):
            follow.follow(order)
    return basket


def _rendered(basket: Basket) -> str:
    """The answer as text, so that it is the same to the letter when it is given again."""
    text: bytes = JSONRenderer().render(_represent(basket))
    return text.decode()


def _represent(basket: Basket) -> dict[str, Any]:
    shown = basket_page.shown(basket)
    keys = [part.order.pk for part in shown.parts]
    orders = Order.objects.with_parts().prefetch_related("events").filter(pk__in=keys)
    return {
        "id": str(basket.pk),
        "status": basket.status,
        "currency": basket.currency,
        "price_cents": shown.price_cents,
        "payment_url": baskets.page_url(basket),
        "pay_before": basket.pay_before,
        "parts": [
            {"order": str(part.order.pk), "state": part.state, "reason": part.why}
            for part in shown.parts
        ],
        "orders": [
            represent(order, basket.buyer) for order in orders.order_by("price_cents", "pk")
        ],
    }
