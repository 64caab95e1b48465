"""What a moderator fills in to stop something for a while, or to allow it again."""

from django import forms

from accounts.acts import Reasoned
from accounts.restrictions import CHOICES


def _until() -> forms.DateField:
    return forms.DateField(
        label="To the end of this day (UTC)",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Empty: until somebody lifts it.",
    )


class Suspending(Reasoned):
    """Until when, and why."""

    until = _until()
    field_order = ("until", "reason")


class Restricting(Reasoned):
    """What, until when, and why."""

    kind = forms.ChoiceField(label="What stops", choices=CHOICES)
    until = _until()
    field_order = ("kind", "until", "reason")


class Lifting(Reasoned):
    """What is allowed again, and why."""

    kind = forms.ChoiceField(label="What is allowed again", choices=CHOICES)
    field_order = ("kind", "reason")
