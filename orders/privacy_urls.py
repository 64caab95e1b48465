"""Addresses under /account/privacy/."""

from django.urls import path

from orders import privacy_views

app_name = "privacy_settings"
urlpatterns = [
    path("", privacy_views.index, name="index"),
    path("export/", privacy_views.export, name="export"),
    path("export/state/", privacy_views.state, name="state"),
    path("export/download/", privacy_views.download, name="download"),
    path("erasure/", privacy_views.erasure, name="erasure"),
]
