"""What was released and given back to its buyer after all."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class GiveBack(models.Model):
    """A moderator's decision that so much of a released payment goes back to the buyer's card.

    Open until it was taken back from the seller's account; what could not be taken is not refunded.
    """

    class Status(models.TextChoices):
        OPEN = "open", "being taken back"
        DONE = "done", "given back"
        FAILED = "failed", "nothing could be taken back"

    escrow = models.ForeignKey("Escrow", on_delete=models.PROTECT, related_name="give_backs")
    incident = models.ForeignKey("Incident", on_delete=models.PROTECT, related_name="give_backs")
    refund_cents = models.BigIntegerField()
    seller_cents = models.BigIntegerField()
    commission_cents = models.BigIntegerField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    begun_at = models.DateTimeField(db_default=Now(), editable=False)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(refund_cents=F("seller_cents") + F("commission_cents"))
                & Q(refund_cents__gt=0, seller_cents__gte=0, commission_cents__gte=0),
                name="given_back_by_seller_and_platform",
            ),
            models.UniqueConstraint(
                fields=["escrow"], condition=Q(status="open"), name="one_give_back_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.refund_cents / 100:,.2f} of {self.escrow_id}: {self.status}"
