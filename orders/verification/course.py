"""The course of a measuring: its transition table, and the only module that assigns its status."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from accounts.machines import Machine
from accounts.models import Person
from orders.models import Order
from orders.verification.models import Course, Verification, VerificationEvent

WAITING, READY = Course.WAITING, Course.BASELINE_READY
MEASURING, DONE = Course.MEASURING, Course.DONE

machine = Machine(
    model=Verification,
    events=VerificationEvent,
    link="verification",
    table={
        # Back to the beginning: the buyer lends another key while nothing is sent.
        WAITING: {WAITING, READY, MEASURING, DONE},
        READY: {WAITING, MEASURING, DONE},
        MEASURING: {DONE},
        DONE: {WAITING},
    },
)


def begin(verification: Verification, *, actor: Person) -> None:
    """Record a new row."""
    machine.begin(verification, kind="key_lent", actor=actor)


def restart(verification: Verification, *, actor: Person, **changes: Any) -> None:
    """Start again with another key. Raises WrongState once the credit is being measured."""
    machine.advance(
        verification, WAITING, kind="key_lent", actor=actor, next_at=Now(), failures=0, **changes
    )


def ready(verification: Verification) -> None:
    """Enough was read before the sending."""
    machine.advance(verification, READY, kind="baseline_ready", actor=None, next_at=None)


def sent(order: Order) -> None:
    """The credit is on its way: read from now on. Called with the step that says so."""
    assert connection.in_atomic_block
    found = Verification.objects.select_for_update(no_key=True).filter(order=order).first()
    if found is None or found.status == DONE:
        return
    if found.readings.filter(attempt=found.attempt, problem="").exists():
        machine.advance(found, MEASURING, kind="measuring", actor=None, next_at=Now(), failures=0)
    else:
        finish(found, reason="nothing_read_before")


def read_again(order: Order) -> None:
    """More was sent: read at once, and often again."""
    measuring = Verification.objects.filter(order=order, status=MEASURING)
    measuring.update(next_at=Now(), failures=0)


def finish(verification: Verification, *, reason: str) -> None:
    """End it and forget the key, in one statement."""
    machine.advance(
        verification,
        DONE,
        kind="done",
        actor=None,
        note=reason,
        reason=reason,
        next_at=None,
        ciphertext=None,
        key_id="",
        forgotten_at=Now(),
    )


def end_with(order: Order) -> bool:
    """The order has ended: whatever was still measured ends too. Returns whether it was."""
    assert connection.in_atomic_block
    found = Verification.objects.select_for_update(no_key=True).filter(order=order).first()
    if found is None or found.status == DONE:
        return False
    finish(found, reason="order_ended")
    return True


def again_after(intervals: int = 1) -> Any:
    """The moment of the next reading, by the database's clock."""
    return Now() + timedelta(seconds=intervals * settings.READING_INTERVAL_SECONDS)
