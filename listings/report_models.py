"""What people say of offers that are not in order."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F
from django.db.models.functions import Now


class Report(models.Model):
    """Somebody's word that a listing, or a question about it, is not in order."""

    REASONS: ClassVar = [
        ("forbidden", "The provider does not allow this sale"),
        ("stolen", "The credit may be stolen"),
        ("misleading", "The description is misleading"),
        ("words", "It insults, or gives somebody away"),
        ("other", "Something else"),
    ]
    listing = models.ForeignKey("Listing", on_delete=models.CASCADE, related_name="reports")
    # Of this question and its answer, not of the whole offer.
    question = models.ForeignKey(
        "Question", null=True, on_delete=models.CASCADE, related_name="reports"
    )
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    reason = models.CharField(max_length=20, choices=REASONS)
    text = models.TextField(max_length=2000, blank=True)
    at = models.DateTimeField(db_default=Now(), editable=False)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["at"], condition=models.Q(closed_at=None), name="report_open"),
            models.Index(F("closed_at").desc(nulls_first=True), F("id").desc(), name="report_list"),
        ]

    def __str__(self) -> str:
        return self.get_reason_display()
