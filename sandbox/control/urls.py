"""Addresses under /_control/."""

from django.urls import path

from sandbox.control import page, views

urlpatterns = [
    path("", page.page),
    path("clock/", views.advance_clock),
    path("requests/", views.requests),
    path("faults/", views.stripe_faults),
    path("webhooks/", views.webhook_mode),
    path("webhooks/release/", views.release_webhooks),
    path("webhooks/take/", views.take_webhooks),
    path("webhooks/resend/", views.resend_webhook),
    path("money/", views.money_moved),
    path("disputes/", views.open_dispute),
    path("disputes/<str:key>/", views.close_dispute),
    path("accounts/", views.ready_accounts),
    path("accounts/<str:key>/", views.account),
    path("reviews/", views.open_review),
    path("reviews/<str:key>/", views.close_review),
    path("warnings/", views.warn),
    path("sessions/<str:key>/", views.session),
    path("payouts/<str:key>/", views.payout),
    path("refunds/<str:key>/", views.refund),
    path("providers/<slug:slug>/accounts/<str:key>/", views.provider_account),
    path("providers/<slug:slug>/faults/", views.provider_faults),
    path("books/", views.write_books),
    path("reset/", views.reset),
]
