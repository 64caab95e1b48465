"""The shape of what the parties of a trade write."""

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any
from uuid import uuid4

from django import forms
from django.http import QueryDict

from listings.forms import CentsField, DollarsField, PlainTextField
from listings.models import GREATEST_DISCOUNT_BP, LEAST_DISCOUNT_BP
from orders.evidence_models import TO_COMPARE
from orders.models import CodeProblem, Dispute
from payments import money

# More lines than any basket has parts.
MOST_LINES = 20
LONGEST_RECIPIENT, LONGEST_MESSAGE, LONGEST_RATING = 254, 2000, 1000


class PlaceForm(forms.Form):
    """How much of an offer, and what its page said it would cost.

    `key` is made anew each time the form is shown: a form that is sent twice places one order.
    """

    face_value = DollarsField(label="Amount", required=False)
    face_value_cents = CentsField(label="Amount", required=False)
    expected_price_cents = CentsField(label="Price", required=False)
    discount_bp = forms.IntegerField(
        label="Discount",
        required=False,
        min_value=LEAST_DISCOUNT_BP,
        max_value=GREATEST_DISCOUNT_BP,
    )
    recipient = PlainTextField(label="Recipient", required=False, max_length=LONGEST_RECIPIENT)
    key = forms.UUIDField(required=False)

    def clean_key(self) -> str:
        return f"page:{self.cleaned_data['key'] or uuid4()}"

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        amount = given.pop("face_value", None) or given.get("face_value_cents")
        if not amount and not {"face_value", "face_value_cents"} & self.errors.keys():
            self.add_error("face_value", "Say how much credit you want.")
        given["face_value_cents"] = amount
        discount = given.pop("discount_bp", None)
        if amount and discount and not given.get("expected_price_cents"):
            given["expected_price_cents"] = money.price_of(amount, discount)
        return given

    def complaints(self) -> list[str]:
        """Each error with the name of its field, for a page that cannot show this form."""
        return [
            f"{self[name].label}: {text}" for name, texts in self.errors.items() for text in texts
        ]


class PartForm(forms.Form):
    """One part of a basket: so much of an offer, at the price that its page said."""

    listing = forms.UUIDField(label="Offer")
    face_value_cents = CentsField(label="Amount")
    expected_price_cents = CentsField(label="Price")


class BasketForm(forms.Form):
    """What a plan says, sent back: a line for each part, and where the buyer came from.

    `key` is made anew each time the form is shown: a form that is sent twice places one basket.
    """

    key = forms.UUIDField(required=False)
    provider = forms.SlugField(required=False, max_length=60)
    amount = forms.CharField(required=False, max_length=30)
    recipient = PlainTextField(label="Recipient", required=False, max_length=LONGEST_RECIPIENT)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        columns = [data.getlist(name)[:MOST_LINES] for name in PartForm.base_fields]
        # A field that is missing in one line is missing in the last: `PartForm` says so.
        lines = zip_longest(*columns, fillvalue="")
        self.lines = [
            PartForm(dict(zip(PartForm.base_fields, line, strict=True))) for line in lines
        ]

    def clean(self) -> dict[str, Any]:
        if not all(line.is_valid() for line in self.lines):
            raise forms.ValidationError("This plan cannot be read. Ask for it once more.")
        where = {"recipient": self.cleaned_data.get("recipient", "")}
        self.cleaned_data["parts"] = [line.cleaned_data | where for line in self.lines]
        return self.cleaned_data

    def clean_key(self) -> str:
        return f"page:{self.cleaned_data['key'] or uuid4()}"


class RecipientForm(forms.Form):
    """Where the credit is to go at the provider."""

    recipient = PlainTextField(
        label="Where should the credit go?",
        help_text="The e-mail address or account name that you use at the provider. "
        "Never a password or a key.",
        max_length=LONGEST_RECIPIENT,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class SentForm(forms.Form):
    """What the seller says about the credit they sent."""

    note = PlainTextField(
        label="Note to the buyer",
        help_text="What you sent and how to find it: an amount, a date, a reference. "
        "Never a password or a key.",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    part_cents = DollarsField(
        label="Only part of it, in dollars",
        required=False,
        help_text="Leave this empty if all of it is sent. A part is paid for once it has arrived, "
        "and the rest of the payment stays held until you send the rest.",
    )


class DisputeForm(forms.Form):
    """What is wrong with a trade."""

    reason = forms.ChoiceField(
        label="What is wrong?", choices=Dispute.REASONS, widget=forms.RadioSelect
    )
    text = PlainTextField(
        label="What happened?",
        help_text="Say what you expected and what you see instead. The other side and a moderator "
        "read this.",
        max_length=4000,
        min_length=10,
        widget=forms.Textarea(attrs={"rows": 5}),
    )


class AnswerForm(forms.Form):
    """How the seller sees it."""

    text = PlainTextField(
        label="Your answer",
        help_text="Say what you sent, when and how, and what shows it. The buyer and a moderator "
        "read this.",
        max_length=4000,
        min_length=10,
        widget=forms.Textarea(attrs={"rows": 5}),
    )


class ProposalForm(forms.Form):
    """How a party would split the held payment."""

    refund_cents = DollarsField(
        label="The buyer gets back",
        help_text="The rest of the payment is released to the seller, less the commission on it.",
    )


class AppealForm(forms.Form):
    """Why a decision is wrong."""

    text = PlainTextField(
        label="What did the decision miss?",
        help_text="The other side and another moderator read this.",
        max_length=4000,
        min_length=10,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class MessageForm(forms.Form):
    """What to say to the other party."""

    text = PlainTextField(
        label="Your message",
        help_text="Plain text, about this trade. Contact details are taken out; keys and passwords "
        "are refused.",
        max_length=LONGEST_MESSAGE,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    picture = forms.FileField(
        label="Picture",
        required=False,
        help_text="PNG or JPEG, up to 5 MB. Nothing that is secret: neither keys nor codes.",
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg"}),
    )
    nonce = forms.CharField(required=False, widget=forms.HiddenInput, max_length=300)


class RatingForm(forms.Form):
    """How a trade was."""

    stars = forms.TypedChoiceField(
        label="How was it?",
        coerce=int,
        choices=[(5, "5: very good"), (4, "4"), (3, "3"), (2, "2"), (1, "1: very bad")],
        widget=forms.RadioSelect,
    )
    text = PlainTextField(
        label="In a few words",
        required=False,
        help_text="Everybody can read it. Say nothing that tells who somebody is.",
        max_length=LONGEST_RATING,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class RatingReportForm(forms.Form):
    """What is wrong with a rating."""

    text = PlainTextField(
        label="What is wrong with it?",
        max_length=LONGEST_RATING,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class EvidenceForm(forms.Form):
    """A picture that shows how a trade went."""

    picture = forms.FileField(
        label="Picture",
        help_text="PNG or JPEG, up to 5 MB. Cut away or black out what is nobody’s business.",
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg"}),
    )
    kind = forms.ChoiceField(
        label="What does it show?", choices=TO_COMPARE, widget=forms.RadioSelect
    )
    note = PlainTextField(label="In a sentence", required=False, max_length=500)
    nonce = forms.CharField(widget=forms.HiddenInput, max_length=300)


class CodeReportForm(forms.Form):
    """Which codes did not work: a choice for each, and what happened."""

    text = PlainTextField(
        label="What happened?",
        help_text="What the provider said when you redeemed them. The seller and a moderator read "
        "this. Never the codes themselves.",
        max_length=4000,
        min_length=10,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, endings: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.numbers = range(1, len(endings) + 1)
        for number, ending in enumerate(endings, start=1):
            self.fields[f"code_{number}"] = forms.ChoiceField(
                label=f"Code {number}, ends in {ending}",
                choices=[("", "Works, or not tried"), *CodeProblem.choices],
                required=False,
            )
        self.order_fields([f"code_{number}" for number in self.numbers])

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        found = {number: given.get(f"code_{number}") for number in self.numbers}
        problems = {number: problem for number, problem in found.items() if problem}
        if not problems and not self.errors:
            raise forms.ValidationError("Say of at least one code what is wrong with it.")
        return {"problems": problems, "text": given.get("text", "")}
