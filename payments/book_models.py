"""Books beside the ledger: what the processor tells us and says of itself, chain and totals."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Now

from accounts.chain import Link


class BalanceLine(models.Model):
    """One balance transaction of the processor, as it was last read. A copy: theirs is the truth.

    `account` is a seller's at the processor, empty for the platform's own; `source` is the object
    that moved the money.
    """

    remote_id = models.CharField(max_length=100, unique=True)
    account = models.CharField(max_length=100, blank=True)
    source = models.CharField(max_length=100, blank=True)
    kind = models.CharField(max_length=40)
    amount_cents = models.BigIntegerField()
    fee_cents = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["account", "source"], name="line_source"),
            models.Index(fields=["at"], name="line_at"),
        ]

    def __str__(self) -> str:
        return self.remote_id


class Restore(models.Model):
    """The database came back from a backup: the processor may remember what it does not.

    Until everything was compared with the processor since, nothing is paid out.
    """

    at = models.DateTimeField(db_default=Now(), editable=False)
    compared_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"restored at {self.at:%Y-%m-%d %H:%M}"


class Reconciliation(models.Model):
    """One comparison of the processor's balance transactions with the postings.

    `since` is where it began to read; empty when it read everything.
    """

    at = models.DateTimeField(db_default=Now(), editable=False)
    since = models.DateTimeField(null=True)
    lines = models.PositiveBigIntegerField(default=0)
    matched = models.PositiveBigIntegerField(default=0)
    explained = models.JSONField(default=dict)
    found = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.lines} lines, {self.found} difference{'' if self.found == 1 else 's'}"

    @property
    def is_clean(self) -> bool:
        """Whether it ended, and all agreed or could be explained."""
        return self.finished_at is not None and not self.found


class Difference(models.Model):
    """Something in which ledger and processor differ. Payouts wait until a person has decided."""

    KINDS: ClassVar = [
        ("missing", "posted here, unknown to the processor"),
        ("extra", "moved at the processor, not posted here"),
        ("altered", "another amount there than here"),
    ]
    key = models.CharField(max_length=255, unique=True)
    kind = models.CharField(max_length=10, choices=KINDS)
    account = models.CharField(max_length=100, blank=True)
    source = models.CharField(max_length=150)
    posted_cents = models.BigIntegerField()
    line_cents = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    text = models.TextField()
    found_at = models.DateTimeField(db_default=Now(), editable=False)
    last_in = models.ForeignKey(
        Reconciliation, on_delete=models.PROTECT, related_name="differences"
    )
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["id"], condition=Q(decided_at__isnull=True), name="drift_open"),
            models.Index(fields=["source"], name="drift_source"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.source}"


class Seal(Link):
    """A link of the chain over all postings. Made by one worker; its head is published."""

    class Meta(Link.Meta):
        abstract = False


class Incident(models.Model):
    """Something with money that a person must look at."""

    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=40)
    text = models.TextField()
    escrow = models.ForeignKey("Escrow", null=True, on_delete=models.PROTECT)
    about_cents = models.BigIntegerField(null=True, help_text="So much of the price.")
    raised_at = models.DateTimeField(db_default=Now(), editable=False)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["raised_at"], condition=Q(closed_at=None), name="incident_open")
        ]

    def __str__(self) -> str:
        return self.key


class Freeze(models.Model):
    """Payouts stopped by a person, until two agree that they go on."""

    begun_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    begun_at = models.DateTimeField(db_default=Now(), editable=False)
    reason = models.TextField()
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                Value(1), condition=Q(ended_at=None), name="payouts_are_frozen_once"
            )
        ]

    def __str__(self) -> str:
        return "Payouts frozen by hand"


class PublishedTotal(models.Model):
    """What was held at a clean audit, as the root of a hash tree over every open escrow.

    `leaves`, of the newest only, are references and cents: what proofs are made from.
    """

    audit = models.OneToOneField("LedgerAudit", on_delete=models.PROTECT, related_name="total")
    currency = models.CharField(max_length=3)
    root = models.CharField(max_length=64)
    count = models.PositiveIntegerField()
    held_cents = models.BigIntegerField()
    leaves = models.JSONField(null=True)

    def __str__(self) -> str:
        return self.root


class WebhookEvent(models.Model):
    """The inbox: each event of the processor once, whatever it sends twice or out of order."""

    event_id = models.CharField(max_length=100, unique=True)
    type = models.CharField(max_length=120)
    object_id = models.CharField(max_length=100, blank=True)
    account = models.CharField(max_length=100, blank=True)
    received_at = models.DateTimeField(db_default=Now(), editable=False)
    due_at = models.DateTimeField(null=True, db_default=Now())
    tries = models.PositiveSmallIntegerField(default=0)
    processed_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["object_id"], name="webhook_object"),
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="webhook_due"),
            models.Index(
                fields=["received_at"],
                condition=Q(processed_at=None, due_at=None),
                name="webhook_set_aside",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.object_id}"
