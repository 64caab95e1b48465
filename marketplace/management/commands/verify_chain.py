import json
import re
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import audit_chain
from payments import seals


class Command(BaseCommand):
    help = "Check every sealed posting and act. Exit status 0 when both chains hold, 1 otherwise."

    def add_arguments(self, parser: CommandParser) -> None:
        for option, of in (("--head", "postings"), ("--audit-head", "the audit")):
            parser.add_argument(
                option,
                action="append",
                default=[],
                metavar="NUMBER:DIGEST",
                help=f"a head of {of} that was kept elsewhere: a log, the page; may be repeated",
            )

        parser.add_argument(
            "--heads",
            type=Path,
            metavar="FILE",
            help="what /transparency.json said, a line each time, as it was kept elsewhere",
        )

    def handle(
        self,
        *args: Any,
        head: list[str],
        audit_head: list[str],
        heads: Path | None = None,
        **options: Any,
    ) -> None:
        postings, acts = _kept("--head", head), _kept("--audit-head", audit_head)
        if heads:
            postings |= _published(heads, "chain")
            acts |= _published(heads, "audit_chain")
        broken = [
            *seals.broken(postings),
            *(f"audit: {text}" for text in audit_chain.CHAIN.broken(acts)),
        ]
        for text in broken:
            self.stdout.write(f"BROKEN {text}")
        if broken:
            sys.exit(1)
        last, act = seals.CHAIN.head(), audit_chain.CHAIN.head()
        self.stdout.write(
            f"the chain holds; its head is {last}" if last else "nothing is sealed yet"
        )
        if act:
            self.stdout.write(f"the audit's chain holds; its head is {act}")


def _published(file: Path, chain: str) -> dict[int, str]:
    """The heads in a file of published lines, by number. Raises CommandError."""
    found = {}
    for number, line in enumerate(file.read_text().splitlines(), start=1):
        try:
            told = json.loads(line)[chain] if line.strip() else None
            if told:
                found[int(told["seal"])] = str(told["head"])
        except (ValueError, KeyError, TypeError):
            raise CommandError(f"{file}, line {number}: not a line of /transparency.json") from None
    return found


def _kept(option: str, given: list[str]) -> dict[int, str]:
    heads = {}
    for text in given:
        found = re.fullmatch(r"(\d+):([0-9a-f]{64})", text)
        if not found:
            raise CommandError(f"{option} takes NUMBER:DIGEST, not {text!r}.")
        heads[int(found[1])] = found[2]
    return heads
