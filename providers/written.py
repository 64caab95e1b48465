"""What people wrote about providers: guide files, and the editions of them that have begun."""

import logging
import tomllib
from functools import cache, lru_cache

from accounts import editions
from accounts.models import Edition
from providers.catalogue_section import CatalogueError
from providers.guides import GUIDES_DIR, Guide, guides, read_table

log = logging.getLogger(__name__)


@cache
def file_text(slug: str) -> str:
    """The file about a provider as it is written, "" where there is none."""
    name = next((name for name, one in guides().items() if one.provider == slug), None)
    return (GUIDES_DIR / f"{name}.toml").read_text(encoding="utf-8") if name else ""


def written_guide(slug: str) -> Guide | None:
    """What counts about one provider, None where nobody has written; one query."""
    name = f"guide-{slug}"
    return _in_force(slug, editions.in_force(name).get(name))


def written_guides() -> dict[str, Guide]:
    """All that count by their provider; one query."""
    begun = editions.in_force(kind="guide")
    slugs = {one.provider for one in guides().values()}
    slugs |= {name.removeprefix("guide-") for name in begun}
    found = {slug: _in_force(slug, begun.get(f"guide-{slug}")) for slug in slugs}
    return {slug: guide for slug, guide in found.items() if guide}


@lru_cache(maxsize=100)
def read_edition(slug: str, text: str) -> Guide | None:
    """The guide in a text, None in one of comments: facts alone. Raises CatalogueError."""
    table = tomllib.loads(text)
    if not table:
        return None
    guide = read_table(table, slug=slug, file_name=f"{slug}.toml")
    if guide.provider != slug:
        problem = f"must be {slug!r}, whose guide this is"
        raise CatalogueError(file=f"{slug}.toml", field="provider", problem=problem)
    return guide


def _in_force(slug: str, edition: Edition | None) -> Guide | None:
    if edition is not None:
        try:
            return read_edition(slug, edition.text)
        except CatalogueError:
            # A release changed what a guide may say: its file counts, and the console names both.
            log.warning("%s does not fit this release; its file counts", edition)
    return next((one for one in guides().values() if one.provider == slug), None)
