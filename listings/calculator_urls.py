"""Addresses under /calculators/."""

from django.urls import path

from listings import calculator_views

app_name = "calculators"

urlpatterns = [
    path("", calculator_views.index, name="index"),
    path("credit/", calculator_views.credit, name="credit"),
    path("self-hosting/", calculator_views.hosting, name="hosting"),
    path("expiry/", calculator_views.using_up, name="using_up"),
]
