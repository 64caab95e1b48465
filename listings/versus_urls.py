"""Addresses under /compare/."""

from django.urls import path

from listings import versus_views

app_name = "versus"

urlpatterns = [
    path("", versus_views.choose, name="choose"),
    path("<slug:pair>/", versus_views.pair, name="pair"),
]
