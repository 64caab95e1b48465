"""Addresses under /providers/."""

from django.urls import path

from providers import views

app_name = "providers"

urlpatterns = [
    path("", views.index, name="index"),
    path("<slug:slug>/", views.detail, name="detail"),
    path("<slug:slug>/key/", views.key, name="key"),
]
