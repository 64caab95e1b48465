"""Addresses under /guides/."""

from django.urls import path

from providers import guide_views

app_name = "guides"

urlpatterns = [
    path("", guide_views.index, name="index"),
    path("feed.xml", guide_views.feed, name="feed"),
    path("<slug:slug>/", guide_views.detail, name="detail"),
    path("<slug:slug>/card.png", guide_views.card, name="card"),
]
