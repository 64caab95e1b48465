"""The two background threads: one does what the clock makes due, one delivers webhooks."""

import threading
import time
from importlib import import_module

from django.conf import settings

from sandbox import clock
from sandbox.stripe import idempotency, webhooks

TICK_SECONDS = 0.2


def start() -> None:
    """Starts both threads. Their work is in the database, so a restart goes on where it stopped."""
    # Fills the tables of endpoints and of due work before the first request does.
    import_module(settings.ROOT_URLCONF)
    idempotency.forget_interrupted()
    if not settings.CLOCK_STANDS_STILL:
        threading.Thread(target=_tick, name="clock", daemon=True).start()
    threading.Thread(target=webhooks.deliver_forever, name="webhooks", daemon=True).start()


def _tick() -> None:
    while True:
        clock.run_due()
        time.sleep(TICK_SECONDS)
