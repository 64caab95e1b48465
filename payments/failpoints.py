"""Named places between two steps of moving money, at which a rehearsal may have a process die.

Nothing happens there by itself. Who rehearses a failure (`simulator/`, a drill with `kill -9`)
puts a watcher here; it is called with the name of each place that is reached.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Watcher = Callable[[str], None]

NAMES = (
    "order reserved",
    "instruction claimed",
    "instruction answered",
    "instruction recording",
    "instruction recorded",
    "card asked about",
    "card recorded",
    "event stored",
    "event claimed",
    "event followed up",
    "payment asked about",
    "payment booked",
    "dispute asked about",
    "payout asked about",
    "refund asked about",
    "suspicion asked about",
)
_watchers: list[Watcher] = []


def reached(name: str) -> None:
    """The process is at this place; one of `NAMES`."""
    for watcher in _watchers:
        watcher(name)


@contextmanager
def watched(watcher: Watcher) -> Iterator[None]:
    """Have `watcher` called at every place that is reached inside."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)
