"""Evidence of a trade by REST."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from accounts.shapes import PersonalRequest, UploadParser, by_field
from orders import handing_in
from orders.evidence_models import TO_COMPARE
from orders.evidence_views import as_attachment
from orders.forms import EvidenceForm
from orders.models import Evidence, Order
from orders.verification.api import OrderStep

TAGS = ["evidence"]


class EvidenceUpload(serializers.Serializer[Any]):
    """A picture that shows how the trade went."""

    picture = serializers.FileField()
    kind = serializers.ChoiceField(choices=TO_COMPARE)
    nonce = serializers.CharField(help_text="From the list; used once.")
    note = serializers.CharField(required=False)


class EvidenceRow(serializers.Serializer[Any]):
    """What was handed in; `url` serves the picture to the two parties, null once it was erased."""

    id = serializers.CharField()
    at = serializers.DateTimeField()
    by = serializers.CharField(help_text="buyer or seller")
    kind = serializers.ChoiceField(choices=TO_COMPARE)
    note = serializers.CharField()
    content_type = serializers.CharField()
    size_bytes = serializers.IntegerField()
    url = serializers.URLField(allow_null=True)


class EvidenceAnswer(serializers.Serializer[Any]):
    """All evidence of an order; `nonce` is for the next upload, `code` belongs into the picture."""

    code = serializers.CharField()
    nonce = serializers.CharField()
    results = EvidenceRow(many=True)


def picture_row(order: Order, evidence: Evidence) -> dict[str, Any]:
    """Which picture it is, and where it is served."""
    path = reverse("orders:picture", args=[order.pk, evidence.pk])
    return {
        "id": str(evidence.pk),
        "content_type": evidence.content_type,
        "size_bytes": evidence.size_bytes,
        "url": settings.SITE_ORIGIN + path if evidence.key_id else None,
    }


def _row(order: Order, evidence: Evidence) -> dict[str, Any]:
    return picture_row(order, evidence) | {
        "at": evidence.at,
        "by": "buyer" if evidence.by_id == order.buyer_id else "seller",
        "kind": evidence.kind,
        "note": evidence.note,
    }


class EvidenceList(OrderStep):
    """What the parties handed in."""

    parser_classes = (UploadParser,)

    @extend_schema(operation_id="orders_evidence_list", tags=TAGS, responses=EvidenceAnswer)
    def get(self, request: PersonalRequest, order_id: UUID) -> Response:
        """The evidence of both, the oldest first."""
        order = self.load(request, order_id)
        answer = {
            "code": handing_in.code_of(order),
            "nonce": handing_in.new_nonce(order, request.user),
            "results": [_row(order, evidence) for evidence in handing_in.of(order)],
        }
        return Response(answer)

    @extend_schema(
        operation_id="orders_evidence_create",
        tags=TAGS,
        request={"multipart/form-data": EvidenceUpload},
        responses={201: EvidenceRow},
    )
    def post(self, request: PersonalRequest, order_id: UUID) -> Response:
        """Hand in a PNG or JPEG picture, while the payment is held."""
        order = self.load(request, order_id)
        form = EvidenceForm(request.data, request.FILES)
        if not form.is_valid():
            raise serializers.ValidationError(by_field(form.errors))
        evidence = handing_in.hand_in(order, actor=request.user, **form.cleaned_data)
        evidence.refresh_from_db(fields=["at"])
        return Response(_row(order, evidence), status=201)


class Picture(OrderStep):
    """One picture."""

    @extend_schema(
        operation_id="orders_evidence_picture",
        tags=TAGS,
        responses={(200, "image/*"): OpenApiTypes.BINARY},
    )
    def get(self, request: PersonalRequest, order_id: UUID, evidence_id: int) -> HttpResponse:
        """The picture, as an attachment."""
        found = handing_in.picture_of(self.load(request, order_id), evidence_id)
        if found is None:
            raise Http404
        return as_attachment(*found)
