"""Addresses under /stripe/. Importing the nouns fills the table of endpoints."""

from django.urls import path

from sandbox.stripe import (  # noqa: F401
    api,
    charges,
    checkout,
    connected,
    customers,
    disputes,
    events,
    onboarding,
    payment_intents,
    payment_methods,
    payouts,
    paypage,
    refunds,
    reviews,
    setup_intents,
    transfers,
)

urlpatterns = [
    path("pay/<str:session>", paypage.pay),
    path("pay/<str:session>/authenticate", paypage.authenticate),
    path("onboarding/<str:token>", onboarding.page),
    path("<path:path>", api.serve),
]
