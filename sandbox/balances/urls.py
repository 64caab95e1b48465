"""Addresses under /providers/."""

from django.urls import path

from sandbox.balances import views

urlpatterns = [
    path("<slug:slug>/", views.balance),
    path("<slug:slug>/<path:path>", views.balance),
]
