"""Questions about an offer by REST."""

from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.permissions import IsAuthenticated, IsAuthenticatedOrReadOnly
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.shapes import PersonalRequest, Text
from accounts.tokens import HasScope
from listings import questions
from listings.forms import AnswerForm, AskForm
from listings.models import Listing, Question

TAGS = ["questions"]


def _asked(text: str) -> None:
    AskForm.base_fields["text"].clean(text)


def _answered(text: str) -> None:
    AnswerForm.base_fields["text"].clean(text)


class QuestionGiven(serializers.Serializer[Any]):
    """What to ask the seller. Everybody reads it once it is answered."""

    text = Text(max_length=1000, validators=[_asked])


class AnswerGiven(serializers.Serializer[Any]):
    """What the seller says to it, for everybody."""

    text = Text(max_length=2000, validators=[_answered])


class QuestionAnswer(serializers.Serializer[Any]):
    """A question about an offer. Contact details are replaced before it is stored."""

    id = serializers.CharField()
    at = serializers.DateTimeField()
    text = serializers.CharField()
    answer = serializers.CharField(allow_null=True)
    answered_at = serializers.DateTimeField(allow_null=True)


def represent(question: Question) -> dict[str, Any]:
    """A question as `QuestionAnswer` says."""
    return {
        "id": str(question.pk),
        "at": question.at,
        "text": question.text,
        "answer": question.answer or None,
        "answered_at": question.answered_at,
    }


class QuestionList(generics.GenericAPIView[Question]):
    """What was asked about one offer."""

    permission_classes = (IsAuthenticatedOrReadOnly, HasScope)
    serializer_class = QuestionAnswer
    keyset_order = "-at"

    @extend_schema(
        operation_id="listings_questions_list", tags=TAGS, responses=QuestionAnswer(many=True)
    )
    def get(self, request: Request, listing_id: UUID) -> Response:
        """What is answered, the newest first; what waits is seen by its asker and the seller."""
        seen = questions.visible_to(request.user, _visible(request, listing_id))
        rows = self.paginate_queryset(seen) or []
        return self.get_paginated_response([represent(row) for row in rows])

    @extend_schema(
        operation_id="listings_questions_create",
        tags=TAGS,
        request=QuestionGiven,
        responses={201: QuestionAnswer},
    )
    def post(self, request: PersonalRequest, listing_id: UUID) -> Response:
        """Ask the seller something before buying."""
        listing = _visible(request, listing_id)
        questions.require_other(listing, request.user)
        given = QuestionGiven(data=request.data)
        given.is_valid(raise_exception=True)
        asked = questions.ask(listing, actor=request.user, text=given.validated_data["text"])
        return Response(represent(asked), status=201)


class QuestionReply(APIView):
    """The seller's answer to one question."""

    permission_classes = (IsAuthenticated, HasScope)
    scope = "sell"

    @extend_schema(
        operation_id="listings_questions_answer",
        tags=TAGS,
        request=AnswerGiven,
        responses=QuestionAnswer,
    )
    def post(self, request: PersonalRequest, listing_id: UUID, question_id: int) -> Response:
        """Answer a question about one's own offer, once."""
        rows = Question.objects.filter(listing__seller=request.user, removed_at=None)
        question = (
            rows.select_related("listing", "by").filter(listing=listing_id, pk=question_id).first()
        )
        if question is None:
            raise Http404
        given = AnswerGiven(data=request.data)
        given.is_valid(raise_exception=True)
        text = given.validated_data["text"]
        return Response(represent(questions.answer(question, actor=request.user, text=text)))


def _visible(request: Request, listing_id: UUID) -> Listing:
    listing = Listing.objects.visible_to(request.user).with_parts().filter(pk=listing_id).first()
    if listing is None:
        raise Http404
    return listing
