"""Addresses under /guides/."""

from django.urls import path

from providers import guide_views

app_name = "guides"

urlpatterns = [
    path("", guide_views.index, name="index"),
    path("<slug:slug>/", guide_views.detail, name="detail"),
]
