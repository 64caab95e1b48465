"""Trades: one buyer's purchase of some face value from one listing, at a stored quote."""

import uuid
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse

from accounts.machines import Event
from accounts.models import Person
from listings.models import GREATEST_DISCOUNT_BP, LEAST_DISCOUNT_BP, Listing
from payments.models import Basket, Escrow
from providers.vocabulary import PAPER_RUNGS, Rung, TransferMethod


class OrderStatus(models.TextChoices):
    PLACED = "placed", "Waiting for payment"
    PAID = "paid", "Paid, payment held"
    TRANSFERRED = "transferred", "Credit sent"
    VERIFIED = "verified", "Arrival verified"
    DISPUTED = "disputed", "In dispute"
    COMPLETED = "completed", "Completed"
    CANCELLED = "cancelled", "Cancelled"


OPEN = (
    OrderStatus.PLACED,
    OrderStatus.PAID,
    OrderStatus.TRANSFERRED,
    OrderStatus.VERIFIED,
    OrderStatus.DISPUTED,
)


class Verdict(models.TextChoices):
    VERIFIED = "verified", "Verified"
    INCONCLUSIVE = "inconclusive", "Inconclusive"
    REFUTED = "refuted", "Refuted"


class Orders(models.QuerySet["Order"]):
    """Selections of trades."""

    def visible_to(self, person: Person | AnonymousUser) -> "Orders":
        """Only the two parties may load an order; moderators work in the console.

        Whoever merged two accounts is a party by either.
        """
        if not person.is_authenticated:
            return self.none()
        return self.filter(Q(buyer__in=person.selves) | Q(seller__in=person.selves))

    def with_parts(self) -> "Orders":
        """With all that an order page shows of other tables, in one query."""
        people = ("buyer", "seller")
        parts = ("listing__provider", "escrow__basket", "verification", "dispute")
        # Nobody who looks at an order needs the key that is lent for it.
        keys = ("verification__ciphertext", "watch__ciphertext")
        return self.select_related(*people, *parts, "watch").defer(*keys)


class Order(models.Model):
    """The quote is fixed when the order is placed; what changes is its status and its clocks."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    listing = models.ForeignKey(Listing, on_delete=models.PROTECT, related_name="orders")
    buyer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="purchases"
    )
    seller = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="sales"
    )
    escrow = models.OneToOneField(Escrow, on_delete=models.PROTECT, related_name="order")

    # The quote, never changed.
    title = models.CharField(max_length=120)
    currency = models.CharField(max_length=3)
    face_value_cents = models.BigIntegerField()
    discount_bp = models.PositiveIntegerField()
    price_cents = models.BigIntegerField()
    commission_cents = models.BigIntegerField()
    proceeds_cents = models.BigIntegerField()
    transfer_method = models.CharField(max_length=20, choices=TransferMethod)
    deliver_within_seconds = models.PositiveIntegerField()
    inspect_within_seconds = models.PositiveIntegerField()
    cooling_off_seconds = models.PositiveIntegerField()
    placed_at = models.DateTimeField(db_default=Now(), editable=False)
    pay_before = models.DateTimeField()

    # What happens.
    status = models.CharField(
        max_length=12, choices=OrderStatus.choices, default=OrderStatus.PLACED
    )
    status_since = models.DateTimeField(db_default=Now())
    deadline = models.DateTimeField(null=True)
    tried_at = models.DateTimeField(
        null=True, help_text="When its default outcome was last tried, should it ever be refused."
    )
    recipient = models.CharField(max_length=254, blank=True)
    paid_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    sent_note = models.TextField(blank=True, max_length=2000)
    revealed_at = models.DateTimeField(null=True)
    rung = models.CharField(max_length=24, choices=Rung, default=Rung.BUYER_CONFIRMATION)
    verdict = models.CharField(max_length=12, choices=Verdict.choices, blank=True)
    measured_cents = models.BigIntegerField(null=True)
    weighed_at = models.DateTimeField(
        null=True, help_text="When a moderator last concluded from what was handed in."
    )
    ended_at = models.DateTimeField(null=True)
    # Of a transfer that comes in parts (`Tranche`), in face value; 0 where it does not.
    more_to_come = models.BooleanField(default=False, db_default=False)
    parts_sent_cents = models.BigIntegerField(default=0, db_default=0)
    parts_arrived_cents = models.BigIntegerField(default=0, db_default=0)

    objects = Orders.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(price_cents=F("commission_cents") + F("proceeds_cents"))
                & Q(price_cents__gt=0, commission_cents__gte=0, proceeds_cents__gte=0)
                & Q(price_cents__lt=F("face_value_cents")),
                name="the_quote_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(discount_bp__gte=LEAST_DISCOUNT_BP)
                & Q(discount_bp__lte=GREATEST_DISCOUNT_BP),
                name="order_discount_between_30_and_70_percent",
            ),
            models.CheckConstraint(
                condition=~Q(buyer=F("seller")), name="nobody_buys_from_themselves"
            ),
            models.CheckConstraint(
                condition=Q(parts_arrived_cents__gte=0)
                & Q(parts_arrived_cents__lte=F("parts_sent_cents"))
                & Q(parts_sent_cents__lt=F("face_value_cents")),
                name="parts_arrive_after_they_were_sent",
            ),
        ]
        indexes = [
            models.Index(fields=["buyer", "placed_at", "id"]),
            models.Index(fields=["seller", "placed_at", "id"]),
            # Counted before each new one (`orders.checkout`).
            models.Index(fields=["buyer"], condition=Q(status="placed"), name="order_unpaid"),
            models.Index(fields=["-placed_at", "-id"], name="order_newest"),
            models.Index(
                fields=["deadline"], condition=Q(deadline__isnull=False), name="order_due"
            ),
            # Nearly all are completed; the console lists the others by what they are.
            models.Index(
                fields=["status", "-placed_at", "-id"],
                condition=~Q(status="completed"),
                name="order_by_rare_status",
            ),
            models.Index(
                fields=["status_since"],
                condition=Q(status="transferred", verdict="inconclusive"),
                name="order_inconclusive",
            ),
            models.Index(
                fields=["status_since"],
                condition=Q(status="transferred", verdict="", rung__in=PAPER_RUNGS),
                name="order_documents",
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.ReadOnly(
                name="the_quote_stays",
                fields=[
                    "listing",
                    "buyer",
                    "seller",
                    "escrow",
                    "currency",
                    "face_value_cents",
                    "discount_bp",
                    "price_cents",
                    "commission_cents",
                    "proceeds_cents",
                    "transfer_method",
                ],
            )
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.get_status_display()})"

    def party(self, person: Person) -> Person:
        """Which account of somebody's is the party: theirs, or one that they merged into it."""
        if person.pk not in (self.buyer_id, self.seller_id):
            for one in (self.buyer, self.seller):
                if one.merged_into_id == person.pk:
                    return one
        return person

    def get_absolute_url(self) -> str:
        """The order's page."""
        return reverse("orders:detail", args=[self.pk])


class OrderEvent(Event):
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="events")

    class Meta(Event.Meta):
        abstract = False


class PlacedRequest(models.Model):
    """An Idempotency-Key that placed an order, or a basket: the same request, the same answer."""

    buyer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    body_digest = models.CharField(max_length=64)
    order = models.OneToOneField(Order, null=True, on_delete=models.PROTECT, related_name="+")
    basket = models.OneToOneField(Basket, null=True, on_delete=models.PROTECT, related_name="+")
    answer = models.JSONField(null=True)
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["buyer", "key"], name="a_key_places_one_order")
        ]

    def __str__(self) -> str:
        return self.key


# Django finds an app's tables through this module; these have one of their own, beside their code.
from orders.dispute_models import (  # noqa: E402
    CodeProblem,
    CodeReport,
    Decision,
    Dispute,
    DisputeEvent,
    DisputeStatus,
    ProposedSplit,
    ProposedSplitStatus,
)
from orders.evidence_models import Evidence, EvidenceKind, Weighing  # noqa: E402
from orders.message_models import Message  # noqa: E402
from orders.opening_models import CodeOpening  # noqa: E402
from orders.rating_models import Rating  # noqa: E402
from orders.tranche_models import Tranche  # noqa: E402
from orders.verification import models as verification_models  # noqa: E402, F401

__all__ = [
    "OPEN",
    "CodeOpening",
    "CodeProblem",
    "CodeReport",
    "Decision",
    "Dispute",
    "DisputeEvent",
    "DisputeStatus",
    "Evidence",
    "EvidenceKind",
    "Message",
    "Order",
    "OrderEvent",
    "OrderStatus",
    "Orders",
    "PlacedRequest",
    "ProposedSplit",
    "ProposedSplitStatus",
    "Rating",
    "Tranche",
    "Verdict",
    "Weighing",
]
