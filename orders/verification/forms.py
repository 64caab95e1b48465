"""What the buyer types to have an arrival measured."""

from django import forms

from providers.readings import LONGEST_KEY


class LendForm(forms.Form):
    """A key. The browser neither keeps it nor is it ever sent back."""

    key = forms.CharField(
        label="Key",
        max_length=LONGEST_KEY,
        widget=forms.PasswordInput(
            render_value=False, attrs={"autocomplete": "off", "spellcheck": "false"}
        ),
        error_messages={"required": "Paste the key."},
    )
    watch = forms.BooleanField(
        label="Read the balance on after the arrival, in case it is taken back",
        required=False,
        help_text="Then the key stays, encrypted, until the watch is over; you can end it at any "
        "time.",
    )
