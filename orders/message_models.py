"""What the parties of a trade write to each other."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Message(models.Model):
    """A few lines of one party to the other, on an order."""

    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="messages")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(max_length=2000)
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["order", "at", "id"]),
            models.Index(fields=["by", "at"]),
        ]

    def __str__(self) -> str:
        return f"{self.by_id} at {self.at:%Y-%m-%d %H:%M}"
