from django.urls import path

from listings import views

app_name = "listings"
urlpatterns = [
    path("", views.browse, name="browse"),
    path("<uuid:listing_id>/", views.detail, name="detail"),
    path("<uuid:listing_id>/report/", views.report, name="report"),
]
