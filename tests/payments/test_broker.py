"""Case 53: the broker forgets everything, before and during the work, and the trade ends well."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from celery.contrib.testing.worker import start_worker
from django.db.models.functions import Now

from accounts.models import Person
from listings.models import Listing
from marketplace.celery import app
from orders import completion, transfer
from orders.models import Order
from payments.models import Escrow, Instruction
from tests.sandbox_process import SandboxProcess
from tests.trade import pay, placed

PATIENCE_SECONDS = 20


def beat() -> None:
    """What the scheduler does every few seconds."""
    for name in ("poll", "sweep"):
        app.send_task(f"marketplace.tasks.{name}")


def flush() -> None:
    """FLUSHALL, as far as the broker is ours."""
    with app.connection_for_write() as connection:
        connection.default_channel.client.flushdb()


@contextmanager
def working() -> Iterator[None]:
    """A worker, whose broker is emptied once more when it has begun."""
    with start_worker(app, pool="solo", perform_ping_check=False, loglevel="CRITICAL"):
        flush()
        yield


def until(there: Callable[[], Any]) -> None:
    """Beat on, until it is so."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while not there():
        assert time.monotonic() < ends, "the trade does not go on"
        beat()
        time.sleep(0.2)


def test_a_flushed_broker_delays_and_loses_nothing(
    sandbox: SandboxProcess, buyer: Person, listing: Listing
) -> None:
    order = placed(buyer, listing, 5_000)
    pay(order)
    Escrow.objects.update(poll_due_at=Now())
    beat()
    flush()
    assert Order.objects.get().status == "placed"
    with working():
        until(lambda: Order.objects.get().status == "paid")
        transfer.send(order, actor=order.seller, note="")
        completion.confirm(order, actor=buyer)
        beat()
        flush()
        until(lambda: Instruction.objects.get(kind="transfer").status == "done")
    moved = sandbox.control("GET", "money/")["groups"][str(order.pk)]
    assert moved["transferred_cents"] == order.proceeds_cents
