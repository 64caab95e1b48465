"""Money: what is held for whom, every movement of it, and every call to the processor."""

import uuid
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.machines import Event
from payments.basket_models import Basket as Basket
from payments.basket_models import BasketEvent as BasketEvent
from payments.basket_models import BasketStatus as BasketStatus
from payments.book_models import BalanceLine as BalanceLine
from payments.book_models import Difference as Difference
from payments.book_models import Freeze as Freeze
from payments.book_models import Incident as Incident
from payments.book_models import PublishedTotal as PublishedTotal
from payments.book_models import Reconciliation as Reconciliation
from payments.book_models import Restore as Restore
from payments.book_models import Seal as Seal
from payments.book_models import WebhookEvent as WebhookEvent
from payments.give_back_models import GiveBack as GiveBack
from payments.person_models import Fingerprint as Fingerprint
from payments.person_models import PayoutPlan as PayoutPlan
from payments.person_models import TaxDetails as TaxDetails


class Posting(models.Model):
    """Money between two ledger accounts, named by strings (`payments.ledger`), so that no row is
    shared by all purchases. Never changed; corrected by another posting."""

    key = models.CharField(max_length=120, unique=True)
    source = models.CharField(max_length=60)
    destination = models.CharField(max_length=60)
    amount_cents = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    escrow = models.ForeignKey(
        "Escrow", null=True, on_delete=models.PROTECT, related_name="postings"
    )
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["source", "currency"], include=["amount_cents"], name="spent"),
            models.Index(fields=["destination", "currency"], include=["amount_cents"], name="got"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="posting_moves_something"),
            models.CheckConstraint(
                condition=~Q(source=F("destination")), name="posting_moves_somewhere"
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return self.key


class EscrowStatus(models.TextChoices):
    AWAITING = "awaiting"
    HELD = "held"
    RELEASED = "released"
    REFUNDED = "refunded"
    SPLIT = "split"
    LAPSED = "lapsed"


class Escrow(models.Model):
    """The money of one order, from payment to its end. `reference` is the order's id."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(max_length=40, unique=True)
    buyer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    seller = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    price_cents = models.BigIntegerField()
    commission_cents = models.BigIntegerField()
    proceeds_cents = models.BigIntegerField()
    released_cents = models.BigIntegerField(default=0)
    refunded_cents = models.BigIntegerField(default=0)
    given_back_cents = models.BigIntegerField(default=0, db_default=0)  # of what was released
    status = models.CharField(
        max_length=10, choices=EscrowStatus.choices, default=EscrowStatus.AWAITING
    )
    status_since = models.DateTimeField(db_default=Now())
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    # One of several that are paid on one page.
    basket = models.ForeignKey(
        Basket, null=True, on_delete=models.PROTECT, related_name="escrows", db_index=False
    )
    checkout_id = models.CharField(max_length=100, blank=True)
    checkout_url = models.TextField(blank=True)
    payment_id = models.CharField(max_length=100, blank=True)
    charge_id = models.CharField(max_length=100, blank=True)
    fee_cents = models.BigIntegerField(null=True)
    # A dispute at the processor (chargeback): nothing is released while it is open.
    contested_at = models.DateTimeField(null=True)
    # The processor or the card's bank suspects fraud: it may go back, but is not released.
    suspected_at = models.DateTimeField(null=True)
    quarantined_at = models.DateTimeField(null=True)
    poll_due_at = models.DateTimeField(null=True, db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(price_cents__gt=0, commission_cents__gte=0, proceeds_cents__gte=0)
                & Q(price_cents=F("commission_cents") + F("proceeds_cents")),
                name="escrow_parts_sum_to_the_price",
            ),
            models.CheckConstraint(
                condition=Q(released_cents__gte=0, refunded_cents__gte=0)
                & Q(price_cents__gte=F("released_cents") + F("refunded_cents"))
                & Q(given_back_cents__gte=0, released_cents__gte=F("given_back_cents")),
                name="escrow_pays_out_no_more_than_the_price",
            ),
            models.CheckConstraint(condition=~Q(buyer=F("seller")), name="escrow_has_two_parties"),
            models.UniqueConstraint(
                fields=["charge_id"], condition=~Q(charge_id=""), name="one_escrow_per_charge"
            ),
            models.UniqueConstraint(
                fields=["checkout_id"], condition=~Q(checkout_id=""), name="one_escrow_per_checkout"
            ),
        ]
        indexes = [
            models.Index(fields=["payment_id"], condition=~Q(payment_id=""), name="by_payment"),
            models.Index(
                fields=["poll_due_at"], condition=Q(poll_due_at__isnull=False), name="poll_due"
            ),
            models.Index(
                fields=["basket"], condition=Q(basket__isnull=False), name="escrow_of_basket"
            ),
            models.Index(fields=["seller", "status"]),
            models.Index(fields=["status"]),
            models.Index(fields=["created_at"], name="escrow_newest"),
            models.Index(
                fields=["suspected_at"],
                condition=Q(suspected_at__isnull=False),
                name="escrow_suspected",
            ),
            models.Index(
                fields=["quarantined_at"],
                condition=Q(quarantined_at__isnull=False),
                name="escrow_quarantined",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference}: {self.status}"

    @property
    def is_charged_soon(self) -> bool:
        """Whether the card of its basket was given, and is not known to be declined for it."""
        given = self.basket is not None and bool(self.basket.card_id)
        return given and self.status == EscrowStatus.AWAITING and not self.checkout_url

    @property
    def held_cents(self) -> int:
        """What is still held of the buyer's money."""
        if self.status in (EscrowStatus.AWAITING, EscrowStatus.LAPSED):
            return 0
        return self.price_cents - self.released_cents - self.refunded_cents


class EscrowEvent(Event):
    escrow = models.ForeignKey(Escrow, on_delete=models.PROTECT, related_name="events")

    class Meta(Event.Meta):
        abstract = False


class InstructionKind(models.TextChoices):
    ACCOUNT = "account", "open a payout account"
    CHECKOUT = "checkout", "open a checkout"
    EXPIRE = "expire", "close a checkout"
    REFUND = "refund", "refund a buyer"
    TRANSFER = "transfer", "move proceeds to a seller's account"
    PAYOUT = "payout", "pay out to a seller's bank"
    REVERSAL = "reversal", "take proceeds back from a seller's account"
    EVIDENCE = "evidence", "answer a dispute at the buyer's bank"
    SETUP = "setup", "open a page that takes a card for several orders"
    CHARGE = "charge", "charge a kept card for one order"
    DETACH = "detach", "forget a kept card"
    FORGET = "forget", "delete the customer of a kept card"


class InstructionStatus(models.TextChoices):
    READY = "ready"
    SENT = "sent", "sent, answer not known"
    DONE = "done"
    REFUSED = "refused"
    CALLED_OFF = "called_off", "called off before it was sent"
    RETURNED = "returned", "done, but the money came back"


class Instruction(models.Model):
    """One intended call to the processor: written, with its exact parameters, before it is made.

    `key` is the idempotency key: the same for every retry, another for every deliberate attempt.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=InstructionKind.choices)
    purpose = models.CharField(max_length=120, unique=True)
    attempt = models.PositiveSmallIntegerField(default=1)
    params = models.JSONField()
    account = models.CharField(max_length=100, blank=True)
    escrow = models.ForeignKey(
        Escrow, null=True, on_delete=models.PROTECT, related_name="instructions"
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    basket = models.ForeignKey(
        Basket, null=True, on_delete=models.PROTECT, related_name="instructions", db_index=False
    )
    payout = models.OneToOneField("Payout", null=True, on_delete=models.PROTECT)
    status = models.CharField(
        max_length=10, choices=InstructionStatus.choices, default=InstructionStatus.READY
    )
    tries = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    first_sent_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True, db_default=Now())
    done_at = models.DateTimeField(null=True)
    remote_id = models.CharField(max_length=100, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(due_at__isnull=False), name="instruction_due"
            ),
            models.Index(fields=["remote_id"], condition=~Q(remote_id=""), name="by_remote_id"),
            models.Index(fields=["created_at"], name="instruction_newest"),
            models.Index(fields=["basket"], condition=Q(basket__isnull=False), name="of_basket"),
            models.Index(
                fields=["created_at"],
                condition=Q(status="refused", kind__in=["refund", "transfer", "account"])
                | Q(status="sent", due_at=None),
                name="instruction_stuck",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["remote_id"],
                condition=Q(kind__in=["transfer", "refund", "payout", "reversal"])
                & ~Q(remote_id=""),
                name="what_moved_is_one_instructions",
            )
        ]

    def __str__(self) -> str:
        return self.purpose

    @property
    def key(self) -> str:
        return self.purpose if self.attempt == 1 else f"{self.purpose}:{self.attempt}"


class PayoutAccount(models.Model):
    """Where a seller is paid: their account at the processor, and what it still lacks."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="payout_account"
    )
    remote_id = models.CharField(max_length=100, blank=True)
    ready = models.BooleanField(default=False)
    requirements = models.JSONField(default=list)
    country = models.CharField(max_length=2, blank=True)
    # Whether it ever was: then a requirement is a restriction.
    was_ready = models.BooleanField(default=False, db_default=False)
    checked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["remote_id"], condition=~Q(remote_id=""), name="one_person_per_account"
            )
        ]

    def __str__(self) -> str:
        return self.remote_id or "not opened"


class PayoutStatus(models.TextChoices):
    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"


class Payout(models.Model):
    """Money from a seller's account at the processor to their bank."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="payouts"
    )
    amount_cents = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    status = models.CharField(
        max_length=10, choices=PayoutStatus.choices, default=PayoutStatus.PENDING
    )
    remote_id = models.CharField(max_length=100, blank=True)
    failure = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    failed_at = models.DateTimeField(null=True)
    # When somebody of us had looked after it.
    looked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(
                fields=["failed_at"],
                condition=Q(failed_at__isnull=False, looked_at=None),
                name="payout_failed",
            ),
            models.Index(fields=["created_at"], name="payout_newest"),
            models.Index(fields=["remote_id"], condition=~Q(remote_id=""), name="payout_remote"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="payout_moves_something"),
            models.UniqueConstraint(
                fields=["person", "currency"],
                condition=Q(status="pending"),
                name="one_pending_payout_per_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount_cents / 100:,.2f} {self.currency} {self.status}"


class Chargeback(models.Model):
    """A dispute of a charge at the buyer's bank; decided once, as won or lost."""

    remote_id = models.CharField(max_length=100, unique=True)
    escrow = models.ForeignKey(Escrow, on_delete=models.PROTECT, related_name="chargebacks")
    amount_cents = models.BigIntegerField()
    fee_cents = models.BigIntegerField(default=0)
    outcome = models.CharField(max_length=10, blank=True)
    # The seller had been paid when it was lost: their share is still to be got back.
    recovery_due = models.BooleanField(default=False)
    # Evidence was sent, or there is none to send.
    answered = models.BooleanField(default=False)
    opened_at = models.DateTimeField(db_default=Now(), editable=False)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["opened_at"]

    def __str__(self) -> str:
        return f"{self.remote_id}: {self.outcome or 'open'}"


class Suspicion(models.Model):
    """Why the processor or a card's bank suspects fraud; open until it is cleared."""

    class Kind(models.TextChoices):
        REVIEW = "review", "under review at the processor"
        FRAUD_WARNING = "fraud_warning", "early fraud warning of the card's bank"

    remote_id = models.CharField(max_length=100, unique=True)
    escrow = models.ForeignKey(Escrow, on_delete=models.PROTECT, related_name="suspicions")
    kind = models.CharField(max_length=15, choices=Kind.choices)
    opened_at = models.DateTimeField(db_default=Now(), editable=False)
    cleared_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["opened_at"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.remote_id}"


class LedgerAudit(models.Model):
    """One run of all invariants. While the newest is not clean, nothing is paid out.

    Not whole: only over what had changed since an earlier clean one. `through` is how far the
    append-only tables had grown, by table.
    """

    at = models.DateTimeField(db_default=Now(), editable=False)
    is_clean = models.BooleanField()
    is_whole = models.BooleanField(default=True)
    through = models.JSONField(default=dict)
    violations = models.JSONField(default=list)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return "clean" if self.is_clean else f"{len(self.violations)} violations"
