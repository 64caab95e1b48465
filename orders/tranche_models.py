"""A part of a transfer that comes in several."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from providers.vocabulary import Rung


class Tranche(models.Model):
    """So much credit, with all the parts before it, was sent; then it arrived; then it was paid.

    `up_to_cents` is the face value with this part in it. What completes the order is no part:
    that is the rest, which goes the way of every order.
    """

    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="tranches")
    number = models.PositiveSmallIntegerField()
    up_to_cents = models.BigIntegerField()
    sent_at = models.DateTimeField(db_default=Now(), editable=False)
    arrived_at = models.DateTimeField(null=True)
    rung = models.CharField(max_length=24, choices=Rung, blank=True)
    release_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["order", "number"], name="one_part_of_each_number"),
            models.UniqueConstraint(fields=["order", "up_to_cents"], name="each_part_adds_to_it"),
            models.CheckConstraint(condition=Q(up_to_cents__gt=0), name="a_part_is_something"),
            models.CheckConstraint(
                condition=Q(arrived_at__isnull=False) | Q(release_at=None, released_at=None),
                name="no_part_is_paid_before_it_arrived",
            ),
        ]
        indexes = [
            models.Index(
                fields=["release_at"],
                condition=Q(release_at__isnull=False, released_at=None),
                name="part_due",
            )
        ]

    def __str__(self) -> str:
        return f"part {self.number} of {self.order_id}"
