"""The two background threads: one does what the clock makes due, one delivers webhooks."""

import threading
from importlib import import_module

from django.conf import settings

from sandbox import clock
from sandbox.stripe import idempotency, webhooks


def start() -> None:
    """Starts both threads. Their work is in the database, so a restart goes on where it stopped."""
    # Fills the tables of endpoints and of due work before the first request does.
    import_module(settings.ROOT_URLCONF)
    idempotency.forget_interrupted()
    if not settings.CLOCK_STANDS_STILL:
        threading.Thread(target=clock.run_forever, name="clock", daemon=True).start()
    threading.Thread(target=webhooks.deliver_forever, name="webhooks", daemon=True).start()
