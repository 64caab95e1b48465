"""Checks in the console: how each is set, what it would have found, and setting it anew."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin

from accounts.console import Act, ConsoleAdmin, Reasoned
from listings import tuning
from listings.check_models import HEAVIEST, Check
from listings.checks import BY_NAME


class TuningForm(Reasoned):
    """How the check is to be set."""

    weight = forms.IntegerField(
        label="Weight",
        min_value=0,
        max_value=HEAVIEST,
        help_text="What a finding adds to the score",
    )
    threshold = forms.IntegerField(
        label="Threshold", min_value=1, max_value=10**12, help_text="In the unit of this check"
    )
    is_on = forms.TypedChoiceField(
        label="State",
        choices=[("on", "On"), ("off", "Off")],
        coerce=lambda word: word == "on",
    )
    field_order = ("weight", "threshold", "is_on", "reason")


def _as_it_is(check: Check) -> dict[str, Any]:
    return {
        "weight": check.weight,
        "threshold": check.threshold,
        "is_on": "on" if check.is_on else "off",
    }


@admin.register(Check)
class CheckAdmin(ConsoleAdmin):
    page_template = "console/check.html"
    list_display = ("__str__", "weight", "threshold", "unit", "is_on", "since")
    ordering = ("name",)
    facts: ClassVar = [
        ("Check", ("example", "unit", "weight", "threshold", "is_on", "since")),
    ]
    acts: ClassVar = [
        Act(
            name="trial",
            label="Try it",
            done="Tried on past offers: the newest line of the history says what it would find.",
            do=tuning.attempt,
            form=TuningForm,
            tone="quiet",
            begins_with=_as_it_is,
            hint="Try it first. A new setting counts for offers handed in from then on.",
        ),
        Act(
            name="setting",
            label="Put in force",
            done="In force for offers handed in from now on.",
            do=tuning.change,
            form=TuningForm,
            begins_with=_as_it_is,
        ),
    ]

    @admin.display(description="Says")
    def example(self, check: Check) -> str:
        rule = BY_NAME.get(check.name)
        return rule.sentence(check.threshold, check.threshold) if rule else ""

    @admin.display(description="Unit")
    def unit(self, check: Check) -> str:
        rule = BY_NAME.get(check.name)
        return rule.unit if rule else ""

    def version(self, row: Any) -> str:
        return f"{row.weight}:{row.threshold}:{row.is_on}"

    def more(self, row: Any) -> dict[str, Any]:
        return {"tunings": row.tunings.select_related("by")[:50]}
