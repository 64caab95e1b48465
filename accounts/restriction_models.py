"""What somebody may not do for a while, by a moderator's decision."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class Restriction(models.Model):
    """Since when and until when, and why; without an end it lasts until it is lifted.

    It counts while it is not ended and its time is not over. `Person.restricted` says that there
    may be one, so that nobody else is asked about any.
    """

    class Kind(models.TextChoices):
        PAYOUTS = "payouts", "Payouts are held"
        SELLING = "selling", "No new offers"
        BUYING = "buying", "No new orders"
        ACCESS = "access", "Suspended"

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="restrictions"
    )
    kind = models.CharField(max_length=10, choices=Kind)
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    begun_at = models.DateTimeField(db_default=Now(), editable=False)
    until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes: ClassVar = [
            models.Index(
                fields=["until"],
                name="restrictions_to_end",
                condition=Q(ended_at=None, until__isnull=False),
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["person", "kind"], condition=Q(ended_at=None), name="restricted_once"
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gt=F("begun_at")),
                name="restricted_for_some_time",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def title(self) -> str:
        """What, and until when."""
        until = f" until {self.until:%-d %B %Y, %H:%M} UTC" if self.until else ""
        return f"{self}{until}"
