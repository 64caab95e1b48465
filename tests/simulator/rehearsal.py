"""Plays a few seeds in a process of its own, since the simulator has settings of its own."""

import json
import os
import sys
from uuid import uuid4

from payments import failpoints
from simulator import kills, stage
from tests import tables

SEEDS, STEPS, AGAIN = (7005,), 60, 20


def main() -> None:
    """Print, as JSON: what was broken, whether a replay is the same, and what a bug is called.

    How processes fare that are killed, and how they would if nothing remembered the first call.
    And how many trades were completed by batches: a sweep goes on without one that breaks.
    """
    from orders import batches
    from payments import effects, instructions
    from payments.models import Instruction
    from simulator import rest
    from simulator.play import play

    batched: list[int | str] = []

    def completed() -> int:
        try:
            batched.append(complete_due())
        except Exception as error:
            batched.append(repr(error))
            raise
        return int(batched[-1])

    complete_due, batches.complete_due = batches.complete_due, completed
    reached: list[str] = []
    with failpoints.watched(reached.append):
        played = [play(seed, STEPS) for seed in SEEDS]
    again = play(SEEDS[0], AGAIN)

    def forgets_transfers(instruction: Instruction, source: str, destination: str) -> None:
        if instruction.kind != "transfer":
            post(instruction, source, destination)

    post, effects._post = effects._post, forgets_transfers
    bugs = [play(seed, STEPS).broken for seed in SEEDS]
    effects._post = post
    killed = list(kills.run(["transfer"], 2, ("instruction answered", "instruction recording")))
    Instruction.key = property(lambda row: uuid4().hex)
    instructions._already_done = lambda instruction: None
    rest.ROUNDS = 4
    (forgotten,) = kills.run(["transfer"], 1, ("instruction answered",))
    found = {
        "broken": [one.broken for one in played if one.broken],
        "traces": [one.trace[:AGAIN] for one in (played[0], again)],
        "reached": sorted(set(reached)),
        "bug": " ".join(bugs),
        "batched": batched,
        "killed": [(one.kills, one.broken) for one in killed],
        "forgotten": forgotten.broken,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    with stage.played(os.environ["DATABASE_URL"], 0, template=tables.template()):
        main()
    sys.exit(0)
