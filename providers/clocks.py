"""How long the steps of a trade may take at one provider: its own clocks, never above ours."""

from dataclasses import dataclass

from django.conf import settings

from providers.catalogue import catalogue_entries

HOUR = 3600


@dataclass(frozen=True)
class Clocks:
    """How long the seller has to deliver, and the buyer to inspect."""

    deliver_seconds: int
    inspect_seconds: int


def clocks_of(slug: str) -> Clocks:
    """The clocks of a provider's file where they are shorter than the published general ones."""
    own = next((entry.clocks for entry in catalogue_entries() if entry.slug == slug), {})
    return Clocks(
        _bounded(own.get("deliver_hours"), settings.DELIVER_WITHIN_SECONDS),
        _bounded(own.get("inspect_hours"), settings.INSPECT_WITHIN_SECONDS),
    )


def _bounded(hours: int | None, most_seconds: int) -> int:
    return most_seconds if hours is None else min(hours * HOUR, most_seconds)
