"""What the readings of an order amount to, and what follows for the trade."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from orders import tranches
from orders.models import Order, OrderStatus, Verdict
from orders.progress import advance, machine, tell
from orders.verification import course
from orders.verification.lending import reader_for
from orders.verification.models import BalanceReading, Verification, Watch
from orders.verification.rungs import FEWEST_TO_REFUTE, LADDER, Case, Finding
from providers.catalogue_reader import Reader
from providers.readings import Reading, account_mark
from providers.vocabulary import TransferMethod

# How long, in reading intervals beyond a provider's lag, an arrival may take after the sending.
PATIENCE_INTERVALS = 5
# And never so long that the buyer has no time left to act on it.
SHARE_OF_INSPECTION = 0.75


def conclude(order: Order, verification: Verification) -> bool:
    """End the measuring if it is decided, or if waiting longer makes no sense."""
    case = case_of(order, verification)
    finding = LADDER[verification.rung].finding(case)
    _parts(order, verification, case, finding)
    waits = order.more_to_come and order.status == OrderStatus.TRANSFERRED
    if waits and finding.verdict != Verdict.VERIFIED:
        # What is still to come cannot be missing yet.
        return False
    enough = len(case.after) >= FEWEST_TO_REFUTE + case.lag_intervals
    if finding.verdict != Verdict.VERIFIED and not (enough and _is_over(order, verification)):
        return False
    _end(order, verification, finding)
    return True


def _parts(order: Order, verification: Verification, case: Case, finding: Finding) -> None:
    """What is measured of a transfer in parts pays for the parts that it covers."""
    if case.reader and case.reader.may_verify and finding.measured_cents:
        tranches.arrived(order, cents=finding.measured_cents, rung=verification.rung)


def give_up(order: Order, verification: Verification, *, reason: str) -> None:
    """Nothing can be read any more: what was measured so far stands, or nothing does."""
    case = case_of(order, verification)
    finding = LADDER[verification.rung].finding(case)
    _parts(order, verification, case, finding)
    if finding.verdict != Verdict.VERIFIED:
        finding = Finding(Verdict.INCONCLUSIVE, finding.measured_cents, reason)
    _end(order, verification, finding)


def case_of(order: Order, verification: Verification) -> Case:
    """All that the rung has to know."""
    reader = reader_for(order)
    assert reader is not None
    rows = list(verification.readings.filter(attempt=verification.attempt, problem=""))
    before = [as_reading(row) for row in rows if row.before]
    after = [as_reading(row) for row in rows if not row.before]
    return Case(
        agreed_cents=order.face_value_cents,
        currency=order.currency,
        reader=reader,
        before=before,
        after=after,
        claimed_cents=_claimed(verification),
        may_refute=len(before) > reader.lag_intervals
        # A code is redeemed by the buyer: that nothing arrived may be their own doing.
        and order.transfer_method != TransferMethod.REDEEM_CODE
        and not is_other_account(order, before),
    )


def as_reading(row: BalanceReading) -> Reading:
    """What was read."""
    assert row.figures is not None
    return Reading.from_data(row.figures)


def is_other_account(order: Order, readings: Sequence[Reading]) -> bool:
    """Whether the key's account is plainly not the one that the credit was to go to."""
    marks = {mark for reading in readings for mark in reading.account}
    return bool(order.recipient and marks) and account_mark(order.recipient) not in marks


def _claimed(mine: Verification) -> int:
    """What other orders that were sent expect of the same account, while this one was measured.

    One arrival must not verify two orders: whoever lies about the other could ride on it.
    """
    others = (
        others_of(mine)
        .filter(order__sent_at__isnull=False)
        .filter(Q(forgotten_at=None) | Q(forgotten_at__gt=mine.lent_at))
        .exclude(order__verdict=Verdict.REFUTED)
    )
    return sum(others.values_list("order__face_value_cents", flat=True))


def others_of(mine: Verification) -> QuerySet[Verification]:
    """Measurings of other orders that read the same account."""
    same = Q(key_mark=mine.key_mark)
    if mine.account_marks:
        same |= Q(account_marks__overlap=mine.account_marks)
    others = Verification.objects.filter(same).exclude(pk=mine.pk)
    return others.filter(order__listing__provider=_provider(mine))


def _provider(verification: Verification) -> str:
    return str(verification.order.listing.provider_id)


def patience(order: Order, reader: Reader) -> timedelta:
    """How long after the sending an arrival is waited for."""
    longest = order.inspect_within_seconds * SHARE_OF_INSPECTION
    if order.transfer_method == TransferMethod.REDEEM_CODE:
        return timedelta(seconds=longest)
    intervals = PATIENCE_INTERVALS + 2 * reader.lag_intervals
    return timedelta(seconds=min(intervals * settings.READING_INTERVAL_SECONDS, longest))


def _is_over(order: Order, verification: Verification) -> bool:
    reader, last = reader_for(order), verification.readings.last()
    assert reader is not None and last is not None
    sent_at: datetime | None = order.sent_at
    return sent_at is None or last.at >= sent_at + patience(order, reader)


def _end(order: Order, verification: Verification, finding: Finding) -> None:
    """Write the verdict down, forget the key, and move the order on if it has arrived."""
    if finding.verdict == Verdict.VERIFIED and order.status == OrderStatus.TRANSFERRED:
        _watch(order, verification)
    course.finish(verification, reason=finding.reason)
    known: dict[str, Any] = {"verdict": finding.verdict, "measured_cents": finding.measured_cents}
    kind = f"measured_{finding.verdict}"
    if finding.verdict == Verdict.VERIFIED and order.status == OrderStatus.TRANSFERRED:
        advance(
            order,
            OrderStatus.VERIFIED,
            kind="verified",
            actor=None,
            within_seconds=order.cooling_off_seconds,
            rung=verification.rung,
            **known,
        )
    else:
        Order.objects.filter(pk=order.pk).update(rung=verification.rung, **known)
        order.verdict, order.measured_cents = finding.verdict, finding.measured_cents
        machine.remark(order, kind=kind, actor=None, note=finding.reason)
    _tell(order, finding)


def _watch(order: Order, verification: Verification) -> None:
    """Keep the key for a watch, where the buyer agreed and the figures can show a reversal."""
    reader = reader_for(order)
    if not verification.watch or reader is None or not reader.may_refute:
        return
    Watch.objects.create(
        order=order,
        key_id=verification.key_id,
        ciphertext=verification.ciphertext,
        until=Now() + timedelta(seconds=settings.WATCH_SECONDS),
        next_at=Now() + timedelta(seconds=settings.WATCH_INTERVAL_SECONDS),
    )


def _tell(order: Order, finding: Finding) -> None:
    watched = Watch.objects.filter(order=order, ended_at=None).exists()
    more: dict[str, Any] = {
        "watched": watched,
        "reason": finding.reason,
        "measured_cents": finding.measured_cents,
        "provider": order.listing.provider.name,
        "is_sent": order.sent_at is not None,
    }
    for person, side in ((order.buyer, "buyer"), (order.seller, "seller")):
        if side == "buyer" or order.sent_at is not None:
            kind = f"order_measured_{finding.verdict}_{side}"
            tell(order, person, kind, again=True, **more)
