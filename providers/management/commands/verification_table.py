from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from providers.verification_table import placed

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "verification.md"


class Command(BaseCommand):
    help = "Bring the table of docs/verification.md up to the catalogue."

    def handle(self, *args: Any, **options: Any) -> None:
        DOCUMENT.write_text(placed(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
