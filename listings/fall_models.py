"""A price that falls by itself."""

from django.db import models
from django.db.models import F, Q


class PriceFall(models.Model):
    """The seller's word that the discount grows from day to day until it is `end_bp`."""

    listing = models.OneToOneField(
        "Listing", on_delete=models.CASCADE, primary_key=True, related_name="fall"
    )
    start_bp = models.PositiveIntegerField()
    end_bp = models.PositiveIntegerField()
    start_on = models.DateField()
    end_on = models.DateField()
    next_on = models.DateField(db_index=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(end_bp__gt=F("start_bp"), end_on__gt=F("start_on")),
                name="a_price_falls_over_some_days",
            )
        ]
