import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from marketplace import ledger_audit


class Command(BaseCommand):
    help = "Check every invariant of the money. Exit status 0 when clean, 1 otherwise."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        found = ledger_audit.run()
        if options["json"]:
            self.stdout.write(json.dumps({"clean": not found, "violations": found}))
        elif found:
            for violation in found:
                self.stdout.write(
                    f"{_word(violation)} {violation['invariant']}: {violation['rows']}"
                )
        else:
            checked = len(ledger_audit.INVARIANTS) + len(ledger_audit.ALARMS) + 1
            self.stdout.write(f"clean: {checked} invariants hold")
        if found:
            sys.exit(1)


def _word(finding: ledger_audit.Finding) -> str:
    return "VIOLATED" if finding["freezes"] else "ALARM"
