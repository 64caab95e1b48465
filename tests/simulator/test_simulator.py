"""A short run of the simulator: it holds, it replays exactly, and it notices a bug."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from marketplace.local.environment import ROOT
from payments import failpoints


@pytest.fixture(scope="module")
def rehearsal() -> Any:
    run = subprocess.run(
        [sys.executable, "-m", "tests.simulator.rehearsal"],
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    return json.loads(run.stdout)


def test_nothing_breaks_whatever_happens(rehearsal: Any) -> None:
    assert rehearsal["broken"] == []


def test_the_same_seed_is_the_same_story(rehearsal: Any) -> None:
    first, second = rehearsal["traces"]
    assert first == second


def test_trades_are_completed_by_batches_too(rehearsal: Any) -> None:
    assert sum(rehearsal["batched"]) > 0, rehearsal["batched"]


def test_a_bug_is_found(rehearsal: Any) -> None:
    assert "an instruction on its way" in rehearsal["bug"]


def test_a_process_may_die_at_every_failpoint(rehearsal: Any) -> None:
    """Each name is a place in the code; the rarest are reached in longer runs only."""
    places = {name for name in failpoints.NAMES if name.split()[0] in ("instruction", "event")}
    assert places <= set(rehearsal["reached"]) <= set(failpoints.NAMES)


def test_whoever_comes_after_a_killed_process_moves_the_rest_once(rehearsal: Any) -> None:
    """Cases 49 and 52, briefly; `python -m simulator.kills` does it at every place.

    Where neither a key that stays the same nor a look remembers the first call, the second is
    refused for want of money, and the trade is stuck.
    """
    assert rehearsal["killed"] == [[2, ""], [2, ""]]
    assert "stuck" in rehearsal["forgotten"]


def test_several_seeds_at_once_find_their_work_and_its_results() -> None:
    """A new process knows no `__main__`, and whoever collects the results has no Django."""
    env = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    code = """
import pickle, sys
from simulator.played import Played
from simulator.work import work
assert pickle.loads(pickle.dumps(work)).__module__ == "simulator.work"
assert pickle.loads(pickle.dumps(Played(1, 2))) == Played(1, 2)
assert "django" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, check=True, timeout=60)
