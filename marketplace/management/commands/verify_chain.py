import re
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from payments import seals
from payments.models import Seal


class Command(BaseCommand):
    help = "Check every sealed posting. Exit status 0 when the chain holds, 1 otherwise."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--head",
            action="append",
            default=[],
            metavar="NUMBER:DIGEST",
            help="a head that was kept elsewhere, from a log or the page; may be repeated",
        )

    def handle(self, *args: Any, head: list[str], **options: Any) -> None:
        heads = {}
        for given in head:
            found = re.fullmatch(r"(\d+):([0-9a-f]{64})", given)
            if not found:
                raise CommandError(f"--head takes NUMBER:DIGEST, not {given!r}.")
            heads[int(found[1])] = found[2]
        broken = list(seals.broken(heads))
        for text in broken:
            self.stdout.write(f"BROKEN {text}")
        if broken:
            sys.exit(1)
        last = Seal.objects.order_by("-number").first()
        self.stdout.write(
            f"the chain holds; its head is {last}" if last else "nothing is sealed yet"
        )
