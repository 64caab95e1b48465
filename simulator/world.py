"""One world: its people, its offers, its clock, and the sandbox it is played against."""

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import requests
from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.test import RequestFactory

from accounts.models import Person
from listings import publishing
from listings.models import Listing
from listings.vault import Deposit
from orders.models import Order
from payments import onboarding
from payments.models import PayoutAccount
from payments.views import stripe_webhook
from providers.models import Provider
from providers.vocabulary import Category, Confidence, ResalePolicy, Rung, TransferMethod

log = logging.getLogger(__name__)
ANSWER_SECONDS = 30
KEPT = ("django_migrations", "django_content_type", "auth_permission", "providers_provider")
Json = dict[str, Any]


@dataclass
class World:
    """What a seed plays in. Every choice comes out of `rng`, every row is chosen in order."""

    seed: int
    rng: random.Random
    now: float = 0.0
    buyers: list[Person] = field(default_factory=list)
    sellers: list[Person] = field(default_factory=list)
    moderators: list[Person] = field(default_factory=list)
    # Events that Stripe has sent and nobody has brought yet.
    under_way: list[Json] = field(default_factory=list)
    http: requests.Session = field(default_factory=requests.Session)

    def control(self, method: str, path: str, body: Json | None = None) -> Any:
        """A call to the sandbox's control; None where it refuses."""
        answer = self.http.request(
            method, f"{settings.SANDBOX_URL}/_control/{path}", json=body, timeout=ANSWER_SECONDS
        )
        return answer.json() if answer.ok else None

    def fill_in(self, url: str, values: Json) -> requests.Response:
        """Post a form of one of the sandbox's pages."""
        return self.http.post(url, data=values, allow_redirects=False, timeout=ANSWER_SECONDS)

    def pass_time(self, seconds: int) -> None:
        """Time passes here and at the sandbox."""
        self.now = self.control("POST", "clock/", {"advance_seconds": seconds})["timestamp"]
        self.set_clock()

    def set_clock(self) -> None:
        """Tell the database's session what time it is."""
        at = datetime.fromtimestamp(self.now, UTC).isoformat()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('simulated.now', %s, false), set_config('simulated.asked', '',"
                " false), setval('simulated_ticks', 1), setseed(%s)",
                [at, self.rng.random()],
            )

    def take_webhooks(self) -> None:
        """Have what the sandbox wants to send under way."""
        self.under_way += self.control("POST", "webhooks/take/")["results"]

    def bring(self, hook: Json) -> None:
        """One webhook arrives; one that is not taken is sent again."""
        request = RequestFactory().post(
            "/payments/webhooks/stripe/",
            data=hook["body"],
            content_type="application/json",
            headers={"Stripe-Signature": hook["signature"]},
        )
        if stripe_webhook(request).status_code != 200:
            self.under_way.append(hook)

    def pick(self, rows: "QuerySet[Any] | Sequence[Any]") -> Any:
        """One of them, or None where there is none. Rows must come in an order of their own."""
        found = list(rows)
        return self.rng.choice(found) if found else None

    def orders(self, *statuses: str) -> "QuerySet[Order]":
        """Orders in these states, or all, by age."""
        rows = Order.objects.with_parts().order_by("placed_at")
        return rows.filter(status__in=statuses) if statuses else rows


def create(seed: int) -> World:
    """An empty world with three buyers, two sellers, two moderators and three offers."""
    world = World(seed, random.Random(seed))
    world.http.trust_env = False
    world.control("POST", "reset/")
    world.control("POST", "webhooks/", {"mode": "hold"})
    world.now = world.control("GET", "clock/")["timestamp"]
    _empty()
    world.set_clock()
    world.buyers = [_person(f"buyer{n}") for n in range(3)]
    world.sellers = [_person(f"seller{n}") for n in range(2)]
    world.moderators = [_person(f"moderator{n}", is_staff=True) for n in range(2)]
    for seller in world.sellers:
        _onboard(world, seller)
    for number, seller in enumerate((*world.sellers, world.sellers[0])):
        _offer(world, seller, by_code=number == 2)
    return world


def _empty() -> None:
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        names = ", ".join(f'"{name}"' for name in tables if name not in KEPT)
        cursor.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")


def _person(name: str, **fields: Any) -> Person:
    return Person.objects.create(email=f"{name}@example.com", name=name, password="!", **fields)


def _onboard(world: World, seller: Person) -> None:
    page = "http://127.0.0.1:9/"
    onboarding.begin(person=seller, return_url=page, refresh_url=page)
    key = PayoutAccount.objects.get(person=seller).remote_id
    world.control("POST", f"accounts/{key}/", {"onboarded": True})
    assert onboarding.refresh(seller).ready  # type: ignore[union-attr]


def _offer(world: World, seller: Person, *, by_code: bool) -> Listing:
    provider, _ = Provider.objects.get_or_create(
        slug="acme",
        defaults={
            "name": "Acme",
            "homepage": "https://acme.example",
            "category": Category.GPU,
            "summary": "Rents machines by the hour.",
            "resale_policy": ResalePolicy.ALLOWED,
            "policy_clause": "Credit may be sent to another account.",
            "policy_source": "https://acme.example/terms",
            "policy_checked_on": date(2026, 11, 20),
            "transfer_methods": TransferMethod.values,
            "ladder": [Rung.EVIDENCE_UPLOAD, Rung.BUYER_CONFIRMATION],
            "confidence": Confidence.HIGH,
            "checked_on": date(2026, 11, 20),
        },
    )
    codes = [Deposit(f"CODE-{world.seed}-{n:04}", 25_00) for n in range(20)] if by_code else []
    terms: Json = {
        "provider": provider,
        "title": "Credit of a finished project",
        "currency": "USD",
        "face_value_cents": 500_00,
        "min_order_cents": 25_00 if by_code else 10_00,
        "step_cents": 25_00 if by_code else 5_00,
        "discount_bp": world.rng.randint(3000, 7000),
        "expires_on": date(2030, 1, 1),
        "transfer_method": TransferMethod.REDEEM_CODE
        if by_code
        else TransferMethod.BALANCE_TRANSFER,
    }
    listing = publishing.draft(seller=seller, terms=terms, codes=codes)
    publishing.submit(listing, actor=seller)
    listing.refresh_from_db()
    publishing.approve(listing, actor=world.moderators[0], reason="In order.")
    return listing
