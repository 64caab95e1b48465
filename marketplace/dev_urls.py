"""Pages for whoever develops Surplus; only while DEBUG is on."""

from django.urls import path
from django.views.generic import TemplateView

from marketplace import outbox
from marketplace.demo import codes

urlpatterns = [
    path(
        "components/",
        TemplateView.as_view(template_name="dev/components.html"),
        name="dev_components",
    ),
    path("code/", codes.page, name="dev_code"),
    path("outbox/", outbox.index, name="dev_outbox"),
    path("outbox/<str:name>/", outbox.detail, name="dev_outbox_mail"),
    path("outbox/<str:name>/html/", outbox.html, name="dev_outbox_html"),
]
