"""One seed, played: so many steps, a look at everything after each, and rest at the end."""

import logging
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection

from accounts.refusals import Refusal
from payments.processor.interface import OutcomeUnknown, ProcessorRefused
from simulator import checks, rest, trouble, world
from simulator.acts import PEOPLE
from simulator.basket_acts import BASKETS
from simulator.gone_acts import GONE
from simulator.played import Played
from simulator.trouble import SURROUNDINGS, Crash
from simulator.world import World

ACTS = PEOPLE | BASKETS | GONE | SURROUNDINGS


def play(seed: int, steps: int) -> Played:
    """Play one seed from an empty world to its rest."""
    # The product waits a random while here and there.
    random.seed(seed)
    played, begun = Played(seed, steps), time.monotonic()
    logging.disable(logging.CRITICAL)
    try:
        with _ids_drawn(seed):
            scene = world.create(seed)
            for number in range(1, steps + 1):
                played.trace.append(f"{number:4} {_step(scene)}")
                checks.after_step(scene)
            rest.drive(scene)
            checks.at_rest(scene)
    except (Exception, Crash) as error:
        played.broken = _told(error)
    finally:
        logging.disable(logging.NOTSET)
    played.seconds = time.monotonic() - begun
    return played


@contextmanager
def _ids_drawn(seed: int) -> Iterator[None]:
    """Inside, the seed decides on random ids as well: in their order rows are locked and made."""
    kept, os.urandom = os.urandom, random.Random(f"ids of {seed}").randbytes
    try:
        yield
    finally:
        os.urandom = kept


def _step(scene: World) -> str:
    try:
        with trouble.mortal(scene):
            done = _something(scene)
    except Crash as crash:
        # Its connection dies with a process, and with it what was not committed.
        connection.close()
        # A second later, for ticks begin anew in another session, and the clock must not go back.
        scene.pass_time(1)
        return f"dies {crash}"
    except Refusal as refusal:
        return f"refused: {refusal.code}"
    except (OutcomeUnknown, ProcessorRefused) as error:
        return f"no answer: {type(error).__name__}"
    return done


def _something(scene: World) -> str:
    """Do what the dice say; where there is nothing of the kind to do, they are thrown again."""
    while True:
        act: Callable[[World], str] = scene.rng.choices(list(ACTS), weights=list(ACTS.values()))[0]
        if done := act(scene):
            return f"{act.__name__}: {done}"


def _told(error: BaseException) -> str:
    if isinstance(error, checks.Broken):
        return str(error)
    import traceback

    return "".join(traceback.format_exception(error)[-12:])
