"""Who of us was let to read a code, and whether they did."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from listings.models import Code

OPEN_FOR = timedelta(minutes=15)


class CodeOpening(models.Model):
    """Leave for one member of staff to read one code, once, within a quarter of an hour.

    The reason is in the audit; `read_at` is empty where the leave lapsed unused.
    """

    code = models.ForeignKey(Code, on_delete=models.PROTECT, related_name="openings")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    # The order that it was set aside for when a second person agreed: to that trade they agreed.
    reserved_for = models.UUIDField(null=True)
    at = models.DateTimeField(db_default=Now(), editable=False)
    ends_at = models.DateTimeField(db_default=Now() + OPEN_FOR, editable=False)
    read_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["by"], condition=Q(ended_at=None), name="one_code_is_open_to_a_person"
            ),
            models.CheckConstraint(
                condition=Q(read_at=None) | Q(read_at=F("ended_at"), read_at__lte=F("ends_at")),
                name="a_code_is_read_once_and_in_time",
            ),
        ]

    def __str__(self) -> str:
        return f"opening {self.pk}"
