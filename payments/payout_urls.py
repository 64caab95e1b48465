from django.urls import path

from payments import payout_views

app_name = "payouts"
urlpatterns = [
    path("", payout_views.index, name="index"),
    path("onboarding/", payout_views.onboarding, name="onboarding"),
    path("onboarded/", payout_views.onboarded, name="onboarded"),
    path("new/", payout_views.request_payout, name="request"),
]
