"""Journeys run on the real processes: one stack per test process."""

from collections.abc import Iterator

import pytest

from tests.journeys.stack import Stack
from tests.sandbox_process import SandboxProcess


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Database, broker, web, worker, scheduler and sandbox, with the demo data."""
    found = Stack()
    try:
        found.start()
        yield found
    finally:
        found.remove()


@pytest.fixture(scope="session")
def base_url(stack: Stack) -> str:
    return stack.base_url


@pytest.fixture(scope="session")
def sandbox(stack: Stack) -> SandboxProcess:
    """The control page of the stack's own sandbox."""
    return stack.sandbox
