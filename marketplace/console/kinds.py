"""What can wait for a moderator: each kind of case, where its rows are, and how long it may wait.

Every kind selects a bounded number of rows through an index of its own, whatever else the table
holds; `queue` puts them together.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import (
    Case,
    CharField,
    DateTimeField,
    Exists,
    Expression,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Cast, Concat, Now, StrIndex, Substr

from accounts import one_person
from accounts.models import Likeness, Proposal
from listings import consents
from listings.check_models import FLAGGED_FROM
from listings.models import Consent, Listing, ListingStatus, Report
from orders.models import Dispute, DisputeStatus, Order, OrderStatus, Rating, Verdict
from payments import repairs
from payments.models import (
    Difference,
    Escrow,
    Incident,
    Instruction,
    InstructionKind,
    Payout,
    WebhookEvent,
)
from providers.models import Provider
from providers.vocabulary import PAPER_RUNGS, ResalePolicy

DAY = timedelta(days=1)
# How long what a moderator has said of a provider's terms counts as checked.
POLICY_HOLDS = 180 * DAY


@dataclass(frozen=True)
class Kind:
    """One kind of case. `page` is its model, where it leads; `rank` its urgency, 0 the highest.

    `since` is when it began to wait, `within` how long it may; `deadline` when time decides.
    `title` and `detail` are what its line says; `words` turns a code in the detail into words.
    """

    name: str
    label: str
    page: str
    rank: int
    tone: str
    within: timedelta
    rows: Callable[[], QuerySet[Any]]
    since: str
    title: Expression | F
    detail: Expression | F
    deadline: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    # It waits for somebody else as yet: to be seen, not to be taken.
    for_others: bool = False

    def said(self, detail: str) -> str:
        """The detail in words; a list of codes one by one."""
        if not self.words:
            return detail
        return " ".join(self.words.get(code, code) for code in detail.strip("{}").split(","))


def _text(name: str) -> Cast:
    return Cast(name, CharField())


def _label(name: str, choices: Iterable[tuple[str, str]]) -> Case:
    """A code of the database in words."""
    cases = (When(**{name: code}, then=Value(label)) for code, label in choices)
    return Case(*cases, default=_text(name), output_field=CharField())


def _pair(first: str, second: str) -> Concat:
    return Concat(F(first), Value(" and "), F(second), output_field=CharField())


def _incidents() -> QuerySet[Any]:
    """Those that no other line of the queue is about."""
    # What an incident is about is looked up by its name. `waits` is an expression, since the
    # database would else read all that wait, by their index, before it looks at the first incident.
    about = Substr(F("key"), StrIndex(F("key"), Value(":")) + 1)
    calls = _waiting(Instruction, repairs.refused()).filter(purpose=OuterRef("about"))
    events = _waiting(WebhookEvent, repairs.set_aside()).filter(event_id=OuterRef("about"))
    apart = _waiting(Escrow, Q(quarantined_at__isnull=False)).filter(pk=OuterRef("escrow"))
    suspected = _waiting(Escrow, Q(suspected_at__isnull=False)).filter(pk=OuterRef("escrow"))
    return (
        Incident.objects.filter(closed_at=None)
        .alias(about=about)
        .exclude(
            (Q(key__startswith="refused:") | Q(key__startswith="set_aside:")) & Exists(calls)
            | Q(key__startswith="webhook:") & Exists(events)
            | Q(key__startswith="quarantine:") & Exists(apart)
            | Q(key__startswith="suspicion:") & Exists(suspected)
        )
    )


def _waiting(model: type[Any], condition: Q) -> QuerySet[Any]:
    waits = Case(When(condition, then=True), default=False)
    found: QuerySet[Any] = model.objects.alias(waits=waits).filter(waits=True)
    return found


def _reviews() -> QuerySet[Any]:
    consent = Consent.objects.filter(listing=OuterRef("pk"))
    waiting = Listing.objects.filter(status=ListingStatus.IN_REVIEW)
    return waiting.filter(check_score__lt=FLAGGED_FROM).annotate(
        said=Case(
            When(Exists(consent), then=Value(", consent to examine")),
            default=Value(""),
            output_field=CharField(),
        )
    )


def _policies() -> QuerySet[Any]:
    """Permissions that nobody has looked after for long."""
    old = Provider.objects.filter(retired=False, resale_policy=ResalePolicy.ALLOWED)
    due = Cast(F("policy_checked_on"), DateTimeField())
    return old.annotate(checked_at=due).filter(checked_at__lt=Now() - POLICY_HOLDS)


KINDS = (
    Kind(
        "incident", "Incident", "payments.incident", 0, "bad", DAY / 6,
        _incidents, "raised_at", _text("kind"), F("text"),
    ),
    Kind(
        "difference", "Difference", "payments.difference", 0, "bad", DAY,
        lambda: Difference.objects.filter(decided_at=None), "found_at",
        Concat(Value("Payouts are frozen: "), F("source")), F("text"),
    ),
    Kind(
        "suspicion", "Suspicion", "payments.escrow", 1, "bad", DAY,
        lambda: Escrow.objects.filter(suspected_at__isnull=False), "suspected_at",
        Concat(Value("Order "), F("reference")), Value("The bank or the processor suspects fraud."),
    ),
    Kind(
        "quarantine", "Kept apart", "payments.escrow", 1, "bad", DAY,
        lambda: Escrow.objects.filter(quarantined_at__isnull=False), "quarantined_at",
        Concat(Value("Order "), F("reference")), Value("What arrived is not as agreed."),
    ),
    Kind(
        "appeal", "Appeal", "orders.dispute", 1, "attention", 3 * DAY,
        lambda: Dispute.objects.filter(status=DisputeStatus.APPEALED), "status_since",
        F("order__title"), F("reason"), deadline="order__deadline", words=dict(Dispute.REASONS),
    ),
    Kind(
        "dispute", "Dispute", "orders.dispute", 1, "attention", 5 * DAY,
        lambda: Dispute.objects.filter(status=DisputeStatus.REVIEWING), "status_since",
        F("order__title"), F("reason"), deadline="order__deadline", words=dict(Dispute.REASONS),
    ),
    Kind(
        "proposal", "Second person", "accounts.proposal", 2, "waiting", DAY,
        lambda: Proposal.objects.filter(state=Proposal.State.OPEN), "proposed_at",
        F("title"), F("action"), deadline="expires_at",
    ),
    Kind(
        "instruction", "Instruction", "payments.instruction", 2, "bad", DAY,
        lambda: Instruction.objects.filter(repairs.refused()), "created_at",
        Concat(Value("Stuck: "), _label("kind", InstructionKind.choices)),
        F("error"),
    ),
    Kind(
        "payout", "Failed payout", "payments.payout", 3, "attention", 2 * DAY,
        lambda: Payout.objects.filter(failed_at__isnull=False, looked_at=None), "failed_at",
        F("person__email"), F("failure"),
    ),
    Kind(
        "webhook", "Webhook", "payments.webhookevent", 3, "attention", DAY,
        lambda: WebhookEvent.objects.filter(repairs.set_aside()), "received_at",
        F("type"), F("error"),
    ),
    Kind(
        "report", "Report", "listings.report", 4, "attention", 2 * DAY,
        lambda: Report.objects.filter(closed_at=None), "at",
        F("listing__title"), F("reason"), words=dict(Report.REASONS),
    ),
    Kind(
        "rating", "Rating", "orders.rating", 4, "attention", 2 * DAY,
        lambda: Rating.objects.filter(reported_at__isnull=False, looked_at=None), "reported_at",
        F("order__title"), F("report"),
    ),
    Kind(
        "likeness", "One person?", "accounts.likeness", 4, "attention", 3 * DAY,
        lambda: Likeness.objects.filter(decision=""), "raised_at",
        _pair("first__email", "second__email"), _text("evidence"),
        words=one_person.KINDS,
    ),
    Kind(
        "flagged", "Review first", "listings.listing", 4, "attention", DAY / 2,
        lambda: Listing.objects.filter(
            status=ListingStatus.IN_REVIEW, check_score__gte=FLAGGED_FROM
        ),
        "status_since", F("title"),
        Concat(Value("The checks before people add up to "), _text("check_score")),
    ),
    Kind(
        "review", "Review", "listings.listing", 5, "waiting", DAY,
        _reviews, "status_since",
        F("title"), Concat(
            F("provider__name"), Value(": "),
            _label("provider__resale_policy", ResalePolicy.choices), "said",
        ),
    ),
    Kind(
        "consent", "Consent", "listings.listing", 5, "waiting", DAY,
        consents.waiting, "status_since",
        F("title"), Concat(F("provider__name"), Value(": the offer is paused without it.")),
    ),
    Kind(
        "documents", "Documents", "orders.order", 5, "waiting", 2 * DAY,
        lambda: Order.objects.filter(
            status=OrderStatus.TRANSFERRED, verdict="", rung__in=PAPER_RUNGS
        ),
        "status_since", F("title"), Value("Compare what the parties handed in."),
        deadline="deadline",
    ),
    Kind(
        "talking", "With the parties", "orders.dispute", 6, "waiting", 10 * DAY,
        lambda: Dispute.objects.filter(
            status__in=[DisputeStatus.ANSWERING, DisputeStatus.TALKING]
        ),
        "opened_at", F("order__title"), F("reason"), deadline="order__deadline",
        words=dict(Dispute.REASONS), for_others=True,
    ),
    Kind(
        "inconclusive", "Inconclusive", "orders.order", 6, "waiting", 3 * DAY,
        lambda: Order.objects.filter(
            status=OrderStatus.TRANSFERRED, verdict=Verdict.INCONCLUSIVE
        ),
        "status_since", F("title"), Value("The readings do not say; the buyer or time does."),
        deadline="deadline",
    ),
    Kind(
        "policy", "Policy to check", "providers.provider", 7, "waiting", POLICY_HOLDS + 30 * DAY,
        _policies, "checked_at", F("name"), Value("Look whether the terms still allow resale."),
    ),
)  # fmt: skip
BY_NAME = {kind.name: kind for kind in KINDS}
