"""How often each kind of figure settles an arrival, over the same random histories.

`manage.py shell -c "from tests.verification.shares import write; write()"` brings the table of
docs/verification.md up to date.
"""

import random
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from marketplace.local.environment import ROOT
from orders.verification.rungs import REFUTED, VERIFIED
from providers.catalogue import catalogue_entries
from providers.catalogue_reader import CUMULATIVE, REMAINING, ROWS
from tests.verification.histories import AFTER, AGREED, BEFORE, SENT, Change, judged

DOCUMENT = ROOT / "docs" / "verification.md"
BEGIN, END = "<!-- shares: begin -->", "<!-- shares: end -->"
HISTORIES, SEED = 300, 6
KINDS = {
    CUMULATIVE: "all credit ever received",
    ROWS: "rows of grants",
    REMAINING: "what is left",
}
# What the seller really sends, and how many times the buyer spends while it is measured.
SENDS = {"all of it": AGREED, "half of it": AGREED // 2, "nothing": 0}
SPENDS = {"no": 0, "yes": 6}


def shares(kind: str, sent: int, spends: int) -> Counter[str]:
    """Verdicts over random histories with these figures; the same at every call."""
    chance = random.Random(f"{SEED} {kind} {sent} {spends}")
    return Counter(_verdict(chance, kind, sent, spends) for _ in range(HISTORIES))


def _verdict(chance: random.Random, kind: str, sent: int, spends: int) -> str:
    changes = [
        Change(_moment(chance, -3, 8), -chance.randint(1, 15))
        for _ in range(chance.randint(1, spends) if spends else 0)
    ]
    if sent:
        changes.append(Change(SENT + _moment(chance, 0, 1), sent))
    late = [_moment(chance, 0, 1) for _ in (*BEFORE, *AFTER)]
    # Once in ten, a billing period ends meanwhile.
    resets_at = chance.randint(1, 8) if chance.random() < 0.1 else 99
    return judged(kind, changes, late, resets_at).verdict


def _moment(chance: random.Random, first: int, last: int) -> Decimal:
    return Decimal(chance.randint(first * 100, last * 100)) / 100


def table() -> str:
    """Percentages as a Markdown table."""
    head = (
        "| figure | providers | sent | buyer spends | verified | not as agreed | inconclusive |\n"
        "|---|---|---|---|---|---|---|"
    )
    return "\n".join([head, *_rows()])


def _rows() -> Iterator[str]:
    known = Counter(e.reader.kind for e in catalogue_entries() if e.reader and e.reader.may_verify)
    for kind, name in KINDS.items():
        for words, sent in SENDS.items():
            for spending, spends in SPENDS.items():
                found = shares(kind, sent, spends)
                settled = [100 * found[verdict] // HISTORIES for verdict in (VERIFIED, REFUTED)]
                cells = [f"{percent} %" for percent in (*settled, 100 - sum(settled))]
                yield f"| {name} | {known[kind]} | {words} | {spending} | {' | '.join(cells)} |"


def placed(text: str) -> str:
    """A document with the table of today between its two marks."""
    head, _, rest = text.partition(BEGIN)
    return f"{head}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"


def write() -> None:
    """Bring the document up to date."""
    DOCUMENT.write_text(placed(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
