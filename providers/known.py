"""What every list of offers shows of providers; kept for some seconds."""

from collections.abc import Mapping
from typing import NamedTuple

from accounts.kept import Kept
from providers.models import Provider, ProviderQuerySet

# With the frames around it, what a page says is younger than a minute.
KEPT_SECONDS = 20


class Facts(NamedTuple):
    """A provider, as far as lists and filters need it; `proof` is its strongest rung."""

    name: str
    category: str
    proof: str


_facts: Kept[Mapping[str, Facts]] = Kept(seconds=KEPT_SECONDS, most=2)


def current() -> Mapping[str, Facts]:
    """Providers in the catalogue by slug, in the order of their names."""
    return _facts.get("current", lambda: _read(Provider.objects.current()))


def current_names() -> Mapping[str, str]:
    """Their names alone."""
    return {slug: facts.name for slug, facts in current().items()}


def name_of(slug: str) -> str:
    """The name of any provider that there is or was."""
    found = _facts.get("all", lambda: _read(Provider.objects.all())).get(slug)
    if found is None:  # it came after we looked
        _facts.forget()
        found = _facts.get("all", lambda: _read(Provider.objects.all())).get(slug)
    return found.name if found else slug


def _read(rows: ProviderQuerySet) -> Mapping[str, Facts]:
    return {
        slug: Facts(name, category, ladder[0] if ladder else "")
        for slug, name, category, ladder in rows.values_list("slug", "name", "category", "ladder")
    }
