"""What programs send and get of trades."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from rest_framework import serializers

from accounts.models import Person
from accounts.shapes import Choice, Text
from listings.api_shapes import Cents
from listings.forms import PlainTextField
from orders.checkout import payment_url
from orders.forms import LONGEST_RECIPIENT
from orders.models import Dispute, Order, OrderEvent, OrderStatus, Verdict
from orders.verification.models import Course
from payments.models import EscrowStatus
from providers.vocabulary import Rung, TransferMethod

LONGEST_NOTE, LONGEST_COMPLAINT = 2000, 4000
ENDED = (OrderStatus.COMPLETED, OrderStatus.CANCELLED)


def plain(text: str) -> None:
    """Refuse what another person must not read: invisible characters, anybody's keys."""
    PlainTextField(required=False).clean(text)


class OrderTerms(serializers.Serializer[Any]):
    """What is to be bought."""

    listing = Text(max_length=100)
    face_value_cents = Cents()
    expected_price_cents = Cents(
        required=False, help_text="Refused with `price_changed` if the price is another."
    )
    recipient = Text(
        max_length=LONGEST_RECIPIENT,
        required=False,
        allow_blank=True,
        validators=[plain],
        help_text="Where the credit goes at the provider: an e-mail address or an account id.",
    )


class Recipient(serializers.Serializer[Any]):
    """Where the credit goes at the provider."""

    recipient = Text(max_length=LONGEST_RECIPIENT, required=False, validators=[plain])


class Sent(serializers.Serializer[Any]):
    """The seller's word that the credit is on its way."""

    note = Text(
        max_length=LONGEST_NOTE, validators=[plain], required=False, allow_blank=True, default=""
    )

    part_cents = Cents(
        required=False,
        help_text="Only so much of it is sent, and more will come: for large orders, see `parts`.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if isinstance(self.initial_data.get("evidence"), str):
            raise serializers.ValidationError({"evidence": ["Attach a PNG or JPEG picture."]})
        return attrs


class Complaint(serializers.Serializer[Any]):
    """What went wrong."""

    reason = Choice(choices=Dispute.REASONS)
    text = Text(max_length=LONGEST_COMPLAINT, validators=[plain])


class EscrowAnswer(serializers.Serializer[Any]):
    """The held payment. `released_cents` is the whole price share, commission included."""

    status = serializers.ChoiceField(choices=EscrowStatus.choices)
    held_cents = serializers.IntegerField()
    released_cents = serializers.IntegerField()
    refunded_cents = serializers.IntegerField()


class VerificationAnswer(serializers.Serializer[Any]):
    """How the arrival is shown; `verdict` is null until `state` is done."""

    rung = serializers.ChoiceField(choices=Rung.choices)
    state = serializers.ChoiceField(choices=Course.choices)
    verdict = serializers.ChoiceField(choices=Verdict.choices, allow_null=True)
    measured_cents = serializers.IntegerField(allow_null=True)
    report_url = serializers.URLField(allow_null=True)


class PartsAnswer(serializers.Serializer[Any]):
    """How far a transfer in parts has come, in face value; each part is paid for on arrival."""

    sent_cents = serializers.IntegerField()
    arrived_cents = serializers.IntegerField()
    more_to_come = serializers.BooleanField()


class TransferAnswer(serializers.Serializer[Any]):
    """The credit's way to the buyer."""

    method = serializers.ChoiceField(choices=TransferMethod.choices)
    recipient = serializers.CharField()
    note = serializers.CharField()
    sent_at = serializers.DateTimeField(allow_null=True)
    parts = PartsAnswer(allow_null=True)
    verification = VerificationAnswer()


class EventAnswer(serializers.Serializer[Any]):
    """Something that happened to the order."""

    at = serializers.DateTimeField()
    kind = serializers.CharField()
    by = serializers.ChoiceField(choices=["buyer", "seller", "moderator", "system"])


class OrderAnswer(serializers.Serializer[Any]):
    """A trade as one of its parties sees it."""

    id = serializers.CharField()
    status = serializers.ChoiceField(choices=OrderStatus.choices)
    role = serializers.ChoiceField(choices=["buyer", "seller"])
    listing = serializers.CharField()
    provider = serializers.CharField()
    title = serializers.CharField()
    currency = serializers.CharField()
    face_value_cents = serializers.IntegerField()
    discount_bp = serializers.IntegerField()
    price_cents = serializers.IntegerField()
    proceeds_cents = serializers.IntegerField(help_text="What the seller gets.")
    given_back_cents = serializers.IntegerField(help_text="Of what was released, back to the card.")
    payment_url = serializers.URLField(
        allow_null=True, help_text="Where the buyer pays; null once that is no longer possible."
    )
    basket = serializers.CharField(
        allow_null=True, help_text="The basket that it is paid with, to its buyer."
    )
    placed_at = serializers.DateTimeField()
    pay_before = serializers.DateTimeField()
    deadline = serializers.DateTimeField(
        allow_null=True, help_text="When the present state ends by itself."
    )
    escrow = EscrowAnswer()
    transfer = TransferAnswer()
    events = EventAnswer(many=True)


class Codes(serializers.Serializer[Any]):
    """The codes of an order."""

    codes = serializers.ListField(child=serializers.CharField())


def represent(order: Order, person: Person) -> dict[str, Any]:
    """A trade as `OrderAnswer` says, to one of its parties."""
    buying = order.buyer_id == order.party(person).pk
    escrow = order.escrow
    return {
        "id": str(order.pk),
        "status": order.status,
        "role": "buyer" if buying else "seller",
        "listing": str(order.listing_id),
        "provider": order.listing.provider_id,
        "title": order.title,
        "currency": order.currency,
        "face_value_cents": order.face_value_cents,
        "discount_bp": order.discount_bp,
        "price_cents": order.price_cents,
        "proceeds_cents": order.proceeds_cents,
        "given_back_cents": escrow.given_back_cents,
        "payment_url": payment_url(order) if buying else None,
        "basket": str(escrow.basket_id) if buying and escrow.basket_id else None,
        "placed_at": order.placed_at,
        "pay_before": order.pay_before,
        "deadline": order.deadline,
        "escrow": {
            "status": escrow.status,
            "held_cents": escrow.held_cents,
            "released_cents": escrow.released_cents,
            "refunded_cents": escrow.refunded_cents,
        },
        "transfer": {
            "method": order.transfer_method,
            "recipient": order.recipient,
            "note": order.sent_note,
            "sent_at": order.sent_at,
            "parts": _parts(order),
            "verification": _verification(order),
        },
        "events": [
            {"at": event.at, "kind": event.kind, "by": _by(event, order)}
            for event in order.events.all()
        ],
    }


def _parts(order: Order) -> dict[str, Any] | None:
    if not order.parts_sent_cents:
        return None
    whole, verified = order.face_value_cents, order.verdict == Verdict.VERIFIED
    return {
        "sent_cents": order.parts_sent_cents if order.more_to_come else whole,
        "arrived_cents": whole if verified else order.parts_arrived_cents,
        "more_to_come": order.more_to_come,
    }


def _verification(order: Order) -> dict[str, Any]:
    measuring = getattr(order, "verification", None)
    done = Course.DONE if order.verdict else Course.WAITING
    path = reverse("orders:report", args=[order.pk])
    return {
        "rung": order.rung,
        "state": measuring.status if measuring and order.status not in ENDED else done,
        "verdict": order.verdict or None,
        "measured_cents": order.measured_cents,
        "report_url": settings.SITE_ORIGIN + path if measuring or order.weighed_at else None,
    }


def _by(event: OrderEvent, order: Order) -> str:
    known = {None: "system", order.buyer_id: "buyer", order.seller_id: "seller"}
    return known.get(event.actor_id, "moderator")
