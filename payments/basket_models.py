"""Several orders that are paid on one page, with one card, each by a payment of its own."""

import uuid

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.machines import Event
from accounts.models import Person


class BasketStatus(models.TextChoices):
    OPEN = "open", "Waiting for a card"
    CHARGING = "charging", "Card given, each order is being paid"
    ENDED = "ended", "Over"


class Baskets(models.QuerySet["Basket"]):
    """Selections of baskets."""

    def visible_to(self, person: Person | AnonymousUser) -> "Baskets":
        """A basket is its buyer's alone; a seller sees the one order that is theirs."""
        return self.filter(buyer__in=person.selves) if person.is_authenticated else self.none()


class Basket(models.Model):
    """One page on which a card is given for several escrows; each is charged by itself.

    `customer_id` and `card_id` are the processor's, kept until every escrow had its turn.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    buyer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="baskets"
    )
    currency = models.CharField(max_length=3)
    status = models.CharField(
        max_length=10, choices=BasketStatus.choices, default=BasketStatus.OPEN
    )
    status_since = models.DateTimeField(db_default=Now())
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    pay_before = models.DateTimeField()
    checkout_id = models.CharField(max_length=100, blank=True)
    checkout_url = models.TextField(blank=True)
    customer_id = models.CharField(max_length=100, blank=True)
    card_id = models.CharField(max_length=100, blank=True)
    poll_due_at = models.DateTimeField(null=True)

    objects = Baskets.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["checkout_id"], condition=~Q(checkout_id=""), name="one_basket_per_page"
            )
        ]
        indexes = [
            models.Index(
                fields=["poll_due_at"],
                condition=Q(poll_due_at__isnull=False),
                name="basket_poll_due",
            ),
            models.Index(
                fields=["created_at"], condition=~Q(status="ended"), name="basket_under_way"
            ),
        ]

    def __str__(self) -> str:
        return f"basket {self.pk}: {self.status}"


class BasketEvent(Event):
    basket = models.ForeignKey(Basket, on_delete=models.PROTECT, related_name="events")

    class Meta(Event.Meta):
        abstract = False
