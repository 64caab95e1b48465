"""What the component page shows: example objects, made up and never stored."""

import datetime
from collections import namedtuple
from types import SimpleNamespace
from typing import Any

from django import forms, template
from django.utils import timezone

register = template.Library()


class SpecimenForm(forms.Form):
    """One field of every kind."""

    title = forms.CharField(help_text="What a buyer reads first.", initial="$250 prepaid balance")
    email = forms.EmailField(label="E-mail", required=False)
    face_value = forms.CharField(label="Face value", initial="250.00")
    discount = forms.CharField(label="Discount", help_text="Between 30 and 70%.", initial="40")
    provider = forms.ChoiceField(choices=[("replicate", "Replicate"), ("vast", "Vast.ai")])
    method = forms.ChoiceField(
        label="How the credit moves",
        widget=forms.RadioSelect,
        choices=[
            ("redeem_code", "Redeem code"),
            ("balance_transfer", "Balance transfer"),
        ],
        initial="redeem_code",
    )
    note = forms.CharField(label="Description", widget=forms.Textarea, required=False)
    expires_on = forms.DateField(
        label="Expires on",
        widget=forms.DateInput(attrs={"type": "date"}),
        required=False,
    )
    consent = forms.FileField(
        label="Consent of the provider",
        help_text="PDF or image, up to 5 MB.",
        required=False,
    )
    agree = forms.BooleanField(label="I may give this credit away under the provider's terms.")


def _listing(provider: str, title: str, face: int, discount_bp: int) -> Any:
    fields: dict[str, Any] = {
        "pk": "example",
        "provider_id": provider,
        "title": title,
        "currency": "USD",
        "available_cents": face,
        "price_cents": face * (10_000 - discount_bp) // 10_000,
        "discount_bp": discount_bp,
        "expires_on": datetime.date(2027, 3, 12),
        "transfer_method": "redeem_code",
        "seller_id": 1,
        "seller__name": "Ada",
        "seller__standing__rating": 4.9,
        "seller__standing__completed_orders": 12,
    }
    return namedtuple("Offer", fields)(**fields)


def _step(title: str, state: str, text: str = "", **at: datetime.datetime) -> SimpleNamespace:
    return SimpleNamespace(title=title, state=state, text=text, **at)


def _trade(now: datetime.datetime) -> list[SimpleNamespace]:
    """A trade under way."""
    minutes = datetime.timedelta(minutes=1)
    return [
        _step("Placed", "done", "You ordered $100.00 of credit.", at=now - 42 * minutes),
        _step("Paid", "done", "$60.00 is held for you.", at=now - 40 * minutes),
        _step("Transfer", "current", "Ada sends the credit to you.", by=now + 90 * minutes),
        _step("Verification", "next", "You say that it arrived."),
        _step("Completed", "next", "The held payment goes to Ada."),
    ]


def _refunded(now: datetime.datetime) -> list[SimpleNamespace]:
    """A trade that ended with the money back."""
    minutes = datetime.timedelta(minutes=1)
    back = "$60.00 is on its way to your card."
    return [
        _step("Paid", "done", "$60.00 was held for you.", at=now - 80 * minutes),
        _step("Declined", "stopped", "Ada could not send the credit.", at=now - 20 * minutes),
        _step("Refunded", "done", back, at=now - 19 * minutes),
    ]


@register.simple_tag
def specimens() -> SimpleNamespace:
    """Make the examples: a form with and without errors, listings, steps of a trade."""
    now = timezone.now().replace(microsecond=0)
    wrong = SpecimenForm({"title": "", "discount": "29.99", "face_value": "250.00"})
    wrong.add_error("discount", "29.99% is below 30%. Offer a discount between 30 and 70%.")
    trades = [
        ("May", 4100, "41%"),
        ("Jun", 3900, "39%"),
        ("Jul", 4400, "44%"),
        ("Aug", 4600, "46%"),
    ]
    return SimpleNamespace(
        form=SpecimenForm(),
        wrong=wrong,
        listings=[
            _listing("replicate", "$250 of prepaid balance", 25_000, 4000),
            _listing("vast", "Balance for GPU hours, any amount from $10", 180_000, 3250),
            _listing("google-cloud", "Startup credit with consent, $2,000", 200_000, 6000),
        ],
        steps=_trade(now),
        refunded=_refunded(now),
        pages=[_step("Credit", "done"), _step("Price", "current"), _step("Review", "next")],
        deadline=now + datetime.timedelta(minutes=90),
        now=now,
        discounts=[4100, 4000, 4250, 3900, 4400, 4600, 4500],
        trades=trades,
    )
