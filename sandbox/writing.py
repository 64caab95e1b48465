"""One writer at a time. Every change of the sandbox's state happens inside `writing()`."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

_LOCK = threading.RLock()


@contextmanager
def writing() -> Iterator[None]:
    """Holds the process-wide lock around one SQLite transaction.

    SQLite allows a single writer anyway; queueing on a lock of our own is fairer and faster than
    its busy handler, and makes every read-then-write inside safe.
    """
    with _LOCK, transaction.atomic():
        yield
