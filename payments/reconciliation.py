"""The processor's balance transactions against our postings: each must have its counterpart.

What the processor reports is read in pages and kept as `BalanceLine`s; then one query compares,
object by object, what was moved there with what was posted here. What differs is explained where
it can be, and raised where it cannot: payouts wait until a person has decided.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts import audit
from accounts.models import Person
from accounts.refusals import NotAllowed, WrongState
from payments import restored
from payments.models import (
    BalanceLine,
    Chargeback,
    Difference,
    Escrow,
    Instruction,
    PayoutAccount,
    Reconciliation,
    Restore,
)
from payments.processor import processor
from payments.processor.interface import Line, OutcomeUnknown, ProcessorRefused

log = logging.getLogger(__name__)

EVERY = timedelta(days=1)
# Read again what the last run has read: what came late must not be missed.
OVERLAP = timedelta(days=3)
# What is just happening is in one book a moment before it is in the other.
GRACE = timedelta(hours=1)
BATCH = 500
# What the processor moves on the platform's own account without an instruction of ours.
PLATFORMS_OWN = {
    "payout": "the platform's own payouts",
    "top-up": "money that the platform added",
    "fee": "fees of the processor",
    "reserve": "reserves of the processor",
    "collection": "sellers' negative balances, settled by the processor",
}
MOST_RAISED = 1000

# One row (`pair`) per object at the processor that the window touched, with both sides' sums.
# Money crosses the processor's border where a posting leads out of, or into, what the platform's
# balance there consists of; a payout leaves the seller's own account.
PAIRS = """
WITH crossing AS (
    SELECT p.key, p.at, p.currency,
        CASE WHEN p.key LIKE 'instruction:%%' THEN i.remote_id
            WHEN p.key LIKE 'payout:%%' THEN o.remote_id
            ELSE split_part(p.key, ':', 2) END AS source,
        CASE WHEN 'bank' IN (split_part(p.source, ':', 1), split_part(p.destination, ':', 1))
            THEN coalesce(a.remote_id, '') ELSE '' END AS account,
        CASE WHEN p.destination ~ '^(outside|account|bank):'
            AND NOT (p.source LIKE 'bank:%%') THEN -p.amount_cents ELSE p.amount_cents
            END AS amount
    FROM payments_posting p
    LEFT JOIN payments_instruction i ON i.id = CASE WHEN p.key LIKE 'instruction:%%'
        THEN split_part(p.key, ':', 2)::uuid END
    LEFT JOIN payments_payout o ON o.id = CASE WHEN p.key LIKE 'payout:%%'
        THEN split_part(p.key, ':', 2)::uuid END
    LEFT JOIN payments_payoutaccount a ON a.person_id = coalesce(i.person_id, o.person_id)
    WHERE (p.source ~ '^(outside|account|bank):' OR p.destination ~ '^(outside|account|bank):')
        AND p.destination <> 'outside:elsewhere'
), touched AS (
    SELECT account, source, currency FROM crossing
        WHERE %(since)s::timestamptz IS NULL OR at >= %(since)s
    UNION SELECT account, source, currency FROM payments_balanceline
        WHERE %(since)s::timestamptz IS NULL OR at >= %(since)s
), posted AS (
    SELECT account, source, currency, sum(amount) AS amount, max(at) AS at, min(key) AS key
    FROM crossing GROUP BY account, source, currency
), moved AS (
    SELECT account, source, currency, sum(amount_cents) AS gross, sum(fee_cents) AS fee,
        max(at) AS at, max(kind) AS kind
    FROM payments_balanceline GROUP BY account, source, currency
), pair AS (
    SELECT account, source, currency, p.amount, m.gross, m.fee, m.kind, p.key,
        greatest(p.at, m.at) AS at
    FROM touched LEFT JOIN posted p USING (account, source, currency)
    LEFT JOIN moved m USING (account, source, currency)
)
"""


@dataclass(frozen=True)
class Pair:
    """One object at the processor: what we posted for it, and what its lines say. None: nothing."""

    account: str
    source: str
    currency: str
    posted_cents: int | None
    gross_cents: int | None
    fee_cents: int | None
    kind: str | None
    key: str | None
    at: datetime

    @property
    def net_cents(self) -> int:
        return (self.gross_cents or 0) - (self.fee_cents or 0)

    @property
    def what(self) -> str:
        """The kind of difference."""
        if self.gross_cents is None:
            return "missing"
        return "extra" if self.posted_cents is None else "altered"


def is_due() -> bool:
    """Whether the last one is a day old, or the database was restored since."""
    if Restore.objects.filter(compared_at=None).exists():
        return True
    newest = Reconciliation.objects.exclude(finished_at=None).values_list("at", flat=True).first()
    return newest is None or newest < timezone.now() - EVERY


def run(*, whole: bool = False, grace: timedelta = GRACE) -> Reconciliation:
    """Read what the processor has, compare, and raise what differs. Safe to repeat.

    Raises OutcomeUnknown or ProcessorRefused where it cannot be read; nothing is raised then.
    """
    last = Reconciliation.objects.exclude(finished_at=None).first()
    restore = Restore.objects.filter(compared_at=None).first()
    if restore is not None:
        # What "just happened" there may be what was forgotten here.
        whole, grace = True, timedelta(0)
    since = None if whole or last is None else last.at - OVERLAP
    row = Reconciliation.objects.create(since=since)
    row.lines = _read(since)
    row.matched, unlike = _compare(since)
    raised = []
    for pair in unlike:
        if reason := _explained(pair, grace):
            row.explained[reason] = row.explained.get(reason, 0) + 1
        else:
            raised.append(pair)
    with transaction.atomic():
        for pair in raised[:MOST_RAISED]:
            _raise(pair, row)
        row.found = row.differences.filter(decided_at=None).count()
        row.finished_at = timezone.now()
        row.save()
        restored.compared(restore)
    return row


def _read(since: datetime | None) -> int:
    """Bring our copy of their lines up to date; returns how many were read."""
    accounts = PayoutAccount.objects.exclude(remote_id="").values_list("remote_id", flat=True)
    count = _keep("", processor().lines(account="", since=since), since)
    for account in list(accounts):
        lines = processor().lines(account=account, since=since, kind="payout")
        count += _keep(account, lines, since)
    return count


def _keep(account: str, lines: Iterator[Line], since: datetime | None) -> int:
    seen: set[str] = set()
    changing = ("account", "source", "kind", "amount_cents", "fee_cents", "currency", "at")
    while batch := list(islice(lines, BATCH)):
        BalanceLine.objects.bulk_create(
            [_row(account, line) for line in batch],
            update_conflicts=True,
            unique_fields=["remote_id"],
            update_fields=changing,
        )
        seen |= {line.id for line in batch}
    # What we have a copy of and they no longer have is gone there, so it goes here.
    ours = BalanceLine.objects.filter(account=account)
    if since:
        ours = ours.filter(at__gte=since.replace(microsecond=0))
    gone = [row.pk for row in ours.only("remote_id").iterator() if row.remote_id not in seen]
    BalanceLine.objects.filter(pk__in=gone).delete()
    return len(seen)


def _row(account: str, line: Line) -> BalanceLine:
    return BalanceLine(
        remote_id=line.id,
        account=account,
        source=line.source,
        kind=line.kind,
        amount_cents=line.amount_cents,
        fee_cents=line.fee_cents,
        currency=line.currency,
        at=line.at,
    )


def _compare(since: datetime | None) -> tuple[int, list[Pair]]:
    """How many objects agree, and those that do not, oldest first."""
    window = {"since": since}
    with connection.cursor() as cursor:
        cursor.execute(f"{PAIRS} SELECT count(*) FROM pair WHERE amount = gross - fee", window)  # noqa: S608
        agreeing: int = cursor.fetchone()[0]
        cursor.execute(
            f"{PAIRS} SELECT account, source, currency, amount, gross, fee, kind, key, at"  # noqa: S608
            " FROM pair WHERE amount IS DISTINCT FROM gross - fee ORDER BY at",
            window,
        )
        return agreeing, [Pair(*row) for row in cursor.fetchall()]


def _explained(pair: Pair, grace: timedelta) -> str:
    """Why the two need not agree (yet); empty where nothing explains it."""
    if grace and pair.at > timezone.now() - grace:
        return "just happening"
    if pair.what == "extra" and not pair.account and pair.kind in PLATFORMS_OWN:
        return PLATFORMS_OWN[pair.kind]
    if pair.kind == "dispute":
        return _dispute_explained(pair)
    if pair.what == "missing":
        return _missing_explained(pair)
    return ""


def _dispute_explained(pair: Pair) -> str:
    if Chargeback.objects.filter(remote_id=pair.source, outcome="").exists():
        return "disputes at the bank that are not decided"
    if (pair.posted_cents or 0) == pair.gross_cents:
        return "fees of disputes"
    return ""


def _missing_explained(pair: Pair) -> str:
    fresh = pair.at > timezone.now() - EVERY
    if fresh and Escrow.objects.filter(charge_id=pair.source, fee_cents=None).exists():
        return "charges whose fee is not known yet"
    if Instruction.objects.filter(remote_id=pair.source, kind="refund").exists():
        try:
            waits = processor().refund_status(pair.source) == "pending"
        except (OutcomeUnknown, ProcessorRefused):
            waits = False
        return "refunds that wait at the processor" if waits else ""
    return ""


def _raise(pair: Pair, row: Reconciliation) -> None:
    """Keep a difference, once: what a person has decided on does not come up again as it was."""
    source = pair.source or f"posting {pair.key}"
    sums = f"{pair.posted_cents}:{pair.net_cents if pair.gross_cents is not None else None}"
    key = f"{pair.what}:{pair.account}:{source}:{sums}"
    text = _text(pair, source)
    difference, new = Difference.objects.get_or_create(
        key=key,
        defaults={
            "kind": pair.what,
            "account": pair.account,
            "source": source,
            "posted_cents": pair.posted_cents or 0,
            "line_cents": pair.net_cents,
            "currency": pair.currency,
            "text": text,
            "last_in": row,
        },
    )
    if new:
        log.error("reconciliation: %s", text)
    else:
        Difference.objects.filter(pk=difference.pk).update(last_in=row)


def _text(pair: Pair, source: str) -> str:
    where = f"account {pair.account}" if pair.account else "the platform's account"
    here, there = pair.posted_cents, pair.net_cents
    said = {
        "missing": f"{here} was posted here, and {where} has no such line.",
        "extra": f"{there} was moved on {where} ({pair.kind}), and nothing is posted here.",
        "altered": f"{here} is posted here, and {where} says {there}.",
    }
    return f"{source}: {said[pair.what]} In cents of {pair.currency}; {pair.key or 'no posting'}."


def decide(difference: Difference, *, actor: Person, reason: str) -> None:
    """A person has looked into a difference; payouts go on when none is left undecided.

    Raises NotAllowed where it is about their own account, WrongState if it was decided.
    """
    own = PayoutAccount.objects.filter(person=actor, remote_id=difference.account)
    if not actor.is_staff or (difference.account and own.exists()):
        raise NotAllowed("Nobody decides on their own money.")
    with transaction.atomic():
        open_one = Difference.objects.filter(pk=difference.pk, decided_at=None)
        if not open_one.update(decided_at=Now()):
            raise WrongState("This has been decided already.")
        audit.record(
            actor=actor,
            act="difference_decided",
            subject=f"difference:{difference.pk}",
            reason=reason,
            text=difference.text,
        )
