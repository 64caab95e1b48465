"""Codes in the console: where each is, never what it says, but to whoever broke the glass."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models.query import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from accounts import authority, stepup
from accounts.console import Act, ConsoleAdmin, amount, state
from accounts.models import Person
from accounts.refusals import NotAllowed
from listings.models import Code
from orders import code_opening
from orders.models import Order

SECRET = ("ciphertext", "fingerprint", "key_id")


@admin.register(Code)
class CodeAdmin(ConsoleAdmin):
    page_template = "console/code.html"
    list_display = ("id", "listing", "badge", "worth", "revealed_at")
    list_filter = ("status",)
    list_select_related = ("listing",)
    related = ("listing__seller",)
    ids = ("listing_id", "reserved_for")
    search_fields = ("listing__title",)
    search_help_text = "Id of an offer or order, words of the offer, or the seller's whole e-mail"
    people: ClassVar = ("listing__seller",)
    words = "listing__search"
    ordering = ("-id",)
    badge = state
    worth = amount("face_value_cents", "worth")
    facts: ClassVar = [
        ("Code", ("listing", "status", "face_value_cents", "trade", "revealed_at")),
    ]
    acts: ClassVar = [
        Act(
            name="opening",
            label="Ask to read it",
            done="Open to you for a quarter of an hour.",
            do=code_opening.open_code,
            # Whoever reads a code could use it up.
            moves_money=True,
            hint=(
                "Only where a case cannot be decided without it. A second person agrees, you read "
                "it once, and the seller and the buyer are told."
            ),
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer(*SECRET)

    @admin.display(description="Order")
    def trade(self, code: Code) -> Order | None:
        return Order.objects.filter(pk=code.reserved_for).first() if code.reserved_for else None

    def parties_of(self, row: Any) -> set[int]:
        return set(code_opening.owners(row))

    def version(self, row: Any) -> str:
        return f"{row.status}:{row.reserved_for}"

    def currency(self, row: Any) -> str:
        return str(row.listing.currency)

    def more(self, row: Any) -> dict[str, Any]:
        return {"openings": row.openings.select_related("by")}

    def page(self, request: HttpRequest, row: Any, **given: Any) -> TemplateResponse:
        assert isinstance(request.user, Person)
        answer = super().page(request, row, **given)
        assert answer.context_data is not None
        answer.context_data["opening"] = code_opening.opening_for(row, request.user)
        return answer

    def more_urls(self) -> Sequence[URLPattern]:
        view = self.guarded(require_POST(self.reading_view))
        return [path("<str:object_id>/reading/", view, name=self.url_name("reading"))]

    def reading_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The code itself, once, in the answer to a form and nowhere else."""
        code = self.found(request, object_id)
        assert isinstance(request.user, Person)
        if not authority.may(request.user, "listings.code.reading"):
            raise PermissionDenied
        authority.require(request.user, "listings.code.reading", parties=self.parties_of(code))
        if not stepup.is_fresh(request):
            return stepup.ask(request)
        try:
            plain = code_opening.read(code, actor=request.user)
        except NotAllowed as refusal:
            messages.error(request, str(refusal))
            return redirect(self.address(code))
        context = {**self.admin_site.each_context(request), "code": code, "plain": plain}
        context |= {"title": f"{code} of {code.listing}", "opts": self.opts}
        return TemplateResponse(request, "console/code_read.html", context)
