"""What the calculators ask; all of it stands in the address, so that an answer can be passed on."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone

from listings.forms import DollarsField
from providers.estimates import split_unit
from providers.known import current_names, name_of
from providers.models import UnitPrice

MOST_CALLS = 10**9
MOST_UNITS = 10**12
NANODOLLARS = 10**9


class TinyPriceField(forms.DecimalField):
    """Dollars with up to nine places, kept in nanodollars."""

    def __init__(self, **kwargs: Any) -> None:
        limits = {
            "min_value": Decimal("0.000000001"),
            "max_value": Decimal(100_000),
            "max_digits": 15,
            "decimal_places": 9,
        }
        super().__init__(**{**limits, **kwargs})

    def clean(self, value: Any) -> int | None:
        amount: Decimal | None = super().clean(value)
        return None if amount is None else int(amount * NANODOLLARS)


class Calculator(forms.Form):
    """A form whose fields have their first value where the address says nothing."""

    def __init__(self, given: Any, *, first: dict[str, Any]) -> None:
        missing = {name: value for name, value in first.items() if name not in given}
        super().__init__({**missing, **{name: given.get(name) for name in given}})
        for field in self.fields.values():
            if isinstance(field, forms.DecimalField | forms.IntegerField):
                field.widget = forms.TextInput(attrs={"inputmode": "decimal"})


class CreditForm(Calculator):
    """Whose credit, and how much of it."""

    provider = forms.ChoiceField(label="Provider")
    amount = DollarsField(label="Amount of credit")

    def __init__(self, given: Any, **kwargs: Any) -> None:
        super().__init__(given, **kwargs)
        self.fields["provider"] = forms.ChoiceField(
            label="Provider", choices=list(current_names().items())
        )


class HostingForm(Calculator):
    """One kind of call, at a provider and on a machine."""

    calls = forms.IntegerField(
        label="Calls a month", min_value=1, max_value=MOST_CALLS, localize=False
    )
    call_price = TinyPriceField(label="Price of one call")
    call_seconds = forms.DecimalField(
        label="Seconds that a call takes",
        min_value=Decimal("0.001"),
        max_value=Decimal(86_400),
        decimal_places=3,
    )
    machine_hour = TinyPriceField(label="Your machine, an hour")
    other = DollarsField(
        label="What else it costs a month",
        min_value=Decimal(0),
        help_text="Storage, traffic, care.",
    )
    provider = forms.ChoiceField(label="Credit bought here", required=False)

    def __init__(self, given: Any, **kwargs: Any) -> None:
        super().__init__(given, **kwargs)
        self.fields["provider"] = forms.ChoiceField(
            label="With credit bought here",
            required=False,
            choices=[("", "Leave it out"), *current_names().items()],
        )


class UsingUpForm(Calculator):
    """What the credit is for, how fast it is used, and when it ends."""

    thing = forms.ChoiceField(label="What you use it for")
    amount = DollarsField(label="Amount of credit")
    per_day = forms.IntegerField(label="How many a day", min_value=1, max_value=MOST_UNITS)
    per_minute = forms.IntegerField(
        label="Rate limit, a minute",
        min_value=1,
        max_value=MOST_UNITS,
        required=False,
        help_text="Leave it empty if there is none.",
    )
    expires_on = forms.DateField(
        label="Last day of the credit", widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, given: Any, *, prices: list[UnitPrice], **kwargs: Any) -> None:
        super().__init__(given, **kwargs)
        self.prices = {key_of(price): price for price in prices}
        groups: dict[str, list[tuple[str, str]]] = {}
        for key, price in self.prices.items():
            name = name_of(price.provider_id)
            words = f"{name}: {price.what}, {split_unit(price.unit)[1]}"
            groups.setdefault(name, []).append((key, words))
        self.fields["thing"] = forms.ChoiceField(
            label="What you use it for", choices=sorted(groups.items())
        )

    def clean_expires_on(self) -> Any:
        day = self.cleaned_data["expires_on"]
        if day > timezone.localdate() + timedelta(days=36_500):
            raise forms.ValidationError("Give a day within the next hundred years.")
        return day

    @property
    def price(self) -> UnitPrice:
        """The price of what was chosen, once the form is clean."""
        return self.prices[self.cleaned_data["thing"]]


def key_of(price: UnitPrice) -> str:
    """A price as addresses name it; the same after the catalogue was loaded again."""
    return f"{price.provider_id}.{price.position}"
