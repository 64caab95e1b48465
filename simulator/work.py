"""What each of several processes does. Not in `__main__`, where a new process would not find it."""

import signal
import sys
from typing import Any

from simulator import stage


def work(server: str, number: int, steps: int, seeds: Any, results: Any) -> None:
    """Play seeds of the queue until None comes, in a database and a sandbox of one's own."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with stage.played(server, number):
        from simulator.play import play

        while (seed := seeds.get()) is not None:
            results.put(play(seed, steps))
