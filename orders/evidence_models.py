"""What a party hands in to show how a trade went."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from providers.vocabulary import Rung


class EvidenceKind(models.TextChoices):
    ACCOUNT = "account", "The account at the provider, before or after"
    DOCUMENT = "document", "A mail or document of the provider"
    OWNER = "owner", "Whose account it is"
    MESSAGE = "message", "A picture with a message"


# What is handed in to be compared; the others only go along with what somebody wrote.
TO_COMPARE = [choice for choice in EvidenceKind.choices if choice[0] != EvidenceKind.MESSAGE]


class Evidence(models.Model):
    """A picture, drawn anew and encrypted; for the two parties and for moderators.

    `nonce` is the form's that brought it, used once. `digest` is of the bare pixels: the same
    picture is shown in one trade only. Erased, the digest stays. `message` is the one that it
    came with, if it was not handed in by itself.
    """

    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="evidence")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=EvidenceKind.choices)
    message = models.OneToOneField(
        "orders.Message", null=True, on_delete=models.PROTECT, related_name="picture"
    )
    note = models.CharField(max_length=500, blank=True)
    nonce = models.CharField(max_length=32, unique=True)
    digest = models.CharField(max_length=64, unique=True)
    content_type = models.CharField(max_length=20)
    size_bytes = models.PositiveIntegerField()
    key_id = models.CharField(max_length=12, blank=True)
    ciphertext = models.BinaryField(null=True)
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ciphertext__isnull=True) | ~Q(key_id=""), name="evidence_can_be_read"
            ),
            models.CheckConstraint(
                condition=Q(kind="message") ^ Q(message__isnull=True), name="with_its_message"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.size_bytes} bytes"

    @property
    def suffix(self) -> str:
        """How a file of it ends."""
        return self.content_type.rpartition("/")[2]


class Weighing(models.Model):
    """What a moderator concluded from what was handed in, and why. Never changed.

    `digests` are of the pictures that were there to be compared.
    """

    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="weighings")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    rung = models.CharField(max_length=24, choices=Rung)
    verdict = models.CharField(max_length=12)
    reason = models.TextField(max_length=2000)
    digests = ArrayField(models.CharField(max_length=64))
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict__in=["verified", "inconclusive", "refuted"]),
                name="weighed_with_a_verdict",
            ),
            models.CheckConstraint(condition=~Q(digests=[]), name="something_was_weighed"),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="weighed_once", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.rung}: {self.verdict}"
