"""What each process keeps in memory for a little while, because everybody asks for it.

For what may be some seconds old, or cannot become untrue because all that it hangs on is in its
key. Each process has its own; nobody tells the others, so nothing here may decide anything.
"""

from collections.abc import Callable, Hashable
from threading import Lock
from time import monotonic
from typing import Any, Generic, TypeVar
from weakref import WeakSet

V = TypeVar("V")
_all: "WeakSet[Kept[Any]]" = WeakSet()


class Kept(Generic[V]):
    """At most `most` values, each for `seconds`; the one that was made first goes first."""

    def __init__(self, *, seconds: float, most: int) -> None:
        self.seconds, self.most = seconds, most
        self._values: dict[Hashable, tuple[float, V]] = {}
        self._lock = Lock()
        _all.add(self)

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """The value of that key; made now if there is none, or it is too old."""
        now = monotonic()
        found = self._values.get(key)
        if found is not None and found[0] > now:
            return found[1]
        value = make()
        with self._lock:
            self._values.pop(key, None)
            while len(self._values) >= self.most:
                self._values.pop(next(iter(self._values)))
            self._values[key] = (now + self.seconds, value)
        return value

    def known(self, key: Hashable) -> V | None:
        """The value of that key if it is kept and not too old."""
        found = self._values.get(key)
        return found[1] if found is not None and found[0] > monotonic() else None

    def forget(self) -> None:
        """Make everything anew from now on."""
        with self._lock:
            self._values.clear()


def forget_all() -> None:
    """As in a process that has just started."""
    for one in _all:
        one.forget()
