"""After a verified arrival, where the buyer agreed: the balance is read on, to see a reversal.

Only where spending does not move the figures (all credit ever received, rows of grants): a
remaining balance that falls says nothing. A drop before the release opens a dispute for the buyer;
after it, a case for moderators, and what the trade brought the seller is not paid out until they
have decided (`payments.reserve`). The key is deleted when the watch ends, however it ends.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Person
from accounts.refusals import NotAllowed, WrongState
from orders import disputes
from orders.models import Order, OrderStatus, Verdict
from orders.progress import locked, machine, tell
from orders.tranches import price_of
from orders.verification import conclusion
from orders.verification.lending import reader_for
from orders.verification.models import BalanceReading, Verification, Watch, WatchEnd
from orders.verification.rungs import LADDER, Case, ReadingCheck
from orders.verification.taking import (
    LEASE,
    MOST_AT_ONCE,
    MOST_FAILURES,
    MOST_REFUSALS,
    read_with,
    take_each,
)
from payments import incidents
from payments.reserve import CREDIT_REVERSED
from providers.catalogue_reader import Reader
from providers.readings import Reading

S = OrderStatus
REVERSED = (
    "Opened by Surplus: the credit had arrived, and the provider’s figures show it gone again."
)


def due() -> list[int]:
    """Watches whose next reading is due, or whose time is over."""
    rows = Watch.objects.filter(next_at__lte=Now()).order_by("next_at")
    return list(rows.values_list("pk", flat=True)[:MOST_AT_ONCE])


def take_due() -> int:
    """Read what is due; returns how many were tried."""
    return take_each(due(), take, what="watch")


def take(watch_id: int) -> bool:
    """Take one reading, if it is still due and nobody else takes it; or end what is over."""
    claimed = Watch.objects.filter(pk=watch_id, next_at__lte=Now())
    if claimed.update(next_at=Now() + LEASE) != 1:
        return False
    watch = Watch.objects.get(pk=watch_id)
    order = Order.objects.with_parts().get(pk=watch.order_id)
    reader = reader_for(order)
    over = Watch.objects.filter(pk=watch_id, until__lte=Now()).exists()
    if over or reader is None or watch.ciphertext is None or order.status == S.CANCELLED:
        with transaction.atomic():
            _end(locked(order), WatchEnd.STOOD if over else WatchEnd.STOPPED)
        return False
    reading, problem, by_key = read_with(reader, watch.key_id, bytes(watch.ciphertext))
    with transaction.atomic():
        _record(watch, reader, reading, problem, by_key=by_key)
    return True


def _record(
    seen: Watch, reader: Reader, reading: Reading | None, problem: str, *, by_key: bool
) -> None:
    order = locked(Order(pk=seen.order_id))
    now = Watch.objects.select_for_update(no_key=True).get(pk=seen.pk)
    if now.ended_at is not None:
        return
    BalanceReading.objects.create(
        verification=order.verification,
        attempt=order.verification.attempt,
        before=False,
        watched=True,
        problem=problem,
        figures=reading.as_data() if reading else None,
    )
    if reading is None:
        _failed(order, now, by_key=by_key)
        return
    # One low figure may be an old one that came late: as many as figures lag must show it.
    left = [shown_to_be_left(order, reader, one) for one in _watched(order.verification, reader)]
    shown = [cents for cents in left if cents is not None]
    if len(shown) > reader.lag_intervals:
        gone(order, max(shown))
        return
    soon = left[-1] is not None
    seconds = settings.READING_INTERVAL_SECONDS if soon else settings.WATCH_INTERVAL_SECONDS
    _next(now, seconds=seconds, failures=0)


def _next(watch: Watch, *, seconds: int, failures: int) -> None:
    Watch.objects.filter(pk=watch.pk).update(
        next_at=Now() + timedelta(seconds=seconds), failures=failures
    )


def _failed(order: Order, watch: Watch, *, by_key: bool) -> None:
    failures = watch.failures + 1
    if failures >= (MOST_REFUSALS if by_key else MOST_FAILURES):
        _end(order, WatchEnd.UNREAD)
    else:
        _next(watch, seconds=settings.WATCH_INTERVAL_SECONDS, failures=failures)


def _watched(verification: Verification, reader: Reader) -> list[Reading]:
    """The newest readings of the watch, as many as a run needs, in order."""
    rows = verification.readings.filter(attempt=verification.attempt, watched=True, problem="")
    newest = list(rows.order_by("-pk")[: reader.lag_intervals + 1])
    return [conclusion.as_reading(row) for row in reversed(newest)]


def shown_to_be_left(order: Order, reader: Reader, after: Reading) -> int | None:
    """What is left of the arrival where a reading shows less than agreed, None where it does not.

    Nothing is concluded where spending moves them, where another order reads the same account, or
    where periods, plans or accounts changed meanwhile.
    """
    verification = order.verification
    if not reader.may_refute or conclusion.others_of(verification).exists():
        return None
    rows = verification.readings.filter(attempt=verification.attempt, before=True, problem="")
    before = [conclusion.as_reading(row) for row in rows]
    check = LADDER[verification.rung]
    assert isinstance(check, ReadingCheck)
    run = [after] * (reader.lag_intervals + 1)
    case = Case(order.face_value_cents, order.currency, reader, before, run)
    arrival = check.measure(reader, case)
    if arrival.cents is None or not arrival.exact or arrival.cents >= order.face_value_cents:
        return None
    return max(arrival.cents, 0)


def gone(order: Order, cents: int) -> None:
    """The credit is gone again, but for `cents`: nothing is released, or nothing paid out, before
    people decided. Called with the order locked.
    """
    _end(order, WatchEnd.DROPPED, measured_cents=cents)
    machine.remark(order, kind="credit_reversed", actor=None)
    if order.status == S.VERIFIED:
        Order.objects.filter(pk=order.pk).update(verdict=Verdict.REFUTED, measured_cents=cents)
        order.verdict, order.measured_cents = Verdict.REFUTED, cents
        reason = "less_than_agreed" if cents else "not_received"
        disputes.begin(order, actor=None, reason=reason, text=REVERSED)
        return
    incidents.report(
        key=f"reversed:{order.pk}",
        kind=CREDIT_REVERSED,
        text=f"{order.face_value_cents / 100:.2f} {order.currency} of credit had arrived for this "
        f"order; now {cents / 100:.2f} of it is left. What it brought the seller is not paid out "
        "until this is closed.",
        escrow=order.escrow,
        about_cents=order.price_cents - price_of(order, cents),
    )
    for person in (order.buyer, order.seller):
        tell(order, person, "order_credit_reversed", left_cents=cents)


def _end(order: Order, how: str, *, measured_cents: int | None = None) -> None:
    """End it and forget the key, in one statement; the buyer is asked to revoke it."""
    going_on = Watch.objects.filter(order=order, ended_at=None)
    ended = going_on.update(
        ended_at=Now(),
        outcome=how,
        measured_cents=measured_cents,
        next_at=None,
        ciphertext=None,
        key_id="",
    )
    if ended:
        provider = order.listing.provider.name
        tell(order, order.buyer, "order_key_forgotten", mark="watch", provider=provider)


@transaction.atomic
def stop(order: Order, *, actor: Person) -> None:
    """The buyer does not want it any longer. Raises NotAllowed, WrongState where none goes on."""
    order = locked(order)
    if actor.pk != order.buyer_id:
        raise NotAllowed("Only the buyer ends the watch: the key is theirs.")
    if not Watch.objects.filter(order=order, ended_at=None).exists():
        raise WrongState
    _end(order, WatchEnd.STOPPED)


def forget_all(person: Person) -> None:
    """They leave: no key of theirs stays."""
    mine = Watch.objects.filter(Q(order__buyer=person), ended_at=None)
    mine.update(ended_at=Now(), outcome=WatchEnd.STOPPED, next_at=None, ciphertext=None, key_id="")
