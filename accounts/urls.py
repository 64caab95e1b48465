from django.urls import path

from accounts import mail_views, proof_views, security_views, views

app_name = "account"
urlpatterns = [
    path("", views.home, name="home"),
    path("first-steps/", views.first_steps_done, name="first_steps_done"),
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/reading/", views.read_all, name="read_all"),
    path("inbox/<int:notification_id>/", views.read, name="read"),
    path("mail/", mail_views.choices, name="mail"),
    path("mail/stop/<str:token>/", mail_views.unsubscribe, name="unsubscribe"),
    path("security/", security_views.index, name="security"),
    path("security/proof/", proof_views.proof, name="proof"),
    path("security/sessions/others/", security_views.sign_out_others, name="sign_out_others"),
    path("security/sessions/<int:session_id>/", security_views.sign_out, name="sign_out"),
    path("security/devices/<int:device_id>/", security_views.device, name="device"),
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/<int:token_id>/revocation/", views.revoke, name="revoke"),
]
