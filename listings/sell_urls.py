from django.urls import path

from listings import code_file_views, price_views, sell_views

app_name = "sell"
urlpatterns = [
    path("", sell_views.index, name="index"),
    path("new/", sell_views.new, name="new"),
    path("<uuid:listing_id>/", sell_views.edit, name="edit"),
    path("<uuid:listing_id>/consent/", sell_views.consent, name="consent"),
    path("<uuid:listing_id>/consent/document/", sell_views.document, name="document"),
    path("<uuid:listing_id>/submission/", sell_views.submission, name="submission"),
    path("<uuid:listing_id>/price/", price_views.price, name="price"),
    path("<uuid:listing_id>/price/fall/", price_views.fall, name="fall"),
    path("<uuid:listing_id>/codes/", code_file_views.codes, name="codes"),
    path("<uuid:listing_id>/copy/", code_file_views.copy, name="copy"),
    path("<uuid:listing_id>/pause/", sell_views.pause, name="pause"),
    path("<uuid:listing_id>/resumption/", sell_views.resume, name="resume"),
    path("<uuid:listing_id>/withdrawal/", sell_views.withdrawal, name="withdrawal"),
]
