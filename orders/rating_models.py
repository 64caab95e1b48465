"""What the parties of a trade say of each other after its end."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

LEAST, MOST = 1, 5


class Rating(models.Model):
    """One party's word on the other: 1 to 5, and a sentence. Hidden until both are in.

    `about` reports what should not be there, and a moderator keeps it or removes it.
    """

    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="ratings")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    about = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    stars = models.PositiveSmallIntegerField()
    text = models.TextField(blank=True, max_length=1000)
    at = models.DateTimeField(db_default=Now(), editable=False)
    shown_at = models.DateTimeField(null=True)
    report = models.TextField(blank=True, max_length=1000)
    reported_at = models.DateTimeField(null=True)
    looked_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "by"], name="each_party_rates_once"),
            models.CheckConstraint(
                condition=Q(stars__gte=LEAST, stars__lte=MOST), name="stars_from_1_to_5"
            ),
            models.CheckConstraint(condition=~Q(by=F("about")), name="nobody_rates_themselves"),
        ]
        indexes = [
            models.Index(fields=["about", "-shown_at"], name="rating_about"),
            models.Index(fields=["at"], condition=Q(shown_at=None), name="rating_hidden"),
            models.Index(
                fields=["reported_at"],
                condition=Q(reported_at__isnull=False, looked_at=None),
                name="rating_reported",
            ),
            models.Index(
                F("reported_at").desc(nulls_last=True), F("id").desc(), name="rating_list"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stars} of {MOST}"
