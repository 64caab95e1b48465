"""The sandbox's own clock, which can be moved forward, and the work that falls due on it."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial

from django.conf import settings
from django.db import transaction

from sandbox.models import Due, Setting
from sandbox.writing import writing

logger = logging.getLogger("sandbox.clock")

Handler = Callable[[str], None]
# Where a clock that stands still begins; who needs such a clock sets theirs by it.
STILL_SINCE = 1_800_000_000.0
LONGEST_REST_SECONDS = 60.0
_HANDLERS: dict[str, Handler] = {}
# Something was planned, or the clock was moved.
_changed = threading.Event()
_offset: float | None = None
_fixed: ContextVar[float | None] = ContextVar("fixed", default=None)


def offset() -> float:
    """Seconds that the sandbox's clock is ahead of the real one; read once, for this process alone
    moves it."""
    if _offset is None:
        with writing():
            row = Setting.objects.filter(name="clock_offset").first()
            _keep(float(row.value) if row else 0.0)
    assert _offset is not None
    return _offset


def _keep(seconds: float) -> None:
    global _offset
    _offset = seconds


def set_right() -> None:
    """Called where the settings are emptied, in that transaction."""
    transaction.on_commit(partial(_keep, 0.0))


def now() -> float:
    """The sandbox's time, in Unix seconds."""
    fixed = _fixed.get()
    return _start() + offset() if fixed is None else fixed


def _start() -> float:
    return STILL_SINCE if settings.CLOCK_STANDS_STILL else time.time()


def named_from() -> float:
    """The time by which callers name moments: the real one, or ours where that stands still."""
    return now() if settings.CLOCK_STANDS_STILL else time.time()


@contextmanager
def at(moment: float) -> Iterator[None]:
    """Inside, it is another time: for writing down what happened earlier."""
    token = _fixed.set(moment)
    try:
        yield
    finally:
        _fixed.reset(token)


def timestamp() -> int:
    """The sandbox's time as whole Unix seconds, as Stripe's v1 objects carry it."""
    return int(now())


def iso(moment: float) -> str:
    """Unix seconds as the RFC 3339 text that Stripe's v2 objects carry."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment)) + ".000Z"


def advance(seconds: float) -> None:
    """Moves the clock forward and does at once whatever that makes due."""
    with writing():
        ahead = offset() + seconds
        Setting.objects.update_or_create(name="clock_offset", defaults={"value": ahead})
        transaction.on_commit(partial(_keep, ahead))
        transaction.on_commit(_changed.set)
    run_due()


def on_due(kind: str) -> Callable[[Handler], Handler]:
    """Registers what to do when work of this kind falls due; called inside `writing()`."""

    def register(handler: Handler) -> Handler:
        _HANDLERS[kind] = handler
        return handler

    return register


def plan(kind: str, target: str, *, after: float) -> None:
    """Plans work for `after` sandbox seconds from now."""
    Due.objects.create(kind=kind, target=target, at=now() + after)
    transaction.on_commit(_changed.set)


def run_forever() -> None:
    """The thread that does what falls due, and rests until the next of it."""
    while True:
        _changed.clear()
        run_due()
        planned = Due.objects.order_by("at").values_list("at", flat=True).first()
        rest = LONGEST_REST_SECONDS if planned is None else planned - now()
        _changed.wait(min(max(rest, 0), LONGEST_REST_SECONDS))


def run_due() -> None:
    """Does everything that is due, in order, each piece in a transaction of its own."""
    while Due.objects.filter(at__lte=now()).exists():
        with writing():
            item = Due.objects.filter(at__lte=now()).order_by("at", "pk").first()
            if item is None:
                return
            item.delete()
            try:
                with transaction.atomic():
                    _HANDLERS[item.kind](item.target)
            except Exception:
                logger.exception("Work due failed: %s %s", item.kind, item.target)
