from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from marketplace.demo.people import current_code


class Command(BaseCommand):
    help = "Print the code that the second factor of the demo moderators shows now."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG or not settings.DEMO_TOTP_SECRET:
            raise CommandError("Demo people and their second factor are for DEBUG only.")
        self.stdout.write(current_code())
