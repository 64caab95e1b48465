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
from orders.models import Dispute, DisputeStatus, Order

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
    pages = _queues() | _pages(*known) | _searches(known[0].order)
    floor = Target(TEMPLATE_FLOOR, "/template/", stage.floor)
    return [
        floor,
        *(Target(name, path, stage.product, cookie=cookie) for name, path in pages.items()),
    ]


def _of(page: str, **asked: str) -> str:
    return f"/console/{page}{'?' if asked else ''}{urlencode(asked)}"


def _queues() -> dict[str, str]:
    return {
        "queue": _of(""),
        **{f"queue: {kind.label.lower()}": _of("", kind=kind.name) for kind in KINDS},
        "queue, mine": _of("", whose="mine"),
        "queue, unclaimed": _of("", whose="unclaimed"),
        "queue's count": _of("queue/count/"),
    }


def _pages(common: Dispute, great: Dispute) -> dict[str, str]:
    offer = Listing.objects.filter(status=ListingStatus.IN_REVIEW).order_by("pk")[0]
    return {
        "case": _of(f"orders/dispute/{common.pk}/change/"),
        "case of a great seller": _of(f"orders/dispute/{great.pk}/change/"),
        "order": _of(f"orders/order/{common.order_id}/change/"),
        "offer in review": _of(f"listings/listing/{offer.pk}/change/"),
        "person": _of(f"accounts/person/{BUYER}/change/"),
        "great seller": _of(f"accounts/person/{GREAT_SELLER}/change/"),
        "overview": _of("overview/"),
        "operations": _of("operations/"),
        "orders": _of("orders/order/"),
        "disputes": _of("orders/dispute/"),
        "postings": _of("payments/posting/"),
        "audit": _of("accounts/auditentry/"),
        "audit, one act": _of("accounts/auditentry/", act="report_closed"),
    }


def _searches(order: Order) -> dict[str, str]:
    def found(page: str, asked: str) -> str:
        return _of(f"{page}/", q=asked)

    mailbox = f"buyer{BUYER - crowd.FIRST_BUYER}@"
    return {
        **{
            f"search {what}: {name} fit": found(page, words)
            for what, page in (("orders", "orders/order"), ("disputes", "orders/dispute"))
            for name, words in WORDS.items()
        },
        "search orders: id": found("orders/order", str(order.pk)),
        "search orders: e-mail": found("orders/order", f"{mailbox}crowd.example"),
        "search orders: a great seller's": found(
            "orders/order", f"seller{GREAT_SELLER}@crowd.example"
        ),
        "search people: e-mail": found("accounts/person", mailbox),
        "search people: name": found("accounts/person", "Buyer 14"),
        "search postings: account": found("payments/posting", f"seller:{GREAT_SELLER}"),
        "search audit: subject": found("accounts/auditentry", f"listing:{order.listing_id}"),
        "search audit: a common reason": found("accounts/auditentry", "compared documents"),
        "search audit: a rare reason": found("accounts/auditentry", "order 14"),
        "search audit: e-mail": found("accounts/auditentry", "moderator70000003@crowd.example"),
    }


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
