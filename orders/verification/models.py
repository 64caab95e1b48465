"""What is known of an arrival: the course of its measuring, and every single reading."""

from typing import ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.machines import Event
from providers.vocabulary import Rung


class Course(models.TextChoices):
    WAITING = "waiting", "Reading before it is sent"
    BASELINE_READY = "baseline_ready", "Ready for the credit to be sent"
    MEASURING = "measuring", "Reading after it was sent"
    DONE = "done", "Measured"


class Verification(models.Model):
    """The measuring of one order's arrival, with the key that the buyer lent for it.

    `attempt` counts the keys that were lent: readings of different keys are never compared.
    The marks are keyed hashes by which readings of one account for two orders are noticed.
    """

    order = models.OneToOneField(
        "orders.Order", on_delete=models.PROTECT, related_name="verification"
    )
    status = models.CharField(max_length=16, choices=Course.choices, default=Course.WAITING)
    status_since = models.DateTimeField(db_default=Now())
    rung = models.CharField(max_length=24, choices=Rung)
    attempt = models.PositiveSmallIntegerField(default=1)
    lent_at = models.DateTimeField(db_default=Now())
    next_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=40, blank=True)
    key_mark = models.CharField(max_length=64)
    account_marks = ArrayField(models.CharField(max_length=64), default=list)
    key_id = models.CharField(max_length=12, blank=True)
    ciphertext = models.BinaryField(null=True)
    forgotten_at = models.DateTimeField(null=True)
    watch = models.BooleanField(
        default=False, db_default=False, help_text="The buyer lets it be read on afterwards."
    )
    part_offered_at = models.DateTimeField(
        null=True, help_text="The buyer would take the measured part."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ciphertext__isnull=True) | ~Q(status=Course.DONE),
                name="no_key_outlives_its_measuring",
            ),
            models.CheckConstraint(
                condition=Q(next_at__isnull=True) | Q(ciphertext__isnull=False),
                name="nothing_is_read_without_a_key",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_at"], condition=Q(next_at__isnull=False), name="reading_due"
            ),
            models.Index(fields=["key_mark"]),
        ]

    def __str__(self) -> str:
        return f"{self.order_id}: {self.get_status_display()}"


class VerificationEvent(Event):
    verification = models.ForeignKey(Verification, on_delete=models.PROTECT, related_name="events")

    class Meta(Event.Meta):
        abstract = False


class BalanceReading(models.Model):
    """What a provider said, or why it said nothing, at a moment. Never changed, never deleted.

    `figures` is `Reading.as_data`: exact figures in the provider's unit and keyed hashes, nothing
    else of the answer.
    """

    verification = models.ForeignKey(
        Verification, on_delete=models.PROTECT, related_name="readings"
    )
    attempt = models.PositiveSmallIntegerField()
    before = models.BooleanField(help_text="Taken before the credit was sent.")
    watched = models.BooleanField(
        default=False, db_default=False, help_text="Taken after the verdict, to see a reversal."
    )
    at = models.DateTimeField(db_default=Now(), editable=False)
    problem = models.CharField(max_length=40, blank=True)
    figures = models.JSONField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(problem="") ^ Q(figures__isnull=True), name="figures_or_a_problem"
            )
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="said_once", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.problem or 'read'}"


class WatchEnd(models.TextChoices):
    STOOD = "stood", "Nothing was taken back"
    DROPPED = "dropped", "The credit was taken back"
    UNREAD = "unread", "The balance could not be read any more"
    STOPPED = "stopped", "The buyer or the trade ended it"


class Watch(models.Model):
    """Reading on after a verified arrival, for as long as the provider might take it back.

    The key is moved here when the measuring ends, and gone when the watch has ended.
    """

    order = models.OneToOneField("orders.Order", on_delete=models.PROTECT, related_name="watch")
    began_at = models.DateTimeField(db_default=Now(), editable=False)
    until = models.DateTimeField()
    next_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)
    key_id = models.CharField(max_length=12, blank=True)
    ciphertext = models.BinaryField(null=True)
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=WatchEnd.choices, blank=True)
    measured_cents = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at=None, outcome="", ciphertext__isnull=False)
                | Q(ended_at__isnull=False, ciphertext=None, next_at=None) & ~Q(outcome=""),
                name="no_key_outlives_its_watch",
            )
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="watch_due")
        ]

    def __str__(self) -> str:
        return f"{self.order_id}: {self.outcome or 'watched'}"
