"""The real processes: up, killed one by one, stopped, up again with yesterday's data."""

import os
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from marketplace.local import environment, probe, processes
from tests.journeys.stack import Stack, wait_until

SECOND_START_SECONDS = 15


@pytest.fixture(scope="module")
def own(stack: Stack) -> Iterator[Stack]:
    """The stack, which these tests kill and stop, and which runs again after them."""
    yield stack
    if stack.process is None:
        stack.start()


def traces(stack: Stack) -> list[object]:
    sockets = environment.socket_dir(stack.home)
    return [*processes.marked(f"SURPLUS_RUN={stack.home}"), *sockets.iterdir()]


def answers(stack: Stack, path: str) -> bool:
    return probe.get(stack.base_url, path)[0] in (200, 302)


def test_the_pages_of_the_closing_box_answer(own: Stack) -> None:
    for path in ("/", "/healthz", "/readyz", "/api/v1/docs/", "/console/", "/dev/outbox/"):
        wait_until(partial(answers, own, path), what=path)
    assert probe.get(own.sandbox_url, "/_control/")[0] == 200
    assert f"Sandbox      {own.sandbox_url}/_control/" in own.log()


@pytest.mark.parametrize("part", ["worker", "web", "database", "broker", "sandbox", "scheduler"])
def test_a_killed_part_comes_back(own: Stack, part: str) -> None:
    own.kill(part)
    wait_until(own.ready, seconds=60, what=f"the site is ready after {part} was killed")


def test_commands_work_beside_it(own: Stack) -> None:
    assert own.manage("ledger_audit", "--json").returncode == 0


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


def test_a_second_start_is_quick_and_finds_yesterdays_data(own: Stack) -> None:
    before = first_listing(own)
    assert own.stop() == 0
    assert traces(own) == []
    begun = time.monotonic()
    own.start()
    seconds = time.monotonic() - begun
    # Where others keep the cores busy, the clock says little: then what it used counts.
    alone = processor_seconds(own) / (os.cpu_count() or 1)
    assert min(seconds, alone) < SECOND_START_SECONDS
    assert first_listing(own) == before


def test_a_killed_supervisor_leaves_nothing_that_hinders_the_next_start(own: Stack) -> None:
    assert own.process is not None
    own.process.kill()
    own.process.wait()
    own.start()
    assert own.stop() == 0
    assert traces(own) == []
