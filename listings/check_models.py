"""Checks before people: how each is set, what was tried, and what they found."""

from typing import Any, ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

# Sums of weights from here on put an offer before the others. Part of an index, so not tunable:
# weights are.
FLAGGED_FROM = 50
HEAVIEST = 100


class Check(models.Model):
    """One rule of `listings.checks` as it is set now; its history are its tunings."""

    name = models.CharField(primary_key=True, max_length=30)
    weight = models.PositiveSmallIntegerField()
    threshold = models.BigIntegerField()
    is_on = models.BooleanField("on", default=True)
    since = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(weight__lte=HEAVIEST, threshold__gte=1), name="a_check_is_set_sensibly"
            )
        ]

    def __str__(self) -> str:
        return self.name.replace("_", " ").capitalize()


class Tuning(models.Model):
    """Settings of a check that somebody tried on past offers or put in force. Never changed.

    Of the `offers` looked at, `hits` would have scored, and `bad` of those were sent back or
    removed by a moderator.
    """

    of = models.ForeignKey(Check, on_delete=models.PROTECT, related_name="tunings")
    weight = models.PositiveSmallIntegerField()
    threshold = models.BigIntegerField()
    is_on = models.BooleanField()
    in_force = models.BooleanField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    at = models.DateTimeField(db_default=Now(), editable=False)
    offers = models.PositiveIntegerField(default=0)
    hits = models.PositiveIntegerField(default=0)
    bad = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-id"]
        triggers: ClassVar = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.of_id}: {self.weight} from {self.threshold}"


class Finding(models.Model):
    """What one check said of an offer when it was last handed in, with its figure."""

    listing = models.ForeignKey("Listing", on_delete=models.CASCADE, related_name="findings")
    check_name = models.CharField(max_length=30)
    figure = models.BigIntegerField()
    threshold = models.BigIntegerField()
    weight = models.PositiveSmallIntegerField()
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering: ClassVar[list[Any]] = ["-weight", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["listing", "check_name"], name="a_check_says_one_thing_of_an_offer"
            )
        ]

    def __str__(self) -> str:
        return f"{self.check_name}: {self.figure}"
