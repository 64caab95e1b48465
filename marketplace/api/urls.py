"""The routes of the REST API."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from accounts.api import TokenList
from listings import api as listings
from listings import question_api as questions
from marketplace.api import schema  # noqa: F401 (registers how tokens are described)
from marketplace.api.markets import ProviderDetail, ProviderList
from marketplace.api.throttles import SignIn
from orders import api as orders
from orders import basket_api as baskets
from orders import dispute_api as dispute
from orders import evidence_api as evidence
from orders import message_api as messages
from orders import rating_api as ratings
from orders.verification import api as verification
from payments.api import MeDetail

LISTING, ORDER = "listings/<uuid:listing_id>", "orders/<uuid:order_id>"
BASKET = "baskets/<uuid:basket_id>"
PROPOSAL = f"{ORDER}/dispute/proposals/<int:proposal_id>"

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="api_schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api_schema"), name="api_docs"),
    path("tokens/", TokenList.as_view(throttle_classes=[SignIn])),
    path("me/", MeDetail.as_view()),
    path("providers/", ProviderList.as_view()),
    path("providers/<slug:slug>/", ProviderDetail.as_view()),
    path("listings/", listings.ListingList.as_view()),
    path(f"{LISTING}/", listings.ListingDetail.as_view()),
    path(f"{LISTING}/consent/", listings.Consent.as_view()),
    path(f"{LISTING}/submission/", listings.Submission.as_view()),
    path(f"{LISTING}/pause/", listings.Pause.as_view()),
    path(f"{LISTING}/resumption/", listings.Resumption.as_view()),
    path(f"{LISTING}/withdrawal/", listings.Withdrawal.as_view()),
    path(f"{LISTING}/questions/", questions.QuestionList.as_view()),
    path(f"{LISTING}/questions/<int:question_id>/answer/", questions.QuestionReply.as_view()),
    path("baskets/", baskets.BasketList.as_view()),
    path(f"{BASKET}/", baskets.BasketDetail.as_view()),
    path(f"{BASKET}/cancellation/", baskets.BasketCancellation.as_view()),
    path("orders/", orders.OrderList.as_view()),
    path(f"{ORDER}/", orders.OrderDetail.as_view()),
    path(f"{ORDER}/cancellation/", orders.Cancellation.as_view()),
    path(f"{ORDER}/transfer/", orders.Transfer.as_view()),
    path(f"{ORDER}/readings/", verification.Readings.as_view()),
    path(f"{ORDER}/acceptance/", verification.Acceptance.as_view()),
    path(f"{ORDER}/report/", verification.Report.as_view()),
    path(f"{ORDER}/reveal/", orders.Reveal.as_view()),
    path(f"{ORDER}/confirmation/", orders.Confirmation.as_view()),
    path(f"{ORDER}/codes/reports/", dispute.CodeReports.as_view()),
    path(f"{ORDER}/evidence/", evidence.EvidenceList.as_view()),
    path(f"{ORDER}/evidence/<int:evidence_id>/", evidence.Picture.as_view()),
    path(f"{ORDER}/messages/", messages.MessageList.as_view()),
    path(f"{ORDER}/ratings/", ratings.RatingList.as_view()),
    path(f"{ORDER}/dispute/", dispute.DisputeDetail.as_view()),
    path(f"{ORDER}/dispute/answer/", dispute.Answer.as_view()),
    path(f"{ORDER}/dispute/escalation/", dispute.Escalation.as_view()),
    path(f"{ORDER}/dispute/concession/", dispute.Concession.as_view()),
    path(f"{ORDER}/dispute/proposals/", dispute.Proposals.as_view()),
    path(f"{PROPOSAL}/acceptance/", dispute.ProposalAcceptance.as_view()),
    path(f"{PROPOSAL}/refusal/", dispute.ProposalRefusal.as_view()),
    path(f"{ORDER}/dispute/appeal/", dispute.Appeal.as_view()),
    path(f"{ORDER}/dispute/acceptance/", dispute.DecisionAcceptance.as_view()),
]
