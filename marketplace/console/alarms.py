"""Figures that leave their band: marked on the overview, and told to whoever leads."""

import tomllib
from collections.abc import Sequence
from functools import cache as once
from pathlib import Path
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Person
from accounts.notifications import notify
from marketplace.console.figures import Figure
from marketplace.console.overview import overview

DAYS = 7
LOOKED_EVERY_SECONDS = 3600


@once
def bands() -> dict[str, Any]:
    """The numbers of bands.toml."""
    return tomllib.loads(Path(__file__).with_name("bands.toml").read_text())


def outside(figures: Sequence[Figure]) -> list[Figure]:
    """The figures that are above their band; rates of too few trades say nothing."""
    most, trades = bands()["most"], {one.label: one.now for one in figures}["Trades paid"] or 0
    return [
        one
        for one in figures
        if one.now is not None
        and one.now > most.get(one.label, one.now)
        and (one.kind != "rate" or trades >= bands()["least_trades"])
    ]


def tell(figures: Sequence[Figure]) -> int:
    """Tell leads and administrators of figures outside their band; once a week for each."""
    year, week, _ = timezone.now().isocalendar()
    leads = Person.objects.filter(is_active=True, is_staff=True, role__in=["lead", "admin"])
    with transaction.atomic():
        for person in leads if figures else ():
            for one in figures:
                notify(
                    person=person,
                    kind="figure_outside",
                    key=f"figure_outside:{year}-{week}:{one.slug}:{person.pk}",
                    url=f"{reverse('admin:overview')}?days={DAYS}",
                    label=one.label,
                    now=one.written,
                    most=Figure(one.label, one.kind, bands()["most"][one.label], None).written,
                )
    return len(figures)


def tell_due() -> int:
    """Look at the last seven days, once an hour; returns how many figures are outside."""
    if not cache.add("console:alarms", True, LOOKED_EVERY_SECONDS):
        return 0
    return tell(outside(overview(DAYS)["figures"]))
