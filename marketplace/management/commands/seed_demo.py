"""Demo data: people, offers, and any number of live listings and trades. Safe to repeat."""

from typing import Any

import requests
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketplace.demo.bulk import Loader
from marketplace.demo.offers import publish_offers
from marketplace.demo.people import (
    CROWD,
    SandboxSilent,
    create_people,
    onboard_sellers,
    strangers,
)
from marketplace.demo.trades import TradeLoader
from providers.models import Provider

PROBE_SECONDS = 5
MOST_LISTINGS = 1_000_000
MOST_ORDERS = 1_000_000


class Command(BaseCommand):
    help = "Create the demo people and offers; a second run changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--listings", type=int, default=0, help="this many further live listings, by COPY"
        )
        parser.add_argument(
            "--orders",
            type=int,
            default=0,
            help="this many trades of earlier days, with the sandbox's books to match",
        )
        parser.add_argument("--seed", type=int, default=1, help="what all that is random hangs on")

    def handle(self, *args: Any, listings: int, orders: int, seed: int, **options: Any) -> None:
        if not 0 <= listings <= MOST_LISTINGS:
            raise CommandError(f"--listings takes a number from 0 to {MOST_LISTINGS}.")
        if not 0 <= orders <= MOST_ORDERS:
            raise CommandError(f"--orders takes a number from 0 to {MOST_ORDERS}.")
        if not settings.DEBUG and strangers():
            raise CommandError(
                "This database holds people who are not of the demo, and DEBUG is off, "
                "so no demo people with a known password are added to it."
            )
        if not Provider.objects.exists():
            raise CommandError("The catalogue is empty: run manage.py load_catalogue first.")
        self._require_sandbox()
        people = create_people()
        trades = 0
        try:
            onboard_sellers(people)
            offers = publish_offers(people, seed=seed)
            loaded = Loader(people, seed=seed).load(listings) if listings else 0
            if orders:
                crowd = create_people(CROWD)
                trades = TradeLoader(people, crowd, seed=seed).load(orders)
        except SandboxSilent:
            raise CommandError(self._silent()) from None
        self.stdout.write(
            f"Demo data is there: {offers} new offers, {loaded} new bulk listings "
            f"and {trades} new trades."
        )

    def _require_sandbox(self) -> None:
        if not settings.SANDBOX_URL:
            raise CommandError("Demo data needs the sandbox, and SANDBOX_URL is not set.")
        try:
            answer = requests.get(f"{settings.SANDBOX_URL}/healthz", timeout=PROBE_SECONDS)
            answer.raise_for_status()
        except requests.RequestException:
            raise CommandError(self._silent()) from None

    @staticmethod
    def _silent() -> str:
        return (
            f"The sandbox does not answer at {settings.SANDBOX_URL}, and demo sellers get their "
            "accounts there: start it with make run, then try again."
        )
