from typing import Any

from django.core.management.base import BaseCommand

from marketplace import sweeps


class Command(BaseCommand):
    help = "One pass of every sweep: what is due, and what the processor knows."

    def handle(self, *args: Any, **options: Any) -> None:
        for counts in (sweeps.poll(), sweeps.sweep(), sweeps.measure(), sweeps.count()):
            for name, count in counts.items():
                self.stdout.write(f"{name}: {count}")
