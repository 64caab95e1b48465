"""Taking the readings that are due: one call each, outside any transaction, then recorded.

The row says what is due. It is claimed by moving its time ahead, so a worker that dies loses
nothing: the reading is due again, and a reading taken twice is only one more.
"""

import logging
import time
from collections.abc import Callable, Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from accounts.encryption import decrypt
from orders.models import Order
from orders.progress import locked, machine, tell
from orders.verification import conclusion, course
from orders.verification.lending import reader_for
from orders.verification.models import BalanceReading, Course, Verification
from providers.catalogue_reader import Reader
from providers.readings import Reading, ReadingFailed, read

log = logging.getLogger(__name__)
LEASE = timedelta(seconds=30)
MOST_AT_ONCE = 50
# One pass ends after this, so that a slow provider delays nothing but itself.
PASS_SECONDS = 25.0
MOST_FAILURES = 10
MOST_REFUSALS = 2


def due() -> list[int]:
    """Measurings whose next reading is due, by the database's clock."""
    rows = Verification.objects.filter(next_at__lte=Now()).order_by("next_at")
    return list(rows.values_list("pk", flat=True)[:MOST_AT_ONCE])


def take_due() -> int:
    """Take what is due; returns how many readings were tried."""
    return take_each(due(), take, what="measuring")


def take_each(ids: Iterable[int], act: Callable[[int], bool], *, what: str) -> int:
    """One pass over what is due: one that fails does not stop the others, nor do slow ones."""
    until, tried = time.monotonic() + PASS_SECONDS, 0
    for key in ids:
        if time.monotonic() > until:
            break
        try:
            tried += act(key)
        except Exception:
            # No traceback: whatever failed had a key in its hands.
            log.error("the reading of %s %s failed", what, key)
    return tried


def take(verification_id: int) -> bool:
    """Take one reading, if it is still due and nobody else takes it."""
    claimed = Verification.objects.filter(pk=verification_id, next_at__lte=Now())
    if claimed.update(next_at=Now() + LEASE) != 1:
        return False
    verification = Verification.objects.get(pk=verification_id)
    order = Order.objects.with_parts().get(pk=verification.order_id)
    reader = reader_for(order)
    if reader is None or verification.ciphertext is None:
        return False
    reading, problem, by_key = _read(reader, verification)
    with transaction.atomic():
        _record(verification, reading, problem, by_key=by_key)
    return True


def _read(reader: Reader, verification: Verification) -> tuple[Reading | None, str, bool]:
    assert verification.ciphertext is not None
    return read_with(reader, verification.key_id, bytes(verification.ciphertext))


def read_with(reader: Reader, key_id: str, ciphertext: bytes) -> tuple[Reading | None, str, bool]:
    """The reading, or why there is none and whether for the key; that lives no longer than this."""
    try:
        return read(reader, decrypt(key_id, ciphertext)), "", False
    except ReadingFailed as error:
        return None, error.problem, error.by_key
    except (KeyError, ValueError):
        return None, "key_unreadable", True


def _record(seen: Verification, reading: Reading | None, problem: str, *, by_key: bool) -> None:
    """Write down what was read and go on from there, if it is still wanted."""
    order = locked(Order(pk=seen.order_id))
    now = Verification.objects.select_for_update(no_key=True).get(pk=seen.pk)
    if now.status == Course.DONE or now.attempt != seen.attempt:
        return
    before = now.status != Course.MEASURING
    if before != (seen.status != Course.MEASURING):
        # Sent while it was read: which side it belongs to cannot be said.
        Verification.objects.filter(pk=now.pk).update(next_at=Now())
        return
    BalanceReading.objects.create(
        verification=now,
        attempt=now.attempt,
        before=before,
        problem=problem,
        figures=reading.as_data() if reading else None,
    )
    if reading is None:
        _failed(order, now, problem, by_key=by_key)
    elif before:
        _more_before(order, now, reading)
    else:
        _more_after(order, now)


def _failed(order: Order, verification: Verification, problem: str, *, by_key: bool) -> None:
    failures = verification.failures + 1
    most = MOST_REFUSALS if by_key else MOST_FAILURES
    if failures >= most:
        conclusion.give_up(order, verification, reason=problem)
        return
    Verification.objects.filter(pk=verification.pk).update(
        failures=failures, next_at=course.again_after()
    )


def _more_before(order: Order, verification: Verification, reading: Reading) -> None:
    """The baseline: twice, and over as long as the provider's figures may lag."""
    reader = reader_for(order)
    assert reader is not None
    Verification.objects.filter(pk=verification.pk).update(
        failures=0, account_marks=list(reading.account), next_at=course.again_after()
    )
    taken = verification.readings.filter(attempt=verification.attempt, problem="").count()
    if taken > reader.lag_intervals:
        course.ready(verification)
        machine.remark(order, kind="baseline_ready", actor=None)
        tell(order, order.seller, "order_baseline_ready", again=True, recipient=order.recipient)


def _more_after(order: Order, verification: Verification) -> None:
    """Measured, or not yet: until then read on, more slowly the longer it takes."""
    if conclusion.conclude(order, verification):
        return
    taken = verification.readings.filter(
        attempt=verification.attempt, before=False, at__gte=order.sent_at
    ).count()
    Verification.objects.filter(pk=verification.pk).update(
        failures=0, next_at=course.again_after(1 if taken < 8 else min(2 ** (taken - 7), 64))
    )
