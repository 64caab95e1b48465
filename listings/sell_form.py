"""The form of an offer, fitted to the provider whose credit it is."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django import forms

from listings.forms import SellForm
from listings.models import Listing, earliest_expiry
from providers.models import Provider
from providers.vocabulary import TransferMethod

METHOD_WORDS = {
    TransferMethod.REDEEM_CODE: "You deposit unused codes here; the buyer reveals them.",
    TransferMethod.BALANCE_TRANSFER: "You send the amount to the buyer’s account.",
    TransferMethod.ORG_TRANSFER: "You hand over the organisation that holds it.",
    TransferMethod.SEAT_INVITE: "You invite the buyer into your organisation.",
    TransferMethod.ASSISTED: "The provider moves it, as its consent says.",
}


class OfferForm(SellForm):
    """One provider's form: its programmes, its ways of moving, and plain words for each field."""

    min_order_cents: Any
    step_cents: Any

    def __init__(
        self, data: Any = None, *, of: Provider, listing: Listing | None = None, **kwargs: Any
    ) -> None:
        self.of, self.listing = of, listing
        super().__init__(data, **kwargs)
        self.fields["provider"].widget = forms.HiddenInput()
        self.fields["provider"].initial = of.pk
        self._fit()
        self._explain()

    def _fit(self) -> None:
        programs = self.of.programs.filter(retired=False).values_list("slug", "name")
        self.fields["program"].widget = forms.Select(
            choices=[("", "Another, or I am not sure"), *programs]
        )
        methods = [TransferMethod(method) for method in self.of.transfer_methods]
        self.fields["transfer_method"] = forms.ChoiceField(
            label="How will it reach the buyer?",
            choices=[(method.value, method.label) for method in methods],
            widget=forms.RadioSelect,
            initial=methods[0].value,
            error_messages={"invalid_choice": f"Credit of {self.of.name} does not move that way."},
        )
        for name in ("min_order_cents", "step_cents"):
            self.fields[name].required = False
        earliest = earliest_expiry()
        self.fields["expires_on"].widget = forms.DateInput(
            format="%Y-%m-%d",
            attrs={"type": "date", "min": earliest.isoformat()},
        )
        self.fields["expires_on"].initial = earliest + timedelta(days=90)
        for name in ("face_value_cents", "min_order_cents", "step_cents", "discount_bp"):
            self.fields[name].widget = forms.TextInput(attrs={"inputmode": "decimal"})

    def _explain(self) -> None:
        name = self.of.name
        words = {
            "title": ("Title", "What a buyer reads first. Say what it is, not how cheap."),
            "description": (
                "Description",
                "Where it comes from, what it can be used for, and anything that limits it. "
                "Never keys or passwords.",
            ),
            "program": ("Where does it come from?", f"The programme of {name} that gave it."),
            "face_value_cents": ("Face value", f"What it is worth at {name}’s list prices."),
            "discount_bp": ("Discount", "From 30 to 70%. More sells sooner."),
            "min_order_cents": ("Smallest order", "Leave it empty to sell in one piece."),
            "step_cents": ("In steps of", "Leave it empty for whole dollars."),
            "expires_on": ("Expires on", "The last day on which the credit can be spent."),
            "region": ("Region", "Only if it can be spent in one region."),
            "codes": (
                "Codes",
                "One a line, all of the same worth. They are encrypted as you save, and nobody "
                "sees them before a buyer has paid.",
            ),
        }
        for field, (label, help_text) in words.items():
            self.fields[field].label = label
            self.fields[field].help_text = help_text
        limits = {"min_value": "Offer a discount between 30 and 70 percent."}
        limits["max_value"] = limits["min_value"]
        self.fields["discount_bp"].error_messages |= limits

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("transfer_method") == TransferMethod.REDEEM_CODE:
            given["step_cents"] = given["min_order_cents"] = self._one_code(given)
        if given.get("min_order_cents") is None and "min_order_cents" not in self.errors:
            given["min_order_cents"] = given.get("face_value_cents")
        return super().clean()

    def _one_code(self, given: dict[str, Any]) -> int | None:
        """What one code is worth, where that is known; codes are sold one by one."""
        whole, codes = given.get("face_value_cents"), given.get("codes")
        if whole and codes:
            return int(whole // len(codes))
        return self.listing.step_cents if self.listing and self.deposited else None

    def methods(self) -> Iterator[tuple[Any, str]]:
        """The ways of moving as choices, each with what the seller does."""
        for option in self["transfer_method"]:
            yield option, METHOD_WORDS[TransferMethod(option.data["value"])]

    def terms(self) -> dict[str, Any]:
        """The cleaned data without the codes, as `publishing` takes it."""
        return {name: value for name, value in self.cleaned_data.items() if name != "codes"}
