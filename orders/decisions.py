"""The published table of how a dispute ends if nobody decides it, and where one order stands in it.

The table is `decisions.toml`, or the newest edition of it that has begun; it is the page at
/how-disputes-end/, and what time decides by. A dispute keeps the table of the moment at which it
was opened.
"""

import logging
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from itertools import product
from pathlib import Path

from accounts import editions
from accounts.differences import Line, difference
from accounts.models import Edition
from orders import tranches
from orders.completion import part_price
from orders.models import Dispute, Order, Verdict
from providers.catalogue_section import CatalogueError, Section
from providers.vocabulary import PAPER_RUNGS

log = logging.getLogger(__name__)

TABLE = Path(__file__).with_suffix(".toml")
DOCUMENT = "decisions"
ANY = "any"
RELEASE, REFUND, SPLIT = "release", "refund", "split"
OUTCOMES = {
    RELEASE: "The payment is released to the seller",
    REFUND: "The buyer gets everything back",
    "part": "The measured part is paid for, the rest goes back",
    "claim": "The reported codes are refunded, the others paid for",
}
MOST_SHOWN = 20
# Outcomes that mean something for one record alone.
ONLY_FOR = {"part": "part_arrived", "claim": "codes_reported"}


@dataclass(frozen=True)
class Rule:
    """One line of the table."""

    reason: str
    record: str
    unanswered: str
    undecided: str
    why: str
    record_in_words: str

    @property
    def reason_in_words(self) -> str:
        return dict(Dispute.REASONS).get(self.reason, "Any reason")

    @property
    def unanswered_in_words(self) -> str:
        return OUTCOMES[self.unanswered]

    @property
    def undecided_in_words(self) -> str:
        return OUTCOMES[self.undecided]

    @property
    def in_words(self) -> str:
        """The line as one text, to be compared with another's."""
        said = "" if self.reason == ANY else f", and the buyer says: {self.reason_in_words.lower()}"
        return (
            f"{self.record_in_words}{said}. The seller does not answer:"
            f" {self.unanswered_in_words}. No moderator decides: {self.undecided_in_words}."
            f" {self.why}"
        )


@dataclass(frozen=True)
class Table:
    """What the record may show, in words, and the rules; the first that fits counts."""

    records: dict[str, str]
    rules: Sequence[Rule]

    def rule_for(self, reason: str, record: str) -> Rule:
        """The line that counts."""
        return next(
            rule for rule in self.rules if rule.record == record and rule.reason in (ANY, reason)
        )

    @property
    def in_words(self) -> str:
        return "\n".join(rule.in_words for rule in self.rules)


@dataclass(frozen=True)
class Default:
    """What time would decide now: how much goes back, and the sentence both parties read."""

    refund_cents: int
    why: str


@lru_cache(maxsize=100)
def read_table(text: str) -> Table:
    """The table in a text: every case has an outcome. Raises CatalogueError naming the key."""
    file = Section(tomllib.loads(text), file=TABLE.name)
    record = file.section("record")
    records = {name: record.text(name, longest=200) for name in list(record.table)}
    rules = [_read_rule(part, records) for part in file.sections("rules")]
    file.end()
    table = Table(records, tuple(rules))
    _require_whole(file, table)
    return table


def _read_rule(part: Section, records: dict[str, str]) -> Rule:
    record = part.choice("record", records)
    rule = Rule(
        reason=part.choice("reason", [ANY, *(reason for reason, _ in Dispute.REASONS)]),
        record=record,
        unanswered=part.choice("unanswered", OUTCOMES),
        undecided=part.choice("undecided", OUTCOMES),
        why=part.text("why", longest=400),
        record_in_words=records[record],
    )
    for key in ("unanswered", "undecided"):
        outcome = getattr(rule, key)
        if record != ONLY_FOR.get(outcome, record):
            raise part.wrong(key, f"{outcome!r} is only for {ONLY_FOR[outcome]}")
    part.end()
    return rule


def _require_whole(file: Section, table: Table) -> None:
    """One line for every case, and no line that never counts."""
    used = set()
    for (reason, _), record in product(Dispute.REASONS, table.records):
        try:
            used.add(table.rule_for(reason, record))
        except StopIteration:
            raise file.wrong("rules", f"say nothing of {reason} where {record}") from None
    for number, rule in enumerate(table.rules, start=1):
        if rule not in used or table.rules.index(rule) < number - 1:
            raise file.wrong(f"rules[{number}]", "never counts: an earlier line fits first")


@cache
def file_text() -> str:
    """The file as it is written."""
    return TABLE.read_text(encoding="utf-8")


def file_table() -> Table:
    """What the file says."""
    return read_table(file_text())


def records() -> dict[str, str]:
    """What the record of an order may show; `record_of` finds these and no others."""
    return file_table().records


def read_edition(text: str) -> Table:
    """The table in an edition, which has the file's records. Raises CatalogueError."""
    table = read_table(text)
    if differing := table.records.keys() ^ records().keys():
        problem = f"{', '.join(sorted(differing))} must be there if and only if the file has it"
        raise CatalogueError(file=TABLE.name, field="record", problem=problem)
    return table


def table_of(edition: Edition | None) -> Table:
    """The table of an edition, the file's where there is none or it fits this release no more."""
    if edition is not None:
        try:
            return read_edition(edition.text)
        except CatalogueError:
            log.warning("%s does not fit this release; the file counts", edition)
    return file_table()


def table_now() -> Table:
    """What counts for disputes that are opened now; one query."""
    return table_of(editions.in_force(DOCUMENT).get(DOCUMENT))


@dataclass(frozen=True)
class Change:
    """An edition of the table: from when it counts, whether it does, and what it changed."""

    begins_at: datetime
    has_begun: bool
    table: Table
    lines: Sequence[Line]


def history() -> Iterator[Change]:
    """The newest editions with what each changed, whatever is still to come first; one query."""
    for edition in editions.all_of(DOCUMENT)[:MOST_SHOWN]:
        table, before = table_of(edition), table_of(edition.before)
        lines = difference(before.in_words, table.in_words)
        yield Change(edition.begins_at, edition.has_begun, table, lines)


def table_for(dispute: Dispute) -> Table:
    """What counted when the dispute was opened; one query for each dispute in memory."""
    if dispute.decided_under is None:
        dispute.decided_under = table_of(editions.in_force_at(DOCUMENT, dispute.opened_at))
    found: Table = dispute.decided_under
    return found


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


def default(
    order: Order, dispute: Dispute, *, answered: bool, table: Table | None = None
) -> Default:
    """What time decides, as things stand, by the table that counts for it or by another one."""
    table = table or table_for(dispute)
    rule = table.rule_for(dispute.reason, record_of(order, dispute))
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
