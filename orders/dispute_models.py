"""What is said, proposed and decided when the parties of a trade do not agree."""

from typing import Any, ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.machines import Event
from accounts.models import Person
from listings.models import Code


class DisputeStatus(models.TextChoices):
    ANSWERING = "answering", "The seller answers"
    TALKING = "talking", "The parties may agree"
    REVIEWING = "reviewing", "With a moderator"
    DECIDED = "decided", "Decided, open to appeal"
    APPEALED = "appealed", "With a second moderator"
    ENDED = "ended", "Ended"


# A moderator can decide in these; the first two end earlier if the parties agree.
UNDECIDED = (
    DisputeStatus.ANSWERING,
    DisputeStatus.TALKING,
    DisputeStatus.REVIEWING,
    DisputeStatus.APPEALED,
)


class Disputes(models.QuerySet["Dispute"]):
    """Selections of disputes."""

    def undecided(self) -> "Disputes":
        """Those that a moderator can decide, the appealed ones among them."""
        return self.filter(status__in=UNDECIDED)


class Dispute(models.Model):
    """A party's word that a trade went wrong; until it has ended, no money moves.

    Its deadline is the order's. `outcome`, `refund_cents` and the rest of a decision are those of
    the decision that stands now; all that were made are in `decisions`. `claim_cents` is what the
    buyer wants back, where that is less than all.
    """

    REASONS: ClassVar = [
        ("not_received", "The credit did not arrive"),
        ("less_than_agreed", "Less arrived than agreed"),
        ("code_invalid", "A code did not work"),
        ("not_as_described", "It is not what was offered"),
        ("other", "Something else"),
    ]
    order = models.OneToOneField("orders.Order", on_delete=models.PROTECT, related_name="dispute")
    status = models.CharField(
        max_length=12, choices=DisputeStatus.choices, default=DisputeStatus.ANSWERING
    )
    status_since = models.DateTimeField(db_default=Now())
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=20, choices=REASONS)
    text = models.TextField(max_length=4000)
    claim_cents = models.BigIntegerField(null=True)
    opened_at = models.DateTimeField(db_default=Now(), editable=False)
    answer = models.TextField(blank=True, max_length=4000)
    answered_at = models.DateTimeField(null=True)

    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    outcome = models.CharField(max_length=10, blank=True)
    refund_cents = models.BigIntegerField(null=True)
    decision = models.TextField(blank=True, max_length=4000)
    decided_at = models.DateTimeField(null=True)
    buyer_accepted_at = models.DateTimeField(null=True)
    seller_accepted_at = models.DateTimeField(null=True)

    appealed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    appeal = models.TextField(blank=True, max_length=4000)
    appealed_at = models.DateTimeField(null=True)

    objects = Disputes.as_manager()
    # The table that time decides it by, once `orders.decisions` has looked it up.
    decided_under: Any = None

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="", refund_cents=None)
                | Q(outcome__in=["release", "refund", "split"], refund_cents__gte=0),
                name="a_decision_says_what_goes_back",
            )
        ]
        indexes = [
            models.Index(
                fields=["opened_at"], condition=Q(status__in=UNDECIDED), name="dispute_undecided"
            ),
            *(
                models.Index(
                    fields=["status_since"], condition=Q(status=status), name=f"dispute_{status}"
                )
                for status in ("reviewing", "appealed")
            ),
            models.Index(
                F("decided_at").desc(nulls_first=True), F("opened_at"), name="dispute_list"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} ({self.order_id})"


class DisputeEvent(Event):
    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="events")

    class Meta(Event.Meta):
        abstract = False


class Decision(models.Model):
    """What was decided, by whom, in which round: the first, or the one after an appeal.

    `by` is nobody where time was over and the published table decided. Never changed.
    """

    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="decisions")
    round = models.PositiveSmallIntegerField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    outcome = models.CharField(max_length=10)
    refund_cents = models.BigIntegerField()
    reason = models.TextField(max_length=4000)
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["round"]
        constraints = [
            models.UniqueConstraint(fields=["dispute", "round"], name="one_decision_a_round"),
            models.CheckConstraint(condition=Q(round__in=[1, 2]), name="one_appeal"),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="decided_once", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.outcome}, round {self.round}"


class ProposedSplitStatus(models.TextChoices):
    OPEN = "open", "Open"
    ACCEPTED = "accepted", "Accepted"
    REFUSED = "refused", "Refused"
    REPLACED = "replaced", "Replaced by a newer one"
    LAPSED = "lapsed", "Lapsed"


class ProposedSplit(models.Model):
    """How one party would split the held payment; the other may accept it until it expires."""

    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="proposals")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    refund_cents = models.BigIntegerField()
    status = models.CharField(
        max_length=10, choices=ProposedSplitStatus.choices, default=ProposedSplitStatus.OPEN
    )
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["dispute", "by"], condition=Q(status="open"), name="one_open_proposal_each"
            ),
            models.UniqueConstraint(
                fields=["dispute"], condition=Q(status="accepted"), name="one_accepted_proposal"
            ),
            models.CheckConstraint(condition=Q(refund_cents__gt=0), name="a_proposal_gives_back"),
        ]

    def __str__(self) -> str:
        return f"{self.refund_cents} back, {self.status}"

    def is_by(self, person: Person) -> bool:
        """Whether the person made it."""
        return self.by_id == person.pk


class CodeProblem(models.TextChoices):
    USED = "used", "Used already"
    INVALID = "invalid", "Not valid"


class CodeReport(models.Model):
    """One code that the buyer says did not work; `number` is its place among the order's codes."""

    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="code_reports")
    code = models.OneToOneField(Code, on_delete=models.PROTECT, related_name="report")
    number = models.PositiveSmallIntegerField()
    problem = models.CharField(max_length=10, choices=CodeProblem.choices)

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return f"code {self.number}: {self.get_problem_display()}"
