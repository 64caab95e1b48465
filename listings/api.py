"""Offers by REST: public to read, the seller's own to write."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import generics, serializers
from rest_framework.permissions import IsAuthenticated, IsAuthenticatedOrReadOnly
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.shapes import PersonalRequest, UploadParser, by_field
from accounts.tokens import HasScope
from listings import api_shapes, consents, publishing
from listings.finding import find
from listings.forms import initial
from listings.models import Listing
from listings.search import SearchForm, wanted

TAGS = ["listings"]


class ListingList(generics.GenericAPIView[Listing]):
    """Live offers, and the way to a new one."""

    permission_classes = (IsAuthenticatedOrReadOnly, HasScope)
    scope = "sell"
    serializer_class = api_shapes.ListingAnswer

    @extend_schema(
        operation_id="listings_list",
        tags=TAGS,
        parameters=[api_shapes.Search],
        responses=api_shapes.ListingAnswer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Live offers that fit the filters."""
        given = wanted(request.query_params)
        if given is None:
            raise serializers.ValidationError(by_field(SearchForm(request.query_params).errors))
        pages: Any = self.paginator
        rows = pages.fetch(request, partial(find, given, api_shapes.for_answers))
        return self.get_paginated_response([api_shapes.represent_row(row) for row in rows])

    @extend_schema(
        operation_id="listings_create",
        tags=TAGS,
        request=api_shapes.ListingTerms,
        responses={201: api_shapes.ListingAnswer},
    )
    def post(self, request: PersonalRequest) -> Response:
        """Draft an offer. Submission comes next, after a consent where the provider needs one."""
        terms, codes = api_shapes.read(request.data)
        listing = publishing.draft(seller=request.user, terms=terms, codes=codes)
        return Response(api_shapes.represent(listing), status=201)


class ListingDetail(APIView):
    """One offer."""

    permission_classes = (IsAuthenticatedOrReadOnly, HasScope)
    scope = "sell"

    @extend_schema(operation_id="listings_retrieve", tags=TAGS, responses=api_shapes.ListingAnswer)
    def get(self, request: Request, listing_id: UUID) -> Response:
        """An offer that is or was public, or one's own."""
        visible = Listing.objects.visible_to(request.user).with_parts().select_related("program")
        listing = visible.filter(pk=listing_id).first()
        if listing is None:
            raise Http404
        return Response(api_shapes.represent(listing))

    @extend_schema(
        operation_id="listings_partial_update",
        tags=TAGS,
        request=api_shapes.ListingTerms,
        responses=api_shapes.ListingAnswer,
    )
    def patch(self, request: PersonalRequest, listing_id: UUID) -> Response:
        """Change an offer that is not on the market; what is left out stays as it is."""
        listing = _own(request, listing_id)
        publishing.require_editable(listing)
        terms, codes = api_shapes.read(request.data, base=initial(listing))
        listing = publishing.edit(listing, actor=request.user, terms=terms, codes=codes)
        return Response(api_shapes.represent(listing))


class Consent(APIView):
    """The provider's written consent to the sale."""

    permission_classes = (IsAuthenticated, HasScope)
    parser_classes = (UploadParser,)
    scope = "sell"

    @extend_schema(
        operation_id="listings_consent",
        tags=TAGS,
        request={"multipart/form-data": api_shapes.ConsentUpload},
        responses={201: api_shapes.ListingAnswer},
    )
    def post(self, request: PersonalRequest, listing_id: UUID) -> Response:
        """Attach a PDF, PNG or JPEG file to a draft, or to a paused offer that needs another."""
        listing = _own(request, listing_id)
        upload = request.FILES.get("document")
        if upload is None:
            raise serializers.ValidationError({"document": ["Attach a PDF, PNG or JPEG file."]})
        given = api_shapes.ConsentUpload(data=request.data)
        given.is_valid(raise_exception=True)
        until = given.validated_data.get("valid_until")
        consents.attach(listing, actor=request.user, upload=upload, valid_until=until)
        return Response(api_shapes.represent(listing), status=201)


class Step(APIView):
    """A step of the seller's own offer; `take` is the rule that decides on it."""

    permission_classes = (IsAuthenticated, HasScope)
    scope = "sell"
    take: Callable[..., Listing]

    @extend_schema(tags=TAGS, request=None, responses=api_shapes.ListingAnswer)
    def post(self, request: PersonalRequest, listing_id: UUID) -> Response:
        taken = type(self).take(_own(request, listing_id), actor=request.user)
        return Response(api_shapes.represent(taken))


@extend_schema_view(post=extend_schema(operation_id="listings_submit"))
class Submission(Step):
    """Hand a draft in for review."""

    take = staticmethod(publishing.submit)


@extend_schema_view(post=extend_schema(operation_id="listings_pause"))
class Pause(Step):
    """Take an offer off the market for a while."""

    take = staticmethod(publishing.pause)


@extend_schema_view(post=extend_schema(operation_id="listings_resume"))
class Resumption(Step):
    """Put a paused offer back."""

    take = staticmethod(publishing.resume)


@extend_schema_view(post=extend_schema(operation_id="listings_withdraw"))
class Withdrawal(Step):
    """Take an offer back for good."""

    take = staticmethod(publishing.withdraw)


def _own(request: PersonalRequest, listing_id: UUID) -> Listing:
    """An offer of the person who asks; another's is not there, even if all may read it."""
    mine = Listing.objects.visible_to(request.user).filter(seller=request.user)
    listing: Any = mine.select_related("program").filter(pk=listing_id).first()
    if listing is None:
        raise Http404
    return listing
