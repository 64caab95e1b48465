"""The console's site: Django's admin in the theme of django-unfold."""

from collections.abc import Callable, Iterable
from functools import update_wrapper
from typing import Any, cast
from urllib.parse import urlencode

from csp.constants import NONCE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.contrib import auth, messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.sites import UnfoldAdminSite

from accounts import authority, factors, stepup
from accounts.console import ConsoleAdmin
from accounts.models import Person
from marketplace.console import page_views, queue, queue_views

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

        def entered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            """Staff show their second factor before anything here, and set one up before that."""
            if isinstance(request.user, Person) and request.user.is_staff:
                if not factors.has_one(request.user):
                    messages.warning(request, "Set up a second factor; the console opens then.")
                    return redirect("mfa_activate_totp")
                if not factors.shown(request):
                    return stepup.ask(request)
            return cast(HttpResponse, checked(request, *args, **kwargs))

        # What the checked view is marked with, such as being exempt from the form's token.
        update_wrapper(entered, checked)
        return cast("Callable[..., HttpResponse]", csp_replace(RELAXED)(entered))

    def has_permission(self, request: HttpRequest) -> bool:
        """Somebody with a role here who has shown their second factor in this session."""
        return (
            bool(super().has_permission(request))
            and isinstance(request.user, Person)
            and bool(authority.role_of(request.user))
            and factors.shown(request)
        )

    def get_urls(self) -> list[URLPattern]:
        kept = [found for found in super().get_urls() if getattr(found, "name", "") not in ABSENT]
        ours = (
            ("overview/", page_views.figures, "overview"),
            ("operations/", page_views.running, "operations"),
            ("queue/count/", queue_views.count, "queue-count"),
            ("queue/claim/", queue_views.claim, "queue-claim"),
            ("queue/release/", queue_views.release, "queue-release"),
            ("queue/next/", queue_views.take_next, "queue-next"),
        )
        return [*(path(to, self.admin_view(view), name=name) for to, view, name in ours), *kept]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Of one app, for its page. The list of all would take a sixth of every page's time, to
        be shown nowhere: the menu is the theme's own."""
        return super().get_app_list(request, app_label) if app_label else []

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The site's own sign-in, with its limits and second factors; there is no other form."""
        if not request.user.is_authenticated:
            following = {"next": request.GET.get("next") or reverse("admin:index")}
            return redirect(f"{reverse('account_login')}?{urlencode(following)}")
        if not request.user.is_staff:
            raise PermissionDenied
        return redirect("admin:index")

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
        assert isinstance(request.user, Person)
        if not authority.may_see(request.user, "console.queue"):
            raise PermissionDenied
        found = queue.overview(request.user, queue.View.asked(request.GET))
        context = {**self.each_context(request), "title": self.index_title, **found}
        return TemplateResponse(request, "console/queue.html", context)
