from django.urls import path

from listings import choosing_views, kept_views, question_views, views

app_name = "listings"
urlpatterns = [
    path("", views.browse, name="browse"),
    path("<uuid:listing_id>/", views.detail, name="detail"),
    path("compare/", choosing_views.compare, name="compare"),
    path("plan/", choosing_views.plan, name="plan"),
    path("kept/", kept_views.kept, name="kept"),
    path("kept/new/", kept_views.new, name="save_search"),
    path("kept/<int:search_id>/deletion/", kept_views.forget, name="forget_search"),
    path("<uuid:listing_id>/watch/", kept_views.watch, name="watch"),
    path("<uuid:listing_id>/report/", views.report, name="report"),
    path("<uuid:listing_id>/questions/", question_views.questions, name="questions"),
    path(
        "<uuid:listing_id>/questions/<int:question_id>/answer/",
        question_views.answer,
        name="answer",
    ),
    path(
        "<uuid:listing_id>/questions/<int:question_id>/report/",
        views.report,
        name="report_question",
    ),
]
