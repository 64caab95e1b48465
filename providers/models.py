"""Providers, what their credit comes from, and what it buys.

Rows are loaded from the files in `catalogue/`, and the editions of them, by `catalogue.py`; the
resale policy is changed by people through `policy.py`.
"""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse

from providers.vocabulary import Category, Confidence, ResalePolicy, Rung, TransferMethod

# What a moderator's decision sets, and the catalogue then leaves alone.
POLICY_FIELDS = ("resale_policy", "policy_clause", "policy_source", "policy_checked_on")

POLICY_SENTENCES = {
    ResalePolicy.ALLOWED: (
        "The provider's terms allow this credit to be passed on, so a listing needs only our "
        "ordinary review."
    ),
    ResalePolicy.CONSENT_REQUIRED: (
        "This credit has a form that can be handed over, but only the provider can agree to a "
        "sale, so a listing needs its written consent before it goes live."
    ),
    ResalePolicy.UNKNOWN: (
        "We have found no clear rule on passing this credit on. That is not permission, so a "
        "listing needs the provider's written consent before it goes live."
    ),
    ResalePolicy.FORBIDDEN: (
        "The provider's terms forbid passing this credit on. A listing goes live only with the "
        "provider's written consent to this very sale."
    ),
}


class ProviderQuerySet(models.QuerySet["Provider"]):
    """Selections of providers."""

    def current(self) -> "ProviderQuerySet":
        """Those still in the catalogue."""
        return self.filter(retired=False)

    def matching(self, words: str) -> "ProviderQuerySet":
        """Those whose name, summary or slug contains every one of the words."""
        found = self
        for word in words.split()[:8]:
            found = found.filter(
                Q(name__icontains=word) | Q(summary__icontains=word) | Q(slug__icontains=word)
            )
        return found

    def for_page(self) -> "ProviderQuerySet":
        """Those still in the catalogue, each with its programmes and prices at hand."""
        programs = Program.objects.filter(retired=False)
        return self.current().prefetch_related(
            models.Prefetch("programs", queryset=programs), "unit_prices"
        )


class Provider(models.Model):
    """A company that issues credit."""

    slug = models.SlugField(primary_key=True, max_length=60)
    name = models.CharField(max_length=80)
    homepage = models.URLField()
    category = models.CharField(max_length=12, choices=Category)
    summary = models.CharField(max_length=240)

    resale_policy = models.CharField(max_length=20, choices=ResalePolicy)
    policy_clause = models.TextField(help_text="What the terms say, in our words.")
    policy_source = models.URLField(max_length=400, blank=True)
    policy_checked_on = models.DateField()
    policy_overridden = models.BooleanField(
        default=False, help_text="A moderator decided; the catalogue no longer sets the policy."
    )
    policy_in_effect = models.CharField(
        max_length=20,
        blank=True,
        editable=False,
        help_text="The policy for which live offers were looked through.",
    )

    transfer_methods = ArrayField(models.CharField(max_length=20, choices=TransferMethod))
    transfer_notes = models.TextField()
    ladder = ArrayField(
        models.CharField(max_length=24, choices=Rung), help_text="Strongest rung first."
    )
    credit_expiry = models.TextField(blank=True)
    balance_api = models.JSONField(null=True, blank=True)
    token_patterns = models.JSONField(default=list, blank=True)
    sources = models.JSONField(default=list, blank=True)
    confidence = models.CharField(max_length=8, choices=Confidence)
    checked_on = models.DateField(help_text="When these facts were last compared with the sources.")
    retired = models.BooleanField(default=False, help_text="No longer in the catalogue.")
    edition = models.ForeignKey(
        "accounts.Edition",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Which edition these facts are of, where people corrected the file.",
    )

    objects = ProviderQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(resale_policy__in=ResalePolicy.values), name="provider_policy_known"
            ),
            models.CheckConstraint(
                condition=~Q(transfer_methods=[]), name="provider_has_transfer_method"
            ),
            models.CheckConstraint(condition=~Q(ladder=[]), name="provider_has_ladder"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The provider's page."""
        return reverse("providers:detail", args=[self.slug])

    @property
    def needs_consent(self) -> bool:
        """Whether a listing must carry the provider's written consent."""
        return self.resale_policy != ResalePolicy.ALLOWED

    @property
    def policy_sentence(self) -> str:
        """What the policy means for a listing, said to seller and buyer alike."""
        return POLICY_SENTENCES[ResalePolicy(self.resale_policy)]

    @property
    def strongest_rung(self) -> Rung:
        """The best way to show that this provider's credit arrived."""
        return Rung(self.ladder[0])


class Program(models.Model):
    """One named source of a provider's credit."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="programs")
    slug = models.SlugField(max_length=80)
    name = models.CharField(max_length=120)
    amount = models.CharField(max_length=240, help_text="What it gives, in words.")
    who = models.CharField(max_length=240, blank=True, help_text="Who may have it.")
    expiry = models.CharField(max_length=240, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    retired = models.BooleanField(default=False, help_text="No longer in the catalogue.")

    class Meta:
        ordering = ["provider", "position"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "slug"], name="program_slug_per_provider")
        ]

    def __str__(self) -> str:
        return self.name


class UnitPrice(models.Model):
    """What one unit of something costs at the provider's list price."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="unit_prices")
    what = models.CharField(max_length=120)
    unit = models.CharField(max_length=80)
    price_usd = models.DecimalField(max_digits=18, decimal_places=9)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["provider", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "what", "unit"], name="unit_price_once_per_provider"
            ),
            models.CheckConstraint(condition=Q(price_usd__gt=0), name="unit_price_above_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.what}, {self.unit}"

    @property
    def price_words(self) -> str:
        """Dollars with cents, and with more places only where they say something."""
        whole, _, part = f"{self.price_usd.normalize():f}".partition(".")
        return f"{int(whole):,}.{part.ljust(2, '0')}"


class PolicyChange(models.Model):
    """One decision of a moderator on a provider's resale policy. Never changed afterwards."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="policy_changes")
    policy_before = models.CharField(max_length=20, choices=ResalePolicy)
    policy_after = models.CharField(max_length=20, choices=ResalePolicy)
    clause_before = models.TextField()
    clause_after = models.TextField()
    source = models.URLField(max_length=400, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-pk"]
        triggers = [
            pgtrigger.Protect(
                name="policy_change_is_final", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider_id}: {self.policy_before} to {self.policy_after}"
