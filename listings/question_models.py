"""What people ask before they buy, and what the seller answers."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Question(models.Model):
    """Somebody's question about an offer. Everybody reads it once it is answered."""

    listing = models.ForeignKey("Listing", on_delete=models.CASCADE, related_name="questions")
    # Nobody once they have left for good.
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    text = models.TextField(max_length=1000)
    at = models.DateTimeField(db_default=Now(), editable=False)
    answer = models.TextField(blank=True, max_length=2000)
    answered_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None)
                | (~Q(answer="") & Q(answered_at__isnull=False)),
                name="an_answer_has_its_time",
            )
        ]
        indexes = [
            models.Index(fields=["listing", "at", "id"], name="question_of_listing"),
            models.Index(fields=["by", "at"], name="question_by"),
        ]

    def __str__(self) -> str:
        return f"question {self.pk}"
