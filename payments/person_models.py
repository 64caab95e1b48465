"""What is known of a person because money is theirs: for tax offices, and to know them again."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class TaxDetails(models.Model):
    """What a seller must tell for reports to tax offices; encrypted, and shown to nobody here."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="tax_details"
    )
    key_id = models.CharField(max_length=12)
    ciphertext = models.BinaryField()
    given_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "tax details"

    def __str__(self) -> str:
        return f"tax details of person {self.person_id}"


class Fingerprint(models.Model):
    """A card or bank account that a person used: a keyed hash of what the processor reports."""

    KINDS: ClassVar = [("card", "card"), ("bank", "bank account")]
    kind = models.CharField(max_length=4, choices=KINDS)
    mark = models.CharField(max_length=64)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="fingerprints"
    )
    seen_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "mark", "person"], name="a_fingerprint_is_noted_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of person {self.person_id}"


class PayoutPlan(models.Model):
    """How often a seller is paid out without asking. No row, or `every` empty: by request only."""

    EVERY: ClassVar = [
        ("", "Only when I ask"),
        ("daily", "Every day"),
        ("weekly", "Every week"),
        ("monthly", "Every 30 days"),
    ]
    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="payout_plan"
    )
    every = models.CharField(max_length=10, choices=EVERY, blank=True)
    minimum_cents = models.BigIntegerField(default=20_00)
    due_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"], condition=models.Q(due_at__isnull=False), name="plan_due"
            )
        ]

    def __str__(self) -> str:
        return self.get_every_display()
