"""The console over a market that grows: its pages with 10,000 orders, and with a million."""

import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY
from django.test import Client

from accounts.models import Person
from bench import crowd, figures, growth
from bench.pages import TEMPLATE_FLOOR, Target
from bench.stage import Stage
from listings.models import Listing, ListingStatus
from marketplace.console import overview
from marketplace.console.kinds import KINDS
from orders.models import Dispute, DisputeStatus

# Words that every twentieth offer has, that all have, that one has, and that none has.
WORDS = {"some": "sequoia", "all": "credit", "one": "project 14", "none": "nowhere"}
# One of many buyers, and one of the ten who sell a hundredth of everything.
BUYER, GREAT_SELLER = 80_000_014, 90_000_004


def measured(
    stage: Stage, sizes: Sequence[int], *, rounds: int, seconds: float, connections: int
) -> dict[str, Any]:
    """Every page with so many orders, a twentieth of them open cases."""
    cookie, grown = entered(crowd.moderators()[0]), 0
    known: list[Dispute] = []

    def fill(size: int) -> None:
        nonlocal grown
        crowd.grow(grown, size)
        grown = size
        # As the worker does every five minutes.
        for days in overview.PERIODS:
            overview.count(days)
        known[:] = known or cases()

    return growth.grown(
        stage,
        sizes,
        fill=fill,
        pages=lambda: targets(stage, cookie, known),
        rounds=rounds,
        seconds=seconds,
        connections=connections,
    )


def entered(person: Person) -> str:
    """The cookie of a session in which the person has shown a second factor."""
    TOTP.activate(person, generate_totp_secret())
    client = Client()
    client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "at": time.time()}]
    session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(person.pk)
    assert session[BACKEND_SESSION_KEY]
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def cases() -> list[Dispute]:
    """A case of a common seller, and one of a seller of many thousand trades."""
    waiting = Dispute.objects.exclude(status=DisputeStatus.ENDED).order_by("pk")
    parts = waiting.select_related("order")
    common = parts.exclude(order__seller__lt=crowd.FIRST_SELLER)[0]
    return [common, parts.filter(order__seller=GREAT_SELLER)[0]]


def targets(stage: Stage, cookie: str, known: Sequence[Dispute]) -> list[Target]:
    """The floor, the queue and its kinds, cases, searches, the overview and the rest."""
    common, great = known
    offer = Listing.objects.filter(status=ListingStatus.IN_REVIEW).order_by("pk")[0]

    def of(page: str, **asked: str) -> str:
        return f"/console/{page}{'?' if asked else ''}{urlencode(asked)}"

    def found(what: str, asked: str) -> str:
        return of(f"{what}/", q=asked)

    pages = {
        "queue": of(""),
        **{f"queue: {kind.label.lower()}": of("", kind=kind.name) for kind in KINDS},
        "queue, mine": of("", whose="mine"),
        "queue, unclaimed": of("", whose="unclaimed"),
        "queue's count": of("queue/count/"),
        "case": of(f"orders/dispute/{common.pk}/change/"),
        "case of a great seller": of(f"orders/dispute/{great.pk}/change/"),
        "order": of(f"orders/order/{common.order_id}/change/"),
        "offer in review": of(f"listings/listing/{offer.pk}/change/"),
        "person": of(f"accounts/person/{BUYER}/change/"),
        "great seller": of(f"accounts/person/{GREAT_SELLER}/change/"),
        "overview": of("overview/"),
        "operations": of("operations/"),
        "orders": of("orders/order/"),
        "disputes": of("orders/dispute/"),
        "postings": of("payments/posting/"),
        "audit": of("accounts/auditentry/"),
        "audit, one act": of("accounts/auditentry/", act="report_closed"),
        **{
            f"search {what}: {name} fit": found(path, words)
            for what, path in (("orders", "orders/order"), ("disputes", "orders/dispute"))
            for name, words in WORDS.items()
        },
        "search orders: id": found("orders/order", str(common.order_id)),
        "search orders: e-mail": found("orders/order", f"buyer{BUYER - 80_000_000}@crowd.example"),
        "search orders: a great seller's": found(
            "orders/order", f"seller{GREAT_SELLER}@crowd.example"
        ),
        "search people: e-mail": found("accounts/person", f"buyer{BUYER - 80_000_000}@"),
        "search people: name": found("accounts/person", "Buyer 14"),
        "search postings: account": found("payments/posting", f"seller:{GREAT_SELLER}"),
        "search audit: subject": found("accounts/auditentry", f"listing:{common.order.listing_id}"),
        "search audit: a common reason": found("accounts/auditentry", "compared documents"),
        "search audit: a rare reason": found("accounts/auditentry", "order 14"),
        "search audit: e-mail": found("accounts/auditentry", "moderator70000003@crowd.example"),
    }
    floor = Target(TEMPLATE_FLOOR, "/template/", stage.floor)
    return [
        floor,
        *(Target(name, path, stage.product, cookie=cookie) for name, path in pages.items()),
    ]


def table(result: dict[str, Any]) -> str:
    """For people: what a page takes with the fewest orders and with the most, and the growth."""
    sizes = [str(result["sizes"][end]) for end in (0, -1)]
    heads = ["page", *(f"p50 ms at {int(size):,}" for size in sizes)]
    heads += [*(f"÷ floor at {int(size):,}" for size in sizes), "growth", "SQL", "SQL before"]
    before, last = (result["pages"][size] for size in sizes)
    rows = [
        [
            name,
            *(f"{found[name]['p50_ms']['median']:.0f}" for found in (before, last)),
            *(f"{growth.over(result, size, name):.2f}" for size in sizes),
            f"{growth.growth_of(result, name):.2f}",
            *(str(found[name]["statements"] or "") for found in (last, before)),
        ]
        for name in last
    ]
    return figures.table(heads, rows)
