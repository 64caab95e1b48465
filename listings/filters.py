"""The search form as people meet it: choices instead of cents, and tags that take one away."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple, cast
from urllib.parse import urlencode

from django import forms
from django.forms.renderers import BaseRenderer
from django.forms.utils import flatatt
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.frames import poured
from listings.facets import counts
from listings.search import DEFAULT_ORDER, SearchForm, Wanted, asked
from providers.known import name_of

# The values are those of the API; what an address brings besides them is added to its list.
CHOICES = {
    "min_discount_bp": ("Any", (4000, 5000, 6000)),
    "max_price_cents": ("Any price", (25_00, 100_00, 500_00, 1000_00, 5000_00)),
    "min_available_cents": ("Any amount", (100_00, 500_00, 1000_00, 5000_00)),
    "min_days_left": ("Any time", (30, 90, 180, 365)),
}
CHOSEN = ("provider", "category", "proof", "transfer_method", "min_seller_tier")


class Tag(NamedTuple):
    """A filter that is on: its field, its cleaned value, and the address without it."""

    name: str
    value: Any
    words: str
    without: str


class Choice(NamedTuple):
    """One value of a filter by number; the template says it in dollars or percent."""

    value: int
    chosen: bool
    many: str


class QuickSelect(forms.Select):
    """A select as Django's, without a template for each of its 68 options."""

    def render(
        self,
        name: str,
        value: Any,
        attrs: dict[str, Any] | None = None,
        renderer: BaseRenderer | None = None,
    ) -> SafeString:
        chosen = set(self.format_value(value))
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((key, " selected" if key in chosen else "", text) for key, text in self.choices),
        )
        given = flatatt(self.build_attrs(self.attrs, {**(attrs or {}), "name": name}))
        return format_html("<select{}>{}</select>", given, options)


class BrowseForm(SearchForm):
    """The filters of the browse page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in (*CHOSEN, "ordering"):
            field = cast(forms.ChoiceField, self.fields[name])
            field.widget = QuickSelect(choices=list(field.widget.choices))
        self.fields["q"].widget = forms.TextInput(
            attrs={"type": "search", "placeholder": "Replicate, GPU, images"}
        )
        self.fields["expires_after"].widget = forms.DateInput(
            attrs={"type": "date", "min": timezone.now().date().isoformat()}
        )

    def count(self) -> None:
        """Say at each choice how many offers it would leave, as far as they have been counted."""
        self.counted = counts(getattr(self, "cleaned_data", {}))
        for name in CHOSEN:
            if not self.counted[name]:
                continue
            widget = cast(QuickSelect, self.fields[name].widget)
            widget.choices = [
                (value, f"{words}{self._many(name, value)}" if value else words)
                for value, words in widget.choices
            ]

    def _many(self, name: str, value: Any) -> str:
        found = getattr(self, "counted", {}).get(name)
        return f" ({found[value]:,})" if found else ""

    def choices(self) -> Iterator[tuple[forms.BoundField, str, list[Choice]]]:
        """The filters by number: the field, the word for all, and the values to choose from."""
        for name, (every, usual) in CHOICES.items():
            chosen = getattr(self, "cleaned_data", {}).get(name)
            values = sorted({*usual} | ({chosen} if chosen else set()))
            yield (
                self[name],
                every,
                [Choice(value, value == chosen, self._many(name, value)) for value in values],
            )


def panel(query: Mapping[str, str], words: str) -> SafeString:
    """The form of an address that can be read, filled in and counted, with these words in it."""

    def make(marks: Mapping[str, SafeString]) -> SafeString:
        form = BrowseForm({**dict(query.items()), "q": marks["words"]})
        form.is_valid()
        form.count()
        return render_to_string("listings/panel.html", {"form": form})

    parts, key = {"words": escape(words)}, asked(query)
    return (
        SafeString(make(parts)) if key is None else poured(make, parts=parts, key=("panel", *key))
    )


def address(wanted: Wanted, *, but: str = "") -> str:
    """The query of the browse page that asks for this, without what is empty and in one order."""
    given = {
        name: value
        for name, value in wanted.items()
        if value not in (None, "") and name != but and (name, value) != ("ordering", DEFAULT_ORDER)
    }
    return urlencode(given)


def tags(wanted: Wanted) -> list[Tag]:
    """What is asked for, each with the way to stop asking for it."""
    return [
        Tag(name, value, _words(name, value), f"?{address(wanted, but=name)}")
        for name, value in wanted.items()
        if value not in (None, "") and name != "ordering"
    ]


def _words(name: str, value: Any) -> str:
    return name_of(value) if name == "provider" else str(_labels(name).get(value, value))


@cache
def _labels(name: str) -> dict[Any, Any]:
    return dict(getattr(SearchForm.base_fields[name], "choices", ()))
