"""What the console keeps beside the audit: proposals for two, counted decisions, and claims."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.chain import Link


class Proposal(models.Model):
    """An act that one person wants and another must agree to before it is done.

    `terms` are exactly what would be done, as text, and `digest` is their hash: the second person
    agrees to that hash, and nothing else is carried out.
    """

    class State(models.TextChoices):
        OPEN = "open", "Waits for a second person"
        AGREED = "agreed", "Agreed and done"
        REFUSED = "refused", "Refused"
        WITHDRAWN = "withdrawn", "Withdrawn"
        EXPIRED = "expired", "Expired"

    action = models.CharField(max_length=80)
    row = models.CharField(max_length=40)
    subject = models.CharField(max_length=80)
    title = models.CharField(max_length=200)
    terms = models.TextField()
    digest = models.CharField(max_length=64)
    cents = models.BigIntegerField(null=True)
    # Whose case it is, and everybody known to be them at that time.
    parties = ArrayField(models.BigIntegerField(), default=list)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    decision = models.TextField(blank=True)
    agreed_digest = models.CharField(max_length=64, blank=True)
    executed_digest = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["action", "row"], condition=Q(state="open"), name="one_open_proposal"
            ),
            models.CheckConstraint(
                condition=~Q(state="agreed")
                | Q(agreed_digest=F("digest"), executed_digest=F("digest"))
                & Q(decided_by__isnull=False)
                & ~Q(decided_by=F("proposed_by")),
                name="agreed_by_another_to_what_was_done",
            ),
        ]
        indexes = [
            models.Index(fields=["proposed_at"], condition=Q(state="open"), name="proposal_open"),
            models.Index(fields=["subject"], name="proposal_subject"),
            models.Index(fields=["digest"], name="proposal_digest"),
        ]
        triggers: ClassVar = [
            pgtrigger.ReadOnly(
                name="what_was_proposed_stays",
                fields=["action", "row", "terms", "digest", "cents", "parties", "proposed_by"],
            ),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.title


class MoneyDecision(models.Model):
    """That somebody decided about money at this moment: what the hourly limit counts."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=80)
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [models.Index(fields=["person", "at"], name="decisions_of_an_hour")]
        triggers: ClassVar = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.action} by {self.person_id}"


class Claim(models.Model):
    """Who is working on a case, until when. `key` names its row: app, model and id."""

    key = models.CharField(max_length=80, unique=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    until = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["person"], name="claims_of_a_person")]

    def __str__(self) -> str:
        return f"{self.key} until {self.until:%H:%M}"


class AuditSeal(Link):
    """A link of the chain over the audit."""

    class Meta(Link.Meta):
        abstract = False
