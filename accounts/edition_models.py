"""Documents that are files of a release, and the editions of them that people agreed to since."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Document(models.Model):
    """One file that can be corrected without a release: its kind, and what it is about.

    What counts is its newest edition that has begun; until there is one, the file.
    """

    name = models.CharField(primary_key=True, max_length=40)
    kind = models.CharField(max_length=12)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return f"{self.kind.capitalize()}: {self.about}" if self.about else self.kind.capitalize()

    @property
    def about(self) -> str:
        """The slug of the provider that it is about, "" where it is about none."""
        return self.name.partition("-")[2]


class Edition(models.Model):
    """The whole text of a document from some moment on, in the form of its file.

    `file_digest` is the hash of the file that it was made over, "" where there was none: a release
    that changes the file is noticed by it. Never changed afterwards.
    """

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="editions")
    text = models.TextField()
    digest = models.CharField(max_length=64)
    file_digest = models.CharField(max_length=64, blank=True)
    # The newest edition at that time; none where the file was corrected.
    before = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    begins_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    agreed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.TextField()
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-begins_at", "-id"]
        indexes = [models.Index(fields=["document", "-begins_at", "-id"], name="edition_in_force")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(begins_at__gte=models.F("at")),
                name="no_edition_begins_in_the_past",
            ),
            models.CheckConstraint(
                condition=~models.Q(by=models.F("agreed_by")), name="an_edition_takes_two"
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.document_id}, edition {self.pk}"
