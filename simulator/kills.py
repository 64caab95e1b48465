"""`python -m simulator.kills`: `kill -9` at each place between intent, call and record.

For each kind of movement and each place on its way, a real process takes the step and is killed
there, time and again. Whoever comes after it must find the rest: the invariants hold after every
death, nothing is stuck in the end, and the sandbox has moved each sum once, by its own count.
"""

import argparse
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TIMES = 20
CALL = (
    "instruction claimed",
    "instruction answered",
    "instruction recording",
    "instruction recorded",
)
FACE_CENTS = 20_00
# Its money is available at once.
CARD = "4000000000000077"


@dataclass(frozen=True)
class Movement:
    """`begin` brings one right before the step, `step` takes it; `moved` is what Stripe counts."""

    places: Sequence[str]
    begin: Callable[[Any, int], Any]
    step: Callable[[Any, Any], None]
    moved: Callable[[Any], dict[str, int]] | None = None
    # The next cannot begin before this one has ended.
    one_by_one: bool = False
    # So many find stock in one world.
    most: int = 40


@dataclass
class Killed:
    """What came of one kind of movement at one place."""

    movement: str
    place: str
    kills: int = 0
    broken: str = ""


def run(names: Sequence[str], times: int, places: Sequence[str] = ()) -> Iterator[Killed]:
    """Kill at every place of these movements, or at these places, so many times each."""
    from simulator.killed import MOVEMENTS

    for name in names or list(MOVEMENTS):
        movement = MOVEMENTS[name]
        rows = [Killed(name, place) for place in places or movement.places]
        # To drive a world to rest takes as long as twenty deaths.
        size = max(movement.most // times, 1)
        for first in range(0, len(rows), size):
            _kill(movement, rows[first : first + size], times)
            yield from rows[first : first + size]


def _kill(movement: Movement, rows: Sequence[Killed], times: int) -> None:
    """In one world; what breaks in it is said of all of them."""
    from simulator import checks, rest, world

    logging.disable(logging.CRITICAL)
    scene = world.create(7)
    expected: list[tuple[str, dict[str, int]]] = []
    try:
        for row in rows:
            for number in range(times):
                begun = movement.begin(scene, number)
                if movement.moved:
                    expected.append((str(begun.pk), movement.moved(begun)))
                _dies(scene, movement, begun, row.place)
                row.kills += 1
                checks.after_step(scene)
                if movement.one_by_one:
                    _come_back(scene)
        rest.drive(scene)
        checks.at_rest(scene)
        counted = scene.control("GET", "money/")["groups"]
        for reference, cents in expected:
            found = {kind: counted[reference][kind] for kind in cents}
            if found != cents:
                raise checks.Broken(f"order {reference}: {found} instead of {cents}")
    except checks.Broken as broken:
        for row in rows:
            row.broken = str(broken)
    finally:
        logging.disable(logging.NOTSET)


def _dies(scene: Any, movement: Movement, begun: Any, place: str) -> None:
    """Take the step in a process of its own, which is killed where it reaches the place."""
    from django.db import connection

    from payments import failpoints
    from payments.processor import processor
    from simulator import checks

    # What the clock had crept on in this session is not due yet in another.
    scene.pass_time(1)
    child = os.fork()
    if child == 0:
        try:
            # Neither the session of the database nor a connection to the sandbox is shared. That of
            # the parent stays open, for it has the plans of all invariants (`simulator.audit`).
            connection.connection = None
            processor.cache_clear()
            scene.set_clock()

            def die(reached: str) -> None:
                if reached == place:
                    os.kill(os.getpid(), signal.SIGKILL)

            with failpoints.watched(die):
                movement.step(scene, begun)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    # A second later, for the clock had crept on in that session, and must not go back.
    scene.pass_time(1)
    if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGKILL:
        raise checks.Broken(f"no process came to {place}")


def _come_back(scene: Any) -> None:
    """Another process finds what is due, once nobody can be at it any more."""
    from marketplace import sweeps

    for seconds in (60, 86400):
        scene.pass_time(seconds)
        sweeps.sweep()
        sweeps.poll()


def main() -> int:
    """Kill as often as asked for, and say how it went."""
    parser = argparse.ArgumentParser(prog="python -m simulator.kills", description=__doc__)
    parser.add_argument("movements", nargs="*")
    parser.add_argument("--times", type=int, default=TIMES)
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    from simulator import stage

    begun, kills, broken = time.monotonic(), 0, 0
    with stage.database_server() as server, stage.played(server, 0):
        for result in run(asked.movements, asked.times):
            kills += result.kills
            broken += bool(result.broken)
            how = f"BROKEN: {result.broken}" if result.broken else "holds"
            print(f"{result.movement}, {result.place}: {result.kills} kills, {how}", flush=True)
    took = time.monotonic() - begun
    print(f"{kills} kills in {took:.0f} s: " + (f"{broken} broken" if broken else "all hold"))
    return int(broken > 0)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    sys.exit(main())
