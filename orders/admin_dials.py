"""Fees and limits in the console: where each stands, what another value would mean, turning it."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse

from accounts import dials
from accounts.console import Act, ConsoleAdmin, Reasoned
from accounts.dial_models import Dial
from orders.dial_preview import preview


class TurningForm(Reasoned):
    """Where the dial is to stand, and from when."""

    value = forms.IntegerField(
        label="Value", min_value=0, help_text="In the unit that this page names"
    )
    begins_on = forms.DateField(
        label="From the start of this day (UTC)",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Empty: as soon as the second person agrees.",
    )
    field_order = ("value", "begins_on", "reason")


class Looking(forms.Form):
    """Which value to look at before anything is proposed."""

    value = forms.IntegerField(min_value=0, max_value=10**12)


@admin.register(Dial)
class DialAdmin(ConsoleAdmin):
    page_template = "console/dial.html"
    list_display = ("__str__", "stands_at", "unit", "about")
    ordering = ("name",)
    facts: ClassVar = [("Fee or limit", ("about", "unit", "stands_at", "range"))]
    acts: ClassVar = [
        Act(
            name="turning",
            label="Change it",
            done="Changed.",
            do=dials.turn,
            form=TurningForm,
            moves_money=True,
            begins_with=lambda dial: {"value": dials.now(dial.pk)},
            hint="A second person agrees. Orders keep the quote they were placed with.",
        ),
    ]

    @admin.display(description="What it is")
    def about(self, dial: Dial) -> str:
        return dials.MEANINGS[dial.pk].about

    @admin.display(description="Unit")
    def unit(self, dial: Dial) -> str:
        return dials.MEANINGS[dial.pk].unit

    @admin.display(description="Stands at")
    def stands_at(self, dial: Dial) -> str:
        return f"{dials.now(dial.pk):,}"

    @admin.display(description="Between")
    def range(self, dial: Dial) -> str:
        meaning = dials.MEANINGS[dial.pk]
        return f"{meaning.least:,} and {meaning.most:,}"

    def version(self, row: Any) -> str:
        newest = row.changes.order_by("-id").values_list("id", flat=True).first()
        return str(newest or 0)

    def more(self, row: Any) -> dict[str, Any]:
        return {"changes": row.changes.select_related("by")[:100]}

    def page(self, request: HttpRequest, row: Any, **given: Any) -> TemplateResponse:
        answer = super().page(request, row, **given)
        assert answer.context_data is not None
        looking = Looking(request.GET if "value" in request.GET else None)
        if looking.is_valid():
            value = looking.cleaned_data["value"]
            answer.context_data |= {"looked_at": value, "meant": preview(row.pk, value)}
        return answer
