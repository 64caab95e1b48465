"""`make simulate SEEDS=7001:7021 STEPS=200`: play each seed; exit status 1 if one is broken."""

import argparse
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

LAST_STEPS = 12


def main() -> int:
    """Play all seeds, in as many processes as asked for, and say how it went."""
    asked = _arguments()
    # So that servers are stopped and folders removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    from simulator import stage

    begun, broken, count = time.monotonic(), 0, 0
    with stage.database_server() as server:
        for played in _results(server, asked):
            count += 1
            broken += bool(played.broken)
            _print(played, verbose=asked.trace)
    took = time.monotonic() - begun
    print(
        f"{count} seeds of {asked.steps} steps in {took:.0f} s: "
        + (f"{broken} broken" if broken else "all hold")
    )
    return 1 if broken else 0


def _arguments() -> Any:
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("seeds", type=_range, help="one seed, or FROM:BEFORE")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--trace", action="store_true", help="print every step")
    return parser.parse_args()


def _range(text: str) -> Sequence[int]:
    first, colon, end = text.partition(":")
    found = range(int(first), int(end) if colon else int(first) + 1)
    if not found:
        raise argparse.ArgumentTypeError("there is no seed in this range")
    return found


def _results(server: str, asked: Any) -> Iterator[Any]:
    """Each seed's result as it comes; seeds go to whichever process is free."""
    from simulator import stage
    from simulator.work import work

    if asked.jobs == 1 or len(asked.seeds) == 1:
        with stage.played(server, 0):
            from simulator.play import play

            for seed in asked.seeds:
                yield play(seed, asked.steps)
        return
    context = multiprocessing.get_context("spawn")
    seeds, results = context.SimpleQueue(), context.SimpleQueue()
    jobs = min(asked.jobs, len(asked.seeds))
    for seed in (*asked.seeds, *[None] * jobs):
        seeds.put(seed)
    workers = [
        context.Process(target=work, args=(server, number, asked.steps, seeds, results))
        for number in range(jobs)
    ]
    for worker in workers:
        worker.start()
    try:
        for _ in asked.seeds:
            while results.empty():
                if any(worker.exitcode for worker in workers):
                    raise SystemExit("A process of the simulator died.")
                time.sleep(0.05)
            yield results.get()
    finally:
        for worker in workers:
            worker.terminate() if sys.exc_info()[0] else None
            worker.join()


def _print(played: Any, *, verbose: bool) -> None:
    print(f"seed {played.seed}: {played.seconds:.1f} s, {'BROKEN' if played.broken else 'holds'}")
    if verbose:
        print("\n".join(played.trace))
    if played.broken:
        if not verbose:
            print("\n".join(played.trace[-LAST_STEPS:]))
        print(f"  {played.broken}")
        print(f"  again: make simulate SEEDS={played.seed} STEPS={played.steps} ARGS=--trace")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    sys.exit(main())
