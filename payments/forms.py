"""Forms about money."""

from typing import Any

from django import forms
from django.conf import settings

from accounts.acts import Reasoned
from payments.models import PayoutPlan

LARGEST_MINIMUM_CENTS = 1_000_000_00


class GiveBackForm(Reasoned):
    """How much of a released payment goes back to its buyer; typed in dollars."""

    refund_cents = forms.DecimalField(
        label="The buyer gets back (dollars)",
        min_value=0,
        max_digits=12,
        decimal_places=2,
        help_text="Taken from the seller, with the commission on it.",
        error_messages={"required": "Say how much goes back."},
    )
    field_order = ("refund_cents", "reason")

    def clean_refund_cents(self) -> int:
        return int(self.cleaned_data["refund_cents"] * 100)


class PlanForm(forms.Form):
    """How often a seller is paid out, and from which amount on; typed in dollars."""

    every = forms.ChoiceField(label="Pay out", choices=PayoutPlan.EVERY, required=False)
    minimum = forms.DecimalField(
        label="Smallest amount, in dollars",
        max_digits=9,
        decimal_places=2,
        error_messages={
            "required": "Smallest amount: give a number of dollars.",
            "invalid": "Smallest amount: give a number of dollars, such as 20.",
        },
    )

    @classmethod
    def of(cls, plan: PayoutPlan) -> "PlanForm":
        """The form as it is first shown."""
        dollars = f"{plan.minimum_cents // 100}.{plan.minimum_cents % 100:02}"
        return cls(initial={"every": plan.every, "minimum": dollars})

    def clean_minimum(self) -> int:
        cents = int(self.cleaned_data["minimum"] * 100)
        least = settings.PAYOUT_MINIMUM_CENTS
        if not least <= cents <= LARGEST_MINIMUM_CENTS:
            raise forms.ValidationError(
                f"Smallest amount: from ${least / 100:.2f} to ${LARGEST_MINIMUM_CENTS // 100:,}."
            )
        return cents

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if "minimum" in cleaned:
            cleaned["minimum_cents"] = cleaned.pop("minimum")
        return cleaned
