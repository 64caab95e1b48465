"""The real processes: up, killed one by one, stopped, up again with yesterday's data.

They are left stopped, so no other test comes after these (`tests.conftest`).
"""

import os
import time
from functools import partial
from pathlib import Path

import pytest

from marketplace.local import environment, probe, processes
from tests.journeys.stack import Stack, wait_until

SECOND_START_SECONDS = 15


def traces(stack: Stack) -> list[object]:
    sockets = environment.socket_dir(stack.home)
    return [*processes.marked(f"SURPLUS_RUN={stack.home}"), *sockets.iterdir()]


def answers(stack: Stack, path: str) -> bool:
    return probe.get(stack.base_url, path)[0] in (200, 302)


def test_the_pages_of_the_closing_box_answer(stack: Stack) -> None:
    for path in ("/", "/healthz", "/readyz", "/api/v1/docs/", "/console/", "/dev/outbox/"):
        wait_until(partial(answers, stack, path), what=path)
    assert probe.get(stack.sandbox_url, "/_control/")[0] == 200
    assert f"Sandbox      {stack.sandbox_url}/_control/" in stack.log()


@pytest.mark.parametrize("part", ["worker", "web", "database", "broker", "sandbox", "scheduler"])
def test_a_killed_part_comes_back(stack: Stack, part: str) -> None:
    stack.kill(part)
    wait_until(stack.ready, seconds=60, what=f"the site is ready after {part} was killed")


def test_commands_work_beside_it(stack: Stack) -> None:
    assert stack.manage("ledger_audit", "--json").returncode == 0


def first_listing(stack: Stack) -> str:
    def ask() -> str:
        status, text = probe.get(stack.base_url, "/api/v1/listings/?limit=1")
        return text if status == 200 else ""

    return wait_until(ask, seconds=60, what="the first listing")


def processor_seconds(stack: Stack) -> float:
    """What all its processes have used since they began."""
    ticks = 0
    for pid in processes.marked(f"SURPLUS_RUN={stack.home}"):
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += sum(int(field) for field in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def test_a_second_start_is_quick_and_finds_yesterdays_data(stack: Stack) -> None:
    before = first_listing(stack)
    assert stack.stop() == 0
    assert traces(stack) == []
    begun = time.monotonic()
    stack.start()
    seconds = time.monotonic() - begun
    # Where others keep the cores busy, the clock says little: then what it used counts.
    alone = processor_seconds(stack) / (os.cpu_count() or 1)
    assert min(seconds, alone) < SECOND_START_SECONDS
    assert first_listing(stack) == before


def test_a_killed_supervisor_leaves_nothing_that_hinders_the_next_start(stack: Stack) -> None:
    assert stack.process is not None
    stack.process.kill()
    stack.process.wait()
    stack.start()
    assert stack.stop() == 0
    assert traces(stack) == []
