"""Fees and limits that people turn in the console, with their history."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Dial(models.Model):
    """One fee or limit by its name; what it stands at is its newest change that has begun."""

    name = models.CharField(primary_key=True, max_length=40)

    class Meta:
        verbose_name, verbose_name_plural = "fee or limit", "fees and limits"

    def __str__(self) -> str:
        return self.name.removesuffix("_CENTS").removesuffix("_BP").replace("_", " ").capitalize()


class DialChange(models.Model):
    """What a dial stands at from some moment on. Never changed afterwards."""

    dial = models.ForeignKey(Dial, on_delete=models.PROTECT, related_name="changes")
    value = models.BigIntegerField()
    before = models.BigIntegerField()
    begins_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-begins_at", "-id"]
        indexes = [models.Index(fields=["dial", "-begins_at", "-id"], name="dial_as_it_stands")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(value__gte=0, begins_at__gte=models.F("at")),
                name="no_dial_is_turned_back_in_time",
            )
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.dial_id}: {self.value}"
