"""The console's site: Django's admin in the theme of django-unfold."""

from collections.abc import Callable, Iterable
from typing import Any, cast

from allauth.account.decorators import secure_admin_login
from csp.constants import NONCE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.contrib import auth
from django.contrib.admin import ModelAdmin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern
from unfold.sites import UnfoldAdminSite

from accounts.console import ConsoleAdmin
from marketplace.console import queue

# The theme's scripts evaluate expressions in attributes, and set styles. Only staff get this.
RELAXED = {
    "script-src": [SELF, NONCE, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
}
# The admin's own pages for what allauth does, and for what the console does not need.
ABSENT = {"password_change", "password_change_done", "autocomplete", "view_on_site"}


class ConsoleSite(UnfoldAdminSite):
    site_header = "Surplus console"
    site_title = "Surplus console"
    index_title = "Queue"

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[ModelAdmin] | None = None,
        **options: Any,
    ) -> None:
        """Only our own pages: those that libraries bring along would let staff edit rows."""
        if admin_class is not None and issubclass(admin_class, ConsoleAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def admin_view(
        self, view: Callable[..., HttpResponse], cacheable: bool = False
    ) -> Callable[..., HttpResponse]:
        checked = super().admin_view(view, cacheable)
        return cast("Callable[..., HttpResponse]", csp_replace(RELAXED)(checked))

    def get_urls(self) -> list[URLPattern]:
        return [found for found in super().get_urls() if getattr(found, "name", "") not in ABSENT]

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The site's own sign-in, with its limits and second factors."""
        return cast(HttpResponse, secure_admin_login(super().login)(request, extra_context))

    def logout(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Signed out here is signed out everywhere; a link alone does not sign out."""
        if request.method != "POST":
            return redirect("account_logout")
        auth.logout(request)
        return redirect("home")

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Everything that waits for a moderator, the most urgent first."""
        request.current_app = self.name
        context = {**self.each_context(request), "title": self.index_title, **queue.overview()}
        return TemplateResponse(request, "console/queue.html", context)
