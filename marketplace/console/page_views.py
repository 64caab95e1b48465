"""Pages of the console that are about no single row: the overview and operations."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from accounts import authority
from accounts.models import Person
from marketplace.console import alarms, operations
from marketplace.console.overview import PERIODS, as_csv, overview


def _require(request: HttpRequest, page: str) -> None:
    if not (isinstance(request.user, Person) and authority.may_see(request.user, page)):
        raise PermissionDenied


@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """The market's figures, of a period and of the one before it."""
    _require(request, "console.overview")
    asked = request.GET.get("days", "")
    days = int(asked) if asked in {str(one) for one in PERIODS} else PERIODS[1]
    found = overview(days)
    if request.GET.get("as") == "csv":
        response = HttpResponse(as_csv(found), content_type="text/csv")
        response.headers["Content-Disposition"] = f'attachment; filename="overview-{days}.csv"'
        return response
    outside = alarms.outside(found["figures"]) if days == alarms.DAYS else []
    context = {**admin.site.each_context(request), "title": "Overview", **found}
    context |= {"days": days, "periods": PERIODS, "outside": [one.label for one in outside]}
    return TemplateResponse(request, "console/overview.html", context)


@require_safe
def running(request: HttpRequest) -> HttpResponse:
    """Whether everything runs."""
    _require(request, "console.operations")
    context = {**admin.site.each_context(request), "title": "Operations", **operations.state()}
    return TemplateResponse(request, "console/operations.html", context)
