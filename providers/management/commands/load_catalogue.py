"""Bring the tables of providers up to date with the catalogue files."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from providers.catalogue import load_catalogue
from providers.catalogue_section import CatalogueError


class Command(BaseCommand):
    """Safe to repeat; changes nothing when a file is wrong."""

    help = __doc__

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Load, and say what was loaded."""
        try:
            report = load_catalogue()
        except CatalogueError as error:
            raise CommandError(f"The catalogue was not loaded. {error}") from None
        self.stdout.write(
            f"{report.providers} providers, {report.programs} programmes and "
            f"{report.unit_prices} unit prices loaded; {report.retired} retired."
        )
