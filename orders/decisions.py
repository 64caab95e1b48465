"""The published table of how a dispute ends if nobody decides it, and where one order stands in it.

The table is `decisions.toml`; it is the page at /how-disputes-end/, and what time decides by.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from orders import tranches
from orders.completion import part_price
from orders.models import Dispute, Order, Verdict
from providers.vocabulary import PAPER_RUNGS

TABLE = Path(__file__).with_suffix(".toml")
ANY = "any"
RELEASE, REFUND, SPLIT = "release", "refund", "split"
OUTCOMES = {
    RELEASE: "The payment is released to the seller",
    REFUND: "The buyer gets everything back",
    "part": "The measured part is paid for, the rest goes back",
    "claim": "The reported codes are refunded, the others paid for",
}


@dataclass(frozen=True)
class Rule:
    """One line of the table."""

    reason: str
    record: str
    unanswered: str
    undecided: str
    why: str

    @property
    def reason_in_words(self) -> str:
        return dict(Dispute.REASONS).get(self.reason, "Any reason")

    @property
    def record_in_words(self) -> str:
        return records()[self.record]

    @property
    def unanswered_in_words(self) -> str:
        return OUTCOMES[self.unanswered]

    @property
    def undecided_in_words(self) -> str:
        return OUTCOMES[self.undecided]


@dataclass(frozen=True)
class Default:
    """What time would decide now: how much goes back, and the sentence both parties read."""

    refund_cents: int
    why: str


@cache
def _table() -> dict[str, dict[str, str] | list[dict[str, str]]]:
    return tomllib.loads(TABLE.read_text())


def records() -> dict[str, str]:
    """What the record of an order may show, in words."""
    found = _table()["record"]
    assert isinstance(found, dict)
    return found


@cache
def rules() -> Sequence[Rule]:
    """The table, the first fitting rule counts."""
    found = [Rule(**row) for row in _table()["rules"] if isinstance(row, dict)]
    for rule in found:
        assert rule.record in records(), rule
        assert {rule.unanswered, rule.undecided} <= OUTCOMES.keys(), rule
    return found


def rule_for(reason: str, record: str) -> Rule:
    """The line that counts."""
    return next(rule for rule in rules() if rule.record == record and rule.reason in (ANY, reason))


def record_of(order: Order, dispute: Dispute) -> str:
    """What the record of an order shows, the strongest first."""
    if order.sent_at is None:
        return "not_sent"
    on_paper = order.rung in PAPER_RUNGS
    if order.verdict == Verdict.VERIFIED:
        return "documents_arrived" if on_paper else "arrived"
    if _arrived_price(order):
        return "part_arrived"
    if order.verdict == Verdict.REFUTED:
        return "documents_missing" if on_paper else "nothing_arrived"
    if order.more_to_come:
        return "rest_not_sent"
    if dispute.claim_cents:
        return "codes_reported"
    return "codes_revealed" if order.revealed_at else "not_measured"


def default(order: Order, dispute: Dispute, *, answered: bool) -> Default:
    """What time decides, as things stand."""
    rule = rule_for(dispute.reason, record_of(order, dispute))
    outcome = rule.undecided if answered else rule.unanswered
    back = {
        RELEASE: 0,
        REFUND: most_back(order),
        "part": order.price_cents - _arrived_price(order),
        "claim": dispute.claim_cents or 0,
    }
    return Default(back[outcome], rule.why)


def _arrived_price(order: Order) -> int:
    """What the part that is known to have arrived costs."""
    parts = order.parts_arrived_cents
    return part_price(order) or (tranches.price_of(order, parts) if parts else 0)


def most_back(order: Order) -> int:
    """All that can still go back: the price, less the parts that were paid for."""
    return order.price_cents - order.escrow.released_cents


def outcome_of(order: Order, refund_cents: int) -> str:
    """The name of an outcome by how much goes back."""
    if refund_cents == 0:
        return RELEASE
    return REFUND if refund_cents == order.price_cents else SPLIT
