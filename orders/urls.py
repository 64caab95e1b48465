from django.urls import path

from orders import code_views, dispute_views, evidence_views, message_views, rating_views, views
from orders.verification import views as verification

app_name = "orders"
urlpatterns = [
    path("", views.index, name="index"),
    path("new/<uuid:listing_id>/", views.place, name="place"),
    path("<uuid:order_id>/", views.detail, name="detail"),
    path("<uuid:order_id>/state/", views.state, name="state"),
    path("<uuid:order_id>/payment/", views.payment, name="payment"),
    path("<uuid:order_id>/returned/", views.returned, name="returned"),
    path("<uuid:order_id>/recipient/", views.recipient, name="recipient"),
    path("<uuid:order_id>/cancellation/", views.cancellation, name="cancellation"),
    path("<uuid:order_id>/transfer/", views.transfer, name="transfer"),
    path("<uuid:order_id>/readings/", verification.readings, name="readings"),
    path("<uuid:order_id>/watch/", verification.watch, name="watch"),
    path("<uuid:order_id>/acceptance/", verification.acceptance, name="acceptance"),
    path("<uuid:order_id>/report/", verification.report, name="report"),
    path("<uuid:order_id>/report.pdf", verification.report_file, name="report-file"),
    path("<uuid:order_id>/reveal/", views.reveal, name="reveal"),
    path("<uuid:order_id>/confirmation/", views.confirmation, name="confirmation"),
    path("<uuid:order_id>/receipt/", views.receipt, name="receipt"),
    path("<uuid:order_id>/receipt.<str:suffix>", views.receipt, name="receipt-file"),
    path("<uuid:order_id>/codes/reports/", code_views.reports, name="code-reports"),
    path("<uuid:order_id>/codes.csv", code_views.download, name="codes-file"),
    path("<uuid:order_id>/evidence/", evidence_views.evidence, name="evidence"),
    path("<uuid:order_id>/evidence/<int:evidence_id>/", evidence_views.picture, name="picture"),
    path("<uuid:order_id>/messages/", message_views.conversing, name="messages"),
    path("<uuid:order_id>/rating/", rating_views.rating, name="rating"),
    path("<uuid:order_id>/rating/report/", rating_views.report, name="rating-report"),
    path("<uuid:order_id>/dispute/", dispute_views.dispute, name="dispute"),
    path("<uuid:order_id>/dispute/answer/", dispute_views.answer, name="answer"),
    path("<uuid:order_id>/dispute/escalation/", dispute_views.escalation, name="escalation"),
    path("<uuid:order_id>/dispute/concession/", dispute_views.concession, name="concession"),
    path("<uuid:order_id>/dispute/proposals/", dispute_views.proposal, name="proposal"),
    path(
        "<uuid:order_id>/dispute/proposals/<int:proposal_id>/acceptance/",
        dispute_views.proposal_acceptance,
        name="proposal-acceptance",
    ),
    path(
        "<uuid:order_id>/dispute/proposals/<int:proposal_id>/refusal/",
        dispute_views.proposal_refusal,
        name="proposal-refusal",
    ),
    path("<uuid:order_id>/dispute/appeal/", dispute_views.appeal, name="appeal"),
    path(
        "<uuid:order_id>/dispute/acceptance/",
        dispute_views.acceptance,
        name="decision-acceptance",
    ),
]
