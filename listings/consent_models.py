"""A provider's word that this credit may change hands."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Consent(models.Model):
    """A provider's written consent to a transfer, as handed in by the seller."""

    listing = models.ForeignKey("Listing", on_delete=models.PROTECT, related_name="consents")
    document = models.FileField(upload_to="consents/")
    original_name = models.CharField(max_length=120)
    content_type = models.CharField(max_length=40)
    digest = models.CharField(max_length=64)
    handed_in_at = models.DateTimeField(db_default=Now(), editable=False)
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.original_name
