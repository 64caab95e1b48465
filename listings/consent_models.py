"""A provider's word that this credit may change hands."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Consent(models.Model):
    """A provider's written consent to a transfer, as handed in by the seller."""

    listing = models.ForeignKey("Listing", on_delete=models.PROTECT, related_name="consents")
    document = models.FileField(upload_to="consents/")
    original_name = models.CharField(max_length=120)
    content_type = models.CharField(max_length=40)
    digest = models.CharField(max_length=64)
    valid_until = models.DateField(null=True, help_text="Its last day; none: it names none.")
    handed_in_at = models.DateTimeField(db_default=Now(), editable=False)
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    refused_at = models.DateTimeField(null=True)
    ran_out_at = models.DateTimeField(null=True, help_text="When its offer was looked at for it.")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["valid_until"],
                condition=Q(accepted_at__isnull=False, ran_out_at=None),
                name="consent_that_runs_out",
            ),
            models.Index(
                fields=["listing"],
                condition=Q(accepted_at=None, refused_at=None),
                name="consent_to_examine",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(accepted_at=None) | Q(refused_at=None), name="accepted_or_refused"
            )
        ]

    def __str__(self) -> str:
        return self.original_name
