"""The shape of what sellers write. One set of rules for the page and the API."""

import math
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms

from listings.models import (
    GREATEST_DISCOUNT_BP,
    LARGEST_FACE_VALUE_CENTS,
    LEAST_DISCOUNT_BP,
    Listing,
    Report,
    earliest_expiry,
)
from listings.vault import LONGEST_CODE, MOST_CODES, Deposit
from payments import money
from providers.models import Program, Provider
from providers.secret_patterns import find_secrets
from providers.vocabulary import TransferMethod

CURRENCIES = ("USD",)
DOLLAR_CENTS = 100


class PlainTextField(forms.CharField):
    """Text without invisible characters and without anybody's keys."""

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if any(
            unicodedata.category(c) in ("Cc", "Cf", "Co", "Cs") and c not in "\r\n\t" for c in text
        ):
            raise forms.ValidationError("Remove the invisible characters.")
        if secrets := find_secrets(text):
            raise forms.ValidationError(
                f"This contains something that looks like a key ({secrets[0].masked}). Keys and "
                "passwords are never a way to hand over credit: remove it, and revoke it if it is "
                "real."
            )
        return text


class CentsField(forms.IntegerField):
    """A whole number of cents."""

    def __init__(self, **kwargs: Any) -> None:
        limits = {"min_value": 1, "max_value": LARGEST_FACE_VALUE_CENTS}
        super().__init__(**{**limits, **kwargs})

    def to_python(self, value: Any) -> int | None:
        if isinstance(value, bool | float):
            raise forms.ValidationError("Give a whole number of cents.")
        return super().to_python(value)


class DollarsField(forms.DecimalField):
    """An amount as people write it, kept in cents."""

    def __init__(self, **kwargs: Any) -> None:
        limits = {
            "min_value": Decimal("0.01"),
            "max_value": Decimal(LARGEST_FACE_VALUE_CENTS) / DOLLAR_CENTS,
            "max_digits": 12,
            "decimal_places": 2,
        }
        super().__init__(**{**limits, **kwargs})

    def clean(self, value: Any) -> int | None:
        amount: Decimal | None = super().clean(value)
        return None if amount is None else int(amount * DOLLAR_CENTS)

    def prepare_value(self, value: Any) -> Any:
        return Decimal(value) / DOLLAR_CENTS if isinstance(value, int) else value


class PercentField(forms.DecimalField):
    """A percentage as people write it, kept in basis points."""

    def __init__(self, **kwargs: Any) -> None:
        limits = {
            "min_value": Decimal(LEAST_DISCOUNT_BP) / 100,
            "max_value": Decimal(GREATEST_DISCOUNT_BP) / 100,
            "max_digits": 4,
            "decimal_places": 2,
        }
        super().__init__(**{**limits, **kwargs})

    def clean(self, value: Any) -> int | None:
        percent: Decimal | None = super().clean(value)
        return None if percent is None else int(percent * 100)

    def prepare_value(self, value: Any) -> Any:
        return Decimal(value) / 100 if isinstance(value, int) else value


class CodesField(forms.Field):
    """Codes as a list of `{code, face_value_cents}`, each a `Deposit` when clean."""

    def to_python(self, value: Any) -> list[Deposit]:
        if not value:
            return []
        if not isinstance(value, list) or len(value) > MOST_CODES:
            raise forms.ValidationError(f"Give a list of at most {MOST_CODES} codes.")
        worth = CentsField()
        deposits = []
        for number, item in enumerate(value, start=1):
            try:
                code = PlainTextField(max_length=LONGEST_CODE).clean(item["code"])
                deposits.append(Deposit(code, worth.clean(item["face_value_cents"])))
            except (KeyError, TypeError):
                raise forms.ValidationError(
                    f"Code {number}: give `code` and `face_value_cents`."
                ) from None
            except forms.ValidationError as error:
                raise forms.ValidationError(f"Code {number}: {error.messages[0]}") from None
        return deposits


class CodeLinesField(CodesField):
    """Codes as people paste them: one a line, all of the same value."""

    widget = forms.Textarea(attrs={"rows": 6, "autocomplete": "off", "spellcheck": "false"})

    def to_python(self, value: Any) -> list[Deposit]:
        lines = [line.strip() for line in str(value or "").splitlines() if line.strip()]
        # Their value is known only beside the other fields: `SellForm.clean` fills it in.
        return super().to_python([{"code": line, "face_value_cents": 1} for line in lines])


class ListingForm(forms.Form):
    """An offer as programs write it: cents, basis points, codes as a list."""

    provider = forms.ModelChoiceField(Provider.objects.filter(retired=False))
    program = forms.CharField(required=False)
    title = PlainTextField(max_length=120, min_length=5)
    description = PlainTextField(max_length=4000, required=False, widget=forms.Textarea)
    currency = forms.CharField(max_length=3)
    face_value_cents = CentsField()
    min_order_cents = CentsField()
    step_cents = CentsField(required=False)
    discount_bp = forms.IntegerField(min_value=LEAST_DISCOUNT_BP, max_value=GREATEST_DISCOUNT_BP)
    expires_on = forms.DateField(input_formats=["%Y-%m-%d"])
    region = PlainTextField(max_length=60, required=False)
    transfer_method = forms.ChoiceField(choices=TransferMethod.choices)
    codes = CodesField(required=False)

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, deposited: bool = False, **kwargs: Any
    ) -> None:
        # `deposited`: the codes are in the vault already, so none need to be given again.
        self.deposited = deposited
        super().__init__(data, **kwargs)

    def clean_currency(self) -> str:
        currency: str = self.cleaned_data["currency"].upper()
        if currency not in CURRENCIES:
            raise forms.ValidationError(f"Only {', '.join(CURRENCIES)} can be traded for now.")
        return currency

    def clean_expires_on(self) -> Any:
        expires_on, earliest = self.cleaned_data["expires_on"], earliest_expiry()
        if expires_on < earliest:
            raise forms.ValidationError(
                f"The credit must last until {earliest:%d %b %Y} at least, so that a trade can be "
                "finished before it expires."
            )
        return expires_on

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        self._clean_program(given)
        self._clean_method(given)
        self._clean_codes(given)
        self._clean_amounts(given)
        return given

    def _clean_program(self, given: dict[str, Any]) -> None:
        slug, provider = given.get("program"), given.get("provider")
        given["program"] = None
        if slug and provider:
            given["program"] = Program.objects.filter(provider=provider, slug=slug).first()
            if given["program"] is None:
                self.add_error("program", f"{provider.name} has no programme of that name here.")

    def _clean_method(self, given: dict[str, Any]) -> None:
        method, provider = given.get("transfer_method"), given.get("provider")
        if method and provider and method not in provider.transfer_methods:
            possible = ", ".join(provider.transfer_methods)
            self.add_error(
                "transfer_method", f"Credit of {provider.name} moves by {possible} only."
            )

    def _clean_codes(self, given: dict[str, Any]) -> None:
        codes, face_value = given.get("codes"), given.get("face_value_cents")
        if not codes:
            return
        if given.get("transfer_method", TransferMethod.REDEEM_CODE) != TransferMethod.REDEEM_CODE:
            self.add_error("codes", "Codes belong to the transfer method redeem_code only.")
        elif len(values := {item.face_value_cents for item in codes}) > 1:
            self.add_error(
                "codes",
                "All codes of an offer have the same value. Make one offer for each value.",
            )
        elif face_value and sum(item.face_value_cents for item in codes) != face_value:
            self.add_error("codes", "Together the codes must be worth exactly the face value.")
        else:
            given["step_cents"] = values.pop()

    def _clean_amounts(self, given: dict[str, Any]) -> None:
        whole, least = given.get("face_value_cents"), given.get("min_order_cents")
        if not (whole and least):
            return
        if least > whole:
            self.add_error("min_order_cents", "The smallest order is at most the face value.")
            return
        discount = given.get("discount_bp")
        if "step_cents" in self.errors or not discount:
            return
        step, field = given.get("step_cents"), "step_cents"
        if not step:
            step, field = _default_step(whole, least, discount), "min_order_cents"
            given["step_cents"] = step
        said = self.say(step)
        if money.price_of(step, discount) < money.LEAST_CHARGE_CENTS:
            self.add_error(
                field,
                f"At this discount {said} would cost less than "
                f"{self.say(money.LEAST_CHARGE_CENTS)}, and cards cannot be charged less.",
            )
        if whole % step:
            self.add_error("face_value_cents", f"The face value must be a multiple of {said}.")
        if least % step:
            self.add_error("min_order_cents", f"The smallest order must be a multiple of {said}.")

    def say(self, cents: int) -> str:
        """An amount in the unit in which this form is filled in."""
        return f"{cents} cents"


def _default_step(whole: int, least: int, discount_bp: int) -> int:
    """A dollar, where that divides the amounts and can be charged; else what divides them."""
    dollars = not (whole % DOLLAR_CENTS or least % DOLLAR_CENTS)
    if dollars and money.price_of(DOLLAR_CENTS, discount_bp) >= money.LEAST_CHARGE_CENTS:
        return DOLLAR_CENTS
    return math.gcd(whole, least)


class SellForm(ListingForm):
    """An offer as people write it: dollars, percent, codes one a line."""

    face_value_cents = DollarsField(label="Face value")  # type: ignore[assignment]
    min_order_cents = DollarsField(label="Smallest order")  # type: ignore[assignment]
    step_cents = DollarsField(label="In steps of", required=False)  # type: ignore[assignment]
    discount_bp = PercentField(label="Discount")
    codes = CodeLinesField(required=False)
    currency = forms.CharField(initial="USD", widget=forms.HiddenInput)

    def say(self, cents: int) -> str:
        return f"${cents // DOLLAR_CENTS}.{cents % DOLLAR_CENTS:02}"

    def _clean_codes(self, given: dict[str, Any]) -> None:
        codes, face_value = given.get("codes"), given.get("face_value_cents")
        if codes and face_value:
            worth, rest = divmod(face_value, len(codes))
            if rest:
                self.add_error(
                    "codes", f"The face value does not divide evenly among {len(codes)} codes."
                )
                return
            given["codes"] = [Deposit(item.code, worth) for item in codes]
        super()._clean_codes(given)


class ConsentForm(forms.Form):
    """What a consent says of itself, beside its file."""

    valid_until = forms.DateField(
        required=False,
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": "Valid until: give a day, as in 2027-01-31, or nothing."},
    )


class ReportForm(forms.ModelForm):
    """What is wrong with an offer."""

    reason = forms.ChoiceField(
        label="What is wrong?", choices=[("", "Choose what fits best"), *Report.REASONS]
    )
    text = PlainTextField(
        label="What should we know?",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 6}),
    )

    class Meta:
        model = Report
        fields = ["reason", "text"]


class AskForm(forms.Form):
    """A question to the seller."""

    text = PlainTextField(
        label="Your question",
        help_text="About the credit, not about you: once it is answered, everybody reads it here.",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class AnswerForm(forms.Form):
    """The seller's answer."""

    text = PlainTextField(
        label="Your answer",
        help_text="Everybody reads it on the listing’s page.",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


def initial(listing: Listing) -> dict[str, Any]:
    """A listing as the data of its form."""
    fields = ListingForm.base_fields.keys() - {"codes", "provider", "program"}
    values: dict[str, Any] = {name: getattr(listing, name) for name in fields}
    values["provider"] = listing.provider_id
    values["program"] = listing.program.slug if listing.program else ""
    return values
