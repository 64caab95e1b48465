"""People, and what is kept about them."""

from typing import Any, ClassVar

import pgtrigger
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.functional import cached_property

from accounts.addresses import canonical
from accounts.console_models import AuditSeal as AuditSeal
from accounts.console_models import Claim as Claim
from accounts.console_models import MoneyDecision as MoneyDecision
from accounts.console_models import Proposal as Proposal
from accounts.dial_models import Dial as Dial
from accounts.dial_models import DialChange as DialChange
from accounts.edition_models import Document as Document
from accounts.edition_models import Edition as Edition
from accounts.restriction_models import Restriction as Restriction

# What the console finds people and acts by; indexed as it stands here.
NAME = SearchVector("name", config="simple")
REASON = SearchVector("reason", config="english")


class People(BaseUserManager["Person"]):
    """Creates people; the address is brought into its canonical form by `Person.save`."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Person":
        person = self.model(email=email.strip(), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "Person":
        rights = {"is_staff": True, "is_superuser": True, "role": Person.Role.ADMIN}
        return self.create_user(email, password, **rights, **fields)


class Person(AbstractBaseUser, PermissionsMixin):
    """One human being, found again by the canonical form of their verified address.

    `role` says what they may do in the console (`accounts.authority`), `is_staff` that they enter.
    """

    class Role(models.TextChoices):
        SUPPORT = "support", "Support"
        MODERATOR = "moderator", "Moderator"
        LEAD = "lead", "Lead"
        FINANCE = "finance", "Finance"
        ADMIN = "admin", "Administrator"

    email = models.EmailField(max_length=254, unique=True)
    canonical_email = models.CharField(max_length=254, unique=True, editable=False)
    name = models.CharField(max_length=80, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField("moderator", default=False)
    role = models.CharField(max_length=10, choices=Role, blank=True, default="", db_default="")
    joined_at = models.DateTimeField(default=timezone.now, editable=False)
    # All sessions of an earlier one are over (`accounts.devices.end_all`).
    generation = models.PositiveIntegerField(default=0, editable=False)
    # Whether there may be something that they may not do now (`accounts.restrictions`).
    restricted = models.BooleanField(default=False, db_default=False, editable=False)
    # When the list of first steps was put away.
    first_steps_done_at = models.DateTimeField(null=True, editable=False)
    # The account that is theirs still, where they merged this one into it (`orders.merging`).
    merged_into = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="merged", editable=False
    )

    objects: ClassVar[People] = People()
    USERNAME_FIELD = "email"

    class Meta:
        verbose_name_plural = "people"
        indexes = [GinIndex(NAME, name="people_by_name")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(merged_into=None) | models.Q(is_active=False),
                name="what_was_merged_is_closed",
            )
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.canonical_email = canonical(self.email)
        if fields := kwargs.get("update_fields"):
            kwargs["update_fields"] = {*fields, "canonical_email"}
        super().save(*args, **kwargs)

    def __str__(self) -> str:
        return self.public_name

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session must carry: another password or generation, and it is over."""
        salt, value = "accounts.models.Person.session", f"{self.generation}:{self.password}"
        return salted_hmac(salt, value, secret=secret, algorithm="sha256").hexdigest()

    @cached_property
    def selves(self) -> list[int]:
        """Their number, and those of the accounts that they closed in favour of this one."""
        return [self.pk, *self.merged.order_by("pk").values_list("pk", flat=True)]

    @property
    def public_name(self) -> str:
        """What strangers see: the chosen name, else a neutral one that gives no address away."""
        return public_name(self.name, self.pk)

    def get_short_name(self) -> str:
        return self.public_name


def public_name(name: str, pk: int) -> str:
    """The same of a person of whom only these columns were read."""
    return name or f"Member {pk}"


class Tier(models.TextChoices):
    NEW = "new", "New"
    ESTABLISHED = "established", "Established"
    TRUSTED = "trusted", "Trusted"

    @property
    def rank(self) -> int:
        """Its place among the tiers, from 0."""
        return RANKS[self]


RANKS = {tier: place for place, tier in enumerate(Tier)}


def better_tier(*tiers: str) -> Tier:
    """The highest of them; of a standing of which only these columns were read."""
    return max(map(Tier, tiers), key=RANKS.__getitem__)


class Standing(models.Model):
    """What a seller's finished trades say of them; counted by whoever finishes a trade.

    `tier` is worked out from trades now and then, `granted` is a moderator's word for somebody.
    """

    person = models.OneToOneField(Person, on_delete=models.CASCADE, primary_key=True)
    completed_orders = models.PositiveIntegerField(default=0)
    failed_orders = models.PositiveIntegerField(default=0)
    rating = models.DecimalField(max_digits=3, decimal_places=2, null=True)
    tier = models.CharField(max_length=12, choices=Tier, default=Tier.NEW, db_default=Tier.NEW)
    granted = models.CharField(max_length=12, choices=Tier, default=Tier.NEW, db_default=Tier.NEW)
    tier_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.completed_orders} completed"

    @property
    def counts_as(self) -> Tier:
        """The tier that limits go by: the better of the two."""
        return better_tier(self.tier, self.granted)


class Device(models.Model):
    """A browser that a person signed in with, known again by a cookie; only its hash is kept."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="devices")
    digest = models.CharField(max_length=64)
    described = models.CharField(max_length=80)
    name = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    last_seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "digest"], name="one_row_per_device")
        ]
        # Who else has signed in from this browser.
        indexes = [models.Index(fields=["digest"], name="device_digest")]

    def __str__(self) -> str:
        return self.name or self.described


class ApiToken(models.Model):
    """A program's way in. The token is shown once; only its hash is kept."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80, blank=True)
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=10))
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name or f"token {self.pk}"


class Notification(models.Model):
    """Something a person should know: shown in their inbox, and sent by mail.

    `key` makes it at most one per happening; the words are in `templates/emails/<kind>.txt`.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=120, unique=True)
    context = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    read_at = models.DateTimeField(null=True)
    mail_due_at = models.DateTimeField(null=True, db_default=Now())
    mail_attempts = models.PositiveSmallIntegerField(default=0)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["person", "-id"]),
            models.Index(
                fields=["person"], name="unread", condition=models.Q(read_at__isnull=True)
            ),
            models.Index(
                fields=["mail_due_at"],
                name="mail_due",
                condition=models.Q(mail_due_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.key


class MailMute(models.Model):
    """A group of mails that a person does not want; `accounts.mail_choices` names the groups."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="mail_mutes")
    group = models.CharField(max_length=20)
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "group"], name="a_group_is_muted_once")
        ]

    def __str__(self) -> str:
        return self.group


class PersonalExport(models.Model):
    """Everything about a person, for themselves: made by a worker, kept for some days."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="exports")
    asked_at = models.DateTimeField(db_default=Now(), editable=False)
    due_at = models.DateTimeField(null=True, db_default=Now())
    tries = models.PositiveSmallIntegerField(default=0)
    parts_done = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField(null=True)
    content = models.BinaryField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=models.Q(made_at=None), name="one_export_under_way"
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(due_at__isnull=False),
                name="export_due",
            )
        ]

    def __str__(self) -> str:
        return f"export {self.pk}"


class Erasure(models.Model):
    """A person who is gone: what is left of them is a number."""

    person = models.OneToOneField(Person, on_delete=models.PROTECT, related_name="erasure")
    at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"person {self.person_id}"


class Likeness(models.Model):
    """Two accounts that may be one person's: what points to it, and what was decided."""

    SAME, DIFFERENT = "same", "different"
    DECISIONS: ClassVar = [(SAME, "The same person"), (DIFFERENT, "Different people")]
    # The one with the smaller number first, so that a pair is one row.
    first = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    evidence = ArrayField(models.CharField(max_length=20), default=list)
    raised_at = models.DateTimeField(db_default=Now(), editable=False)
    decision = models.CharField(max_length=10, choices=DECISIONS, blank=True)
    decided_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "likenesses"
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="a_pair_is_one_case"),
            models.CheckConstraint(
                condition=models.Q(first__lt=models.F("second")), name="a_pair_is_in_order"
            ),
        ]
        indexes = [
            models.Index(
                fields=["raised_at"], condition=models.Q(decision=""), name="likeness_open"
            ),
            models.Index(fields=["raised_at"], name="likeness_newest"),
            models.Index(
                fields=["first", "second"],
                condition=models.Q(decision="same"),
                name="known_same",
            ),
            models.Index(
                fields=["second", "first"],
                condition=models.Q(decision="same"),
                name="known_same_back",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first} and {self.second}"


class AuditEntry(models.Model):
    """An act of a moderator or the system that somebody may have to answer for."""

    at = models.DateTimeField(db_default=Now(), editable=False)
    actor = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    act = models.CharField(max_length=60)
    subject = models.CharField(max_length=80)
    reason = models.TextField(blank=True)
    details = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["subject", "-id"]),
            models.Index(fields=["actor", "-id"], name="acts_of_a_person"),
            models.Index(fields=["at"], name="acts_of_a_time"),
            models.Index(fields=["act", "-id"], name="acts_of_a_kind"),
            GinIndex(REASON, name="acts_by_reason"),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.subject}"
