"""What a moderator reads before deciding: everything that happened side by side, and what was
decided elsewhere. Each is one bounded query, however long the story is.
"""

import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.db.models import Q

from accounts.models import Likeness, Person
from orders.decisions import most_back
from orders.models import Decision, Dispute, Order
from orders.settling import moved
from orders.verification.models import BalanceReading

SENTENCES = Path(__file__).with_name("decision_sentences.toml")
LANES = {"order": "Order", "dispute": "Dispute", "money": "Money", "readings": "Readings"}
# As many as anybody compares with.
LATELY, SHOWN = 200, 6


@dataclass(frozen=True)
class Step:
    """Something that happened, and in which lane."""

    at: datetime
    lane: str
    what: str
    by: str
    note: str


def timeline(order: Order, dispute: Dispute) -> list[Step]:
    """Order, dispute, money and readings in one sequence of time."""
    steps = [
        *_events("order", order.events, order),
        *_events("dispute", dispute.events, order),
        *_events("money", order.escrow.events, order),
        *_readings(order),
    ]
    return sorted(steps, key=lambda step: step.at)


def _events(lane: str, events: Any, order: Order) -> Iterator[Step]:
    reasons = dict(Dispute.REASONS)
    for event in events.select_related("actor"):
        what, note = event.kind.replace("_", " "), reasons.get(event.note, event.note)
        yield Step(event.at, lane, what, _who(event, order), note)


def _who(event: Any, order: Order) -> str:
    roles = {order.buyer_id: "buyer", order.seller_id: "seller", None: ""}
    return roles.get(event.actor_id) or (str(event.actor) if event.actor else "by itself")


def _readings(order: Order) -> Iterator[Step]:
    for reading in BalanceReading.objects.filter(verification__order=order)[:LATELY]:
        what = "read before sending" if reading.before else "read after sending"
        figures = reading.figures or {}
        shown = {name: figures[name] for name in sorted(figures) if _is_figure(figures[name])}
        note = reading.problem or ", ".join(f"{name} {value}" for name, value in shown.items())
        yield Step(reading.at, "readings", what, "provider", note)


def _is_figure(value: object) -> bool:
    """A figure, and no mark of whose account it is."""
    return isinstance(value, (int, float)) or (isinstance(value, str) and len(value) <= 20)


def preview(order: Order, usual_cents: int | None) -> list[dict[str, Any]]:
    """What each outcome moves, in cents, to whom; a split as time would make it."""
    most = most_back(order)
    columns = [("Release", 0), ("Refund", most)]
    if usual_cents is not None and 0 < usual_cents < most:
        columns.append(("Split as time would", usual_cents))
    return [moved(order, back) | {"heading": heading} for heading, back in columns]


def known_of(person: Person, besides: Dispute) -> dict[str, Any]:
    """A party's other disputes by how they ended for them, and the accounts that may be theirs."""
    theirs = Q(order__buyer=person) | Q(order__seller=person)
    others = Dispute.objects.filter(theirs).exclude(pk=besides.pk).select_related("order")
    found = list(others.order_by("-opened_at")[:LATELY])
    ended = Counter(_for(person, dispute) for dispute in found)
    pairs = Likeness.objects.filter(Q(first=person) | Q(second=person)).exclude(
        decision=Likeness.DIFFERENT
    )
    return {
        "person": person,
        "counts": sorted(ended.items()),
        "newest": found[:SHOWN],
        "linked": list(pairs.select_related("first", "second")[:SHOWN]),
    }


def _for(person: Person, dispute: Dispute) -> str:
    role = "as buyer" if dispute.order.buyer_id == person.pk else "as seller"
    ending = {"release": "released", "refund": "refunded", "split": "split"}
    return f"{role}, {ending.get(dispute.outcome, 'open')}"


def alike(dispute: Dispute) -> dict[str, Any]:
    """What moderators decided lately where the reason and the way of transfer were the same."""
    decisions = Decision.objects.filter(
        by__isnull=False,
        dispute__reason=dispute.reason,
        dispute__order__transfer_method=dispute.order.transfer_method,
    ).exclude(dispute=dispute)
    found = list(decisions.select_related("dispute__order").order_by("-id")[:LATELY])
    return {
        "total": len(found),
        "counts": Counter(decision.outcome for decision in found).most_common(),
        "newest": found[:SHOWN],
    }


@cache
def sentences() -> list[dict[str, str]]:
    """Sentences to begin a reason with, in the order of the file."""
    found: list[dict[str, str]] = tomllib.loads(SENTENCES.read_text())["sentences"]
    return found
