"""Disputes by REST: the same acts as on the page, by the same functions."""

from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from accounts.shapes import PersonalRequest, Text
from listings.api_shapes import Cents
from orders import code_reports, decisions, disputes, proposals
from orders.api_shapes import LONGEST_COMPLAINT, Complaint, OrderAnswer, plain
from orders.dispute_page import picture
from orders.models import (
    CodeProblem,
    Dispute,
    DisputeStatus,
    Order,
    ProposedSplit,
    ProposedSplitStatus,
)
from orders.settling import moved
from orders.verification.api import OrderStep

TAGS = ["disputes"]


class Words(serializers.Serializer[Any]):
    """What the other side and a moderator read."""

    text = Text(max_length=LONGEST_COMPLAINT, min_length=10, validators=[plain])


class Split(serializers.Serializer[Any]):
    """How the held payment would be split."""

    refund_cents = Cents(help_text="What goes back to the buyer; the rest is released.")


class SharesAnswer(serializers.Serializer[Any]):
    """What an ending moves. The three cents sum to the price."""

    outcome = serializers.ChoiceField(choices=["release", "refund", "split"])
    to_buyer_cents = serializers.IntegerField()
    to_seller_cents = serializers.IntegerField()
    commission_cents = serializers.IntegerField()


class DefaultAnswer(SharesAnswer):
    """What time decides as things stand."""

    why = serializers.CharField()


class DecisionAnswer(SharesAnswer):
    """A decision; `by` is "rules" where the published table decided."""

    round = serializers.IntegerField()
    by = serializers.CharField(help_text="moderator or rules")
    reason = serializers.CharField()
    at = serializers.DateTimeField()


class ProposalAnswer(SharesAnswer):
    """How a party would split the payment."""

    id = serializers.CharField()
    by = serializers.CharField(help_text="buyer or seller")
    refund_cents = serializers.IntegerField()
    status = serializers.ChoiceField(choices=ProposedSplitStatus.choices)
    expires_at = serializers.DateTimeField()


class DisputeAnswer(serializers.Serializer[Any]):
    """A dispute as one of the parties sees it; `may` names what they can do now."""

    order = serializers.CharField()
    status = serializers.ChoiceField(choices=DisputeStatus.choices)
    deadline = serializers.DateTimeField(allow_null=True)
    reason = serializers.ChoiceField(choices=Dispute.REASONS)
    text = serializers.CharField()
    opened_at = serializers.DateTimeField()
    answer = serializers.CharField()
    answered_at = serializers.DateTimeField(allow_null=True)
    appeal = serializers.CharField()
    record = serializers.ChoiceField(choices=sorted(decisions.records()))
    default = DefaultAnswer(allow_null=True)
    decisions = DecisionAnswer(many=True)
    proposals = ProposalAnswer(many=True)
    may = serializers.ListField(child=serializers.CharField())


class DisputeStep(OrderStep):
    """Something that a party does with, or reads of, the dispute of one order."""

    def load_disputed(self, request: PersonalRequest, order_id: UUID) -> Order:
        """The order, if it is this person's and has a dispute."""
        order = self.load(request, order_id)
        if getattr(order, "dispute", None) is None:
            raise Http404
        return order

    def answer_dispute(
        self, request: PersonalRequest, order_id: UUID, *, status: int = 200
    ) -> Response:
        """The dispute as it is now."""
        return Response(_represent(self.load_disputed(request, order_id), request), status=status)


def _represent(order: Order, request: PersonalRequest) -> dict[str, Any]:
    page = picture(order, viewer=request.user)
    dispute, usual = page.dispute, page.default
    return {
        "order": str(order.pk),
        "status": dispute.status,
        "deadline": order.deadline,
        "reason": dispute.reason,
        "text": dispute.text,
        "opened_at": dispute.opened_at,
        "answer": dispute.answer,
        "answered_at": dispute.answered_at,
        "appeal": dispute.appeal,
        "record": decisions.record_of(order, dispute),
        "default": usual and moved(order, usual.refund_cents) | {"why": usual.why},
        "decisions": [
            {
                "round": decision.round,
                "by": "moderator" if decision.by_id else "rules",
                "reason": decision.reason,
                "at": decision.at,
                **moved(order, decision.refund_cents),
            }
            for decision in dispute.decisions.all()
        ],
        "proposals": [_proposal(order, proposal) for proposal in dispute.proposals.all()],
        "may": sorted(page.may),
    }


def _proposal(order: Order, proposal: ProposedSplit) -> dict[str, Any]:
    return {
        "id": str(proposal.pk),
        "by": "buyer" if proposal.by_id == order.buyer_id else "seller",
        "refund_cents": proposal.refund_cents,
        "status": proposal.status,
        "expires_at": proposal.expires_at,
        **moved(order, proposal.refund_cents),
    }


class DisputeDetail(DisputeStep):
    """A party's word that something went wrong, and what came of it."""

    @extend_schema(operation_id="orders_dispute_retrieve", tags=TAGS, responses=DisputeAnswer)
    def get(self, request: PersonalRequest, order_id: UUID) -> Response:
        """Where the dispute stands; 404 where there is none."""
        return self.answer_dispute(request, order_id)

    @extend_schema(
        operation_id="orders_dispute", tags=["orders"], request=Complaint, responses=OrderAnswer
    )
    def post(self, request: PersonalRequest, order_id: UUID) -> Response:
        """Open a dispute: nothing is released until it has ended."""
        order = self.load(request, order_id)
        given = Complaint(data=request.data)
        given.is_valid(raise_exception=True)
        disputes.open_dispute(order, actor=request.user, **given.validated_data)
        return self.answer(request, order_id)


class Answer(DisputeStep):
    """The seller's side of it."""

    @extend_schema(
        operation_id="orders_dispute_answer", tags=TAGS, request=Words, responses=DisputeAnswer
    )
    def post(self, request: PersonalRequest, order_id: UUID) -> Response:
        """The seller answers, in time."""
        order = self.load_disputed(request, order_id)
        given = Words(data=request.data)
        given.is_valid(raise_exception=True)
        disputes.answer(order, actor=request.user, text=given.validated_data["text"])
        return self.answer_dispute(request, order_id)


class Escalation(DisputeStep):
    """The wish for a moderator."""

    @extend_schema(
        operation_id="orders_dispute_escalate", tags=TAGS, request=None, responses=DisputeAnswer
    )
    def post(self, request: PersonalRequest, order_id: UUID) -> Response:
        """Ask a moderator to decide, once the seller has answered."""
        disputes.escalate(self.load_disputed(request, order_id), actor=request.user)
        return self.answer_dispute(request, order_id)


class Concession(DisputeStep):
    """The end by giving in."""

    @extend_schema(
        operation_id="orders_dispute_concede", tags=TAGS, request=None, responses=DisputeAnswer
    )
    def post(self, request: PersonalRequest, order_id: UUID) -> Response:
        """Give in: the buyer releases the whole payment, or the seller refunds it."""
        disputes.concede(self.load_disputed(request, order_id), actor=request.user)
        return self.answer_dispute(request, order_id)


class Proposals(DisputeStep):
    """Splits that the parties propose to each other."""

    @extend_schema(
        operation_id="orders_dispute_propose",
        tags=TAGS,
        request=Split,
        responses={201: DisputeAnswer},
    )
    def post(self, request: PersonalRequest, order_id: UUID) -> Response:
        """Propose a split; it takes the place of one's earlier proposal."""
        order = self.load_disputed(request, order_id)
        given = Split(data=request.data)
        given.is_valid(raise_exception=True)
        proposals.propose(order, actor=request.user, **given.validated_data)
        return self.answer_dispute(request, order_id, status=201)


class ProposalAcceptance(DisputeStep):
    """The agreement to a split."""

    @extend_schema(
        operation_id="orders_dispute_agree", tags=TAGS, request=None, responses=DisputeAnswer
    )
    def post(self, request: PersonalRequest, order_id: UUID, proposal_id: int) -> Response:
        """Agree to the other side's proposal: the money moves at once."""
        order = self.load_disputed(request, order_id)
        proposals.accept(order, actor=request.user, proposal_id=proposal_id)
        return self.answer_dispute(request, order_id)


class ProposalRefusal(DisputeStep):
    """The no to a split."""

    @extend_schema(
        operation_id="orders_dispute_refuse", tags=TAGS, request=None, responses=DisputeAnswer
    )
    def post(self, request: PersonalRequest, order_id: UUID, proposal_id: int) -> Response:
        """Refuse the other side's proposal."""
        order = self.load_disputed(request, order_id)
        proposals.refuse(order, actor=request.user, proposal_id=proposal_id)
        return self.answer_dispute(request, order_id)


class Appeal(DisputeStep):
    """The way to a second moderator."""

    @extend_schema(
        operation_id="orders_dispute_appeal", tags=TAGS, request=Words, responses=DisputeAnswer
    )
    def post(self, request: PersonalRequest, order_id: UUID) -> Response:
        """Appeal against a decision that did not give one all of it; once, and in time."""
        order = self.load_disputed(request, order_id)
        given = Words(data=request.data)
        given.is_valid(raise_exception=True)
        disputes.appeal(order, actor=request.user, text=given.validated_data["text"])
        return self.answer_dispute(request, order_id)


class DecisionAcceptance(DisputeStep):
    """The waiver of an appeal."""

    @extend_schema(
        operation_id="orders_dispute_accept", tags=TAGS, request=None, responses=DisputeAnswer
    )
    def post(self, request: PersonalRequest, order_id: UUID) -> Response:
        """Accept a decision; when nobody is left who could appeal, the money moves at once."""
        disputes.accept(self.load_disputed(request, order_id), actor=request.user)
        return self.answer_dispute(request, order_id)


class CodeProblemGiven(serializers.Serializer[Any]):
    """A code by its place in the answer of `reveal/`, counted from 1."""

    number = serializers.IntegerField(min_value=1, max_value=500)
    problem = serializers.ChoiceField(choices=CodeProblem.choices)


class CodeReportsGiven(Words):
    """Which codes did not work."""

    codes = CodeProblemGiven(many=True, allow_empty=False)


class CodeReports(DisputeStep):
    """Single codes that did not work."""

    @extend_schema(
        operation_id="orders_code_reports",
        tags=TAGS,
        request=CodeReportsGiven,
        responses={201: DisputeAnswer},
    )
    def post(self, request: PersonalRequest, order_id: UUID) -> Response:
        """Report codes in the time to inspect: a dispute in which only those are refunded."""
        order = self.load(request, order_id)
        given = CodeReportsGiven(data=request.data)
        given.is_valid(raise_exception=True)
        problems = {row["number"]: row["problem"] for row in given.validated_data["codes"]}
        text = given.validated_data["text"]
        code_reports.report(order, actor=request.user, problems=problems, text=text)
        return self.answer_dispute(request, order_id, status=201)
