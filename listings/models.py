"""Offers: what a seller has, at which discount, how it moves, and how much of it is left."""

import uuid
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import MD5, Now
from django.urls import reverse
from django.utils import timezone

from accounts.machines import Event
from accounts.models import Person, Tier
from listings.check_models import FLAGGED_FROM
from listings.check_models import Check as Check
from listings.check_models import Finding as Finding
from listings.check_models import Tuning as Tuning
from listings.consent_models import Consent as Consent
from listings.fall_models import PriceFall as PriceFall
from listings.question_models import Question as Question
from listings.report_models import Report as Report
from providers.models import Program, Provider
from providers.vocabulary import TransferMethod

LEAST_DISCOUNT_BP = 3000
GREATEST_DISCOUNT_BP = 7000
# Ten million dollars: above any credit that was ever granted, far below what a column holds.
LARGEST_FACE_VALUE_CENTS = 10**9


class ListingStatus(models.TextChoices):
    DRAFT = "draft", "Draft"
    IN_REVIEW = "in_review", "In review"
    REJECTED = "rejected", "Rejected"
    LIVE = "live", "Live"
    PAUSED = "paused", "Paused"
    SOLD_OUT = "sold_out", "Sold out"
    EXPIRED = "expired", "Expired"
    WITHDRAWN = "withdrawn", "Withdrawn"
    REMOVED = "removed", "Removed"


# Anybody may look at these; live ones can be bought, the others say why not.
PUBLIC = (
    ListingStatus.LIVE,
    ListingStatus.PAUSED,
    ListingStatus.SOLD_OUT,
    ListingStatus.EXPIRED,
)


CARD_FIELDS = (
    "pk",
    "provider_id",
    "title",
    "currency",
    "available_cents",
    "price_cents",
    "discount_bp",
    "expires_on",
    "transfer_method",
    "created_at",
    "seller_id",
    "seller__name",
    "seller__standing__rating",
    "seller__standing__completed_orders",
)


def seen_by(person_id: Any) -> Q:
    """What is or was public, and somebody's own, also those of accounts merged into theirs."""
    own = Q(seller=person_id) | Q(seller__merged_into=person_id)
    return Q(status__in=PUBLIC) | own


class Listings(models.QuerySet["Listing"]):
    """Selections of offers."""

    def visible_to(self, person: Person | AnonymousUser) -> "Listings":
        """What a person may load: what is or was public, and their own; moderators, all."""
        if person.is_staff:
            return self
        if not person.is_authenticated:
            return self.filter(status__in=PUBLIC)
        return self.filter(seen_by(person.pk))

    def live(self) -> "Listings":
        """What can be bought today: live, of somebody who may sell, not about to expire."""
        return self.filter(
            status=ListingStatus.LIVE,
            expires_on__gte=earliest_expiry(),
            seller__is_active=True,
        )

    def with_parts(self) -> "Listings":
        """With provider, seller and standing, in one query."""
        return self.select_related("provider", "seller", "seller__standing").defer("search")

    def for_cards(self) -> "models.QuerySet[Listing, Any]":
        """Named tuples of just what a card shows; names of providers are known without asking."""
        return self.values_list(*CARD_FIELDS, named=True)


def time_to_finish() -> timedelta:
    """The longest that a trade without a dispute takes, from its order to its release, and a day.

    Expiry dates are the provider's, in no known zone: so much is the day for.
    """
    return timedelta(days=1) + timedelta(
        seconds=settings.PAY_WITHIN_SECONDS
        + settings.DELIVER_WITHIN_SECONDS
        + settings.INSPECT_WITHIN_SECONDS
        + max(settings.COOLING_OFF_SECONDS, settings.NEW_SELLER_COOLING_OFF_SECONDS)
    )


def earliest_expiry() -> date:
    """The first day on which credit may expire and a trade of it still be finished before.

    For showing and searching; `listings.expiry` decides, by the database's clock.
    """
    return (timezone.now() + time_to_finish()).date()


class Listing(models.Model):
    """A seller's offer. Its stock is available, reserved for orders under way, or sold."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    seller = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="listings"
    )
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="listings")
    program = models.ForeignKey(
        Program, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    title = models.CharField(max_length=120)
    description = models.TextField(blank=True, max_length=4000)
    currency = models.CharField(max_length=3, default="USD")
    face_value_cents = models.BigIntegerField()
    min_order_cents = models.BigIntegerField()
    step_cents = models.BigIntegerField()
    discount_bp = models.PositiveIntegerField()
    expires_on = models.DateField()
    region = models.CharField(max_length=60, blank=True)
    transfer_method = models.CharField(max_length=20, choices=TransferMethod)
    status = models.CharField(
        max_length=10, choices=ListingStatus.choices, default=ListingStatus.DRAFT
    )
    status_since = models.DateTimeField(db_default=Now())
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    # How often its seller was told that it will leave the market (`listings.expiry`).
    reminders = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    # The rank of the seller's tier, for whoever looks for it; `listings.ranks` keeps it.
    seller_rank = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    available_cents = models.BigIntegerField()
    reserved_cents = models.BigIntegerField(default=0)
    sold_cents = models.BigIntegerField(default=0)
    # What checks found when it was last handed in; sorts the queue and nothing else.
    check_score = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    # The price of all that is available; `payments.money.price_of` in SQL.
    price_cents = models.GeneratedField(
        expression=F("available_cents") - (F("available_cents") * F("discount_bp") + 5000) / 10000,
        output_field=models.BigIntegerField(),
        db_persist=True,
    )
    search = models.GeneratedField(
        expression=SearchVector("title", weight="A", config="english")
        + SearchVector("description", weight="B", config="english"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = Listings.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(discount_bp__gte=LEAST_DISCOUNT_BP)
                & Q(discount_bp__lte=GREATEST_DISCOUNT_BP),
                name="discount_between_30_and_70_percent",
            ),
            models.CheckConstraint(
                condition=Q(available_cents__gte=0, reserved_cents__gte=0, sold_cents__gte=0)
                & Q(face_value_cents=F("available_cents") + F("reserved_cents") + F("sold_cents")),
                name="stock_sums_to_the_face_value",
            ),
            models.CheckConstraint(
                condition=Q(face_value_cents__gt=0)
                & Q(face_value_cents__lte=LARGEST_FACE_VALUE_CENTS)
                & Q(step_cents__gt=0)
                & Q(min_order_cents__gt=0)
                & Q(min_order_cents__lte=F("face_value_cents")),
                name="amounts_are_sensible",
            ),
        ]
        indexes = [
            models.Index(
                fields=["status_since"], condition=Q(status="in_review"), name="listing_in_review"
            ),
            *(
                models.Index(
                    fields=[field, "id"], condition=Q(status="live"), name=f"live_by_{field}"
                )
                for field in ("created_at", "discount_bp", "price_cents", "expires_on")
            ),
            *(
                models.Index(
                    fields=["provider", field, "id"],
                    condition=Q(status="live"),
                    name=f"provider_by_{field}",
                )
                for field in ("created_at", "discount_bp", "price_cents", "expires_on")
            ),
            models.Index(
                fields=["transfer_method", "created_at", "id"],
                condition=Q(status="live"),
                name="live_by_method",
            ),
            *(
                models.Index(
                    fields=["created_at", "id"],
                    condition=Q(status="live", seller_rank__gte=tier.rank),
                    name=f"live_of_{tier.value}",
                )
                for tier in (Tier.ESTABLISHED, Tier.TRUSTED)
            ),
            models.Index(
                fields=["reminders", "expires_on"],
                condition=Q(status__in=["live", "paused", "sold_out"]),
                name="leaving_the_market",
            ),
            models.Index(fields=["seller", "-created_at"]),
            models.Index(fields=["-status_since", "-id"], name="listing_newest"),
            models.Index(fields=["status_since"], condition=Q(status="in_review"), name="waiting"),
            models.Index(
                fields=["status_since"],
                condition=Q(status="in_review", check_score__gte=FLAGGED_FROM),
                name="flagged",
            ),
            models.Index(MD5("description"), name="same_description", condition=~Q(description="")),
            GinIndex(fields=["search"], name="listing_search"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """The offer's page."""
        return reverse("listings:detail", args=[self.pk])

    @property
    def offered_min_cents(self) -> int:
        """The smallest order that is possible now: the minimum, or the rest if it is less."""
        return min(self.min_order_cents, self.available_cents)

    @property
    def is_buyable(self) -> bool:
        """Whether some of it can be bought today; the same rule as `Listings.live`."""
        live = self.status == ListingStatus.LIVE and self.seller.is_active
        return live and self.expires_on >= earliest_expiry()


class ListingEvent(Event):
    listing = models.ForeignKey(Listing, on_delete=models.PROTECT, related_name="events")

    class Meta(Event.Meta):
        abstract = False


class CodeStatus(models.TextChoices):
    AVAILABLE = "available"
    RESERVED = "reserved"
    REVEALED = "revealed"
    VOID = "void"


class Code(models.Model):
    """One redeemable code: encrypted, found again only by its fingerprint, shown to one buyer."""

    listing = models.ForeignKey(Listing, on_delete=models.PROTECT, related_name="codes")
    face_value_cents = models.BigIntegerField()
    fingerprint = models.CharField(max_length=64)
    key_id = models.CharField(max_length=12)
    ciphertext = models.BinaryField()
    status = models.CharField(
        max_length=10, choices=CodeStatus.choices, default=CodeStatus.AVAILABLE
    )
    reserved_for = models.UUIDField(null=True, db_index=True)
    revealed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["fingerprint"], condition=~Q(status="void"), name="a_code_is_offered_once"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["available", "void"], reserved_for=None)
                | Q(status__in=["reserved", "revealed"], reserved_for__isnull=False)
                | Q(status="void"),
                name="a_reserved_code_is_somebodys",
            ),
        ]
        indexes = [
            models.Index(
                fields=["listing", "id"], condition=Q(status="available"), name="codes_left"
            ),
            # Void ones, too: where a code was before.
            models.Index(fields=["fingerprint"], name="code_seen"),
        ]

    def __str__(self) -> str:
        return f"code {self.pk}"


class FingerprintKey(models.Model):
    """The key under which codes are told apart, itself encrypted. One row, made once, kept for
    good: with another key, no code would be known any more."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    key_id = models.CharField(max_length=12)
    ciphertext = models.BinaryField()


class SavedSearch(models.Model):
    """What somebody looks for, as columns that one query compares with a new offer.

    What is not asked for is a value that fits everything: "" or the end of the range.
    """

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_searches"
    )
    query = models.CharField(max_length=900)  # as in the address of the browse page
    words = models.CharField(max_length=400)  # the same for people
    saved_at = models.DateTimeField(db_default=Now(), editable=False)
    provider = models.CharField(max_length=60, blank=True)
    method = models.CharField(max_length=20, blank=True)
    category = models.CharField(max_length=10, blank=True)
    proof = models.CharField(max_length=30, blank=True)
    # The first letters of a word that a fitting offer must have, and all words as a tsquery.
    start = models.CharField(max_length=3, blank=True)
    text_query = models.TextField(blank=True)
    least_discount_bp = models.PositiveIntegerField(default=0)
    greatest_discount_bp = models.PositiveIntegerField(default=10_000)
    least_available_cents = models.BigIntegerField(default=0)
    greatest_price_cents = models.BigIntegerField(default=LARGEST_FACE_VALUE_CENTS)
    expires_after = models.DateField(null=True, blank=True)
    least_days_left = models.PositiveIntegerField(default=0, db_default=0)
    least_seller_rank = models.PositiveSmallIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "query"], name="a_search_is_saved_once")
        ]
        indexes = [
            models.Index(fields=["provider", "start", "least_discount_bp"], name="what_may_fit")
        ]

    def __str__(self) -> str:
        return self.words


class Watch(models.Model):
    """Somebody's eye on an offer, and the discount that it had when they last heard of it."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="watches"
    )
    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="watches")
    discount_bp = models.PositiveIntegerField()
    since = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "listing"], name="an_offer_is_watched_once")
        ]


class News(models.Model):
    """An offer that came to the market or became cheaper, until those who wait have been told."""

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(db_default=Now(), editable=False)
