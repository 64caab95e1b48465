from django.urls import path

from accounts import views

app_name = "account"
urlpatterns = [
    path("", views.home, name="home"),
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/reading/", views.read_all, name="read_all"),
    path("inbox/<int:notification_id>/", views.read, name="read"),
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/<int:token_id>/revocation/", views.revoke, name="revoke"),
]
