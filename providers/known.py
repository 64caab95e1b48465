"""The names of providers, which every list of offers shows; kept for some seconds."""

from collections.abc import Mapping

from accounts.kept import Kept
from providers.models import Provider, ProviderQuerySet

KEPT_SECONDS = 30
_names: Kept[Mapping[str, str]] = Kept(seconds=KEPT_SECONDS, most=2)


def current_names() -> Mapping[str, str]:
    """Name by slug of the providers in the catalogue, in the order of their names."""
    return _names.get("current", lambda: _read(Provider.objects.current()))


def name_of(slug: str) -> str:
    """The name of any provider that there is or was."""
    found = _names.get("all", lambda: _read(Provider.objects.all())).get(slug)
    if found is None:  # it came after we looked
        _names.forget()
        found = _names.get("all", lambda: _read(Provider.objects.all())).get(slug, slug)
    return found


def _read(rows: ProviderQuerySet) -> Mapping[str, str]:
    return dict(rows.values_list("slug", "name"))
