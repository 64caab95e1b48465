import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from payments import reconciliation
from payments.processor.interface import OutcomeUnknown, ProcessorRefused


class Command(BaseCommand):
    help = (
        "Compare every balance transaction of the processor with the postings. "
        "Exit status 0 when all agree or are explained, 1 otherwise."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--recent", action="store_true", help="only what is new since the last time"
        )

    def handle(self, *args: Any, recent: bool, **options: Any) -> None:
        try:
            row = reconciliation.run(whole=not recent)
        except (OutcomeUnknown, ProcessorRefused) as error:
            raise CommandError(f"The processor could not be read: {error}") from None
        self.stdout.write(f"{row.lines} lines read, {row.matched} objects agree")
        for reason, count in sorted(row.explained.items()):
            self.stdout.write(f"explained: {count} ({reason})")
        for difference in row.differences.order_by("pk"):
            decided = "" if difference.decided_at is None else " (decided)"
            self.stdout.write(f"DIFFERENCE {difference.kind}{decided}: {difference.text}")
        if row.found:
            sys.exit(1)
