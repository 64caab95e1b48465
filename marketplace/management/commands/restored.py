from typing import Any

from django.core.management.base import BaseCommand

from payments import restored


class Command(BaseCommand):
    help = (
        "Say that this database came back from a backup, before web and worker are started on it. "
        "Payouts wait for the next `manage.py reconcile`; what the processor has done since the "
        "backup is taken over instead of being done again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        restore = restored.mark()
        self.stdout.write(
            f"Noted at {restore.at:%Y-%m-%d %H:%M:%S} UTC. Payouts wait. Next: start everything, "
            "then `manage.py reconcile`, and decide on what it names."
        )
