"""What an edition of a provider's facts or guide may say, and how its page would look."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from accounts import editions
from accounts.refusals import Invalid
from providers import catalogue, guide_views, views, written
from providers.catalogue_entry import CatalogueEntry
from providers.catalogue_section import CatalogueError
from providers.composing import guide_to
from providers.guides import Guide
from providers.models import Provider

LONGEST_PROBLEM = 300
# What a page is shown with where nobody gives an amount.
USUAL_CENTS = 100_00
ELSEWHERE = {
    "resale": "The policy has a page of its own: change it there.",
    "balance_api": "Where a lent key is sent is decided by a release.",
    "token_patterns": "What is looked for in everybody's words is decided by a release.",
    "clocks": "By when people must act is decided by a release.",
}


def check_provider(slug: str, text: str) -> CatalogueEntry:
    """The facts in a text, loaded once for trial. Raises Invalid, naming the key."""
    table, file = editions.parse(text), editions.parse(catalogue.file_text(slug))
    for key in catalogue.LEFT_TO_FILE:
        if table.get(key) != file.get(key):
            raise Invalid("text", f"{key}: must stay as it is in the file. {ELSEWHERE[key]}")
    entry: CatalogueEntry = fitting(catalogue.read_edition, slug, text)
    _require_past("checked_on", entry.provider["checked_on"])
    # What the tables would not take is found before anybody agrees to it.
    catalogue.try_loading(entry)
    return entry


def check_guide(slug: str, text: str) -> Guide | None:
    """The guide in a text, None where it is empty. Raises Invalid, naming the key."""
    editions.parse(text)
    guide: Guide | None = fitting(written.read_edition, slug, text)
    if guide is not None:
        _require_past("checked_on", guide.checked_on)
        for source in guide.sources:
            _require_past(f"sources[{source.number}].checked_on", source.checked_on)
    return guide


def _require_past(field: str, day: date) -> None:
    """Nobody has looked at a source tomorrow."""
    if day > datetime.now(UTC).date():
        raise Invalid("text", f"{field}: {day} is still to come.")


def fitting(read: Callable[..., Any], *given: str) -> Any:
    """What `read` makes of a text. Raises Invalid, naming the key, for its CatalogueError."""
    try:
        return read(*given)
    except CatalogueError as error:
        raise Invalid("text", f"{error.field}: {error.problem}."[:LONGEST_PROBLEM]) from None


def show_provider(request: HttpRequest, slug: str, text: str) -> HttpResponse:
    """The provider's page with the facts of a text. Raises Invalid."""
    provider = _as_row(check_provider(slug, text))
    return views.page(request, provider, offers=None, cents=USUAL_CENTS)


def show_guide(request: HttpRequest, slug: str, text: str) -> HttpResponse:
    """The provider's guide as a text has it, with today's facts. Raises Invalid."""
    guide = check_guide(slug, text)
    provider = get_object_or_404(Provider.objects.for_page(), slug=slug)
    return guide_views.page(request, guide_to(provider, guide), provider, cents=USUAL_CENTS)


def _as_row(entry: CatalogueEntry) -> Provider:
    """A provider that is in no table, with its parts and the policy that counts."""
    provider: Any = entry.build_provider()
    counts = Provider.objects.filter(pk=entry.slug).values(*catalogue.POLICY_FIELDS).first() or {}
    for field, value in counts.items():
        setattr(provider, field, value)
    parts = {"programs": entry.build_programs(), "unit_prices": entry.build_unit_prices()}
    provider._prefetched_objects_cache = parts
    row: Provider = provider
    return row
