"""Journeys run on the real processes: one stack per test process, with a clock for tests."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import ConsoleMessage, Page

from tests.browser import NewContext
from tests.journeys.people import NewPage, sign_in
from tests.journeys.program import Program, audit
from tests.journeys.stack import Stack
from tests.sandbox_process import SandboxProcess

# Short enough to see every deadline pass, long enough for a person on a busy machine.
QUICK = {
    "PAY_WITHIN_SECONDS": "60",
    "DELIVER_WITHIN_SECONDS": "45",
    "INSPECT_WITHIN_SECONDS": "45",
    "COOLING_OFF_SECONDS": "2",
    "SWEEP_INTERVAL_SECONDS": "1",
    "SANDBOX_FEE_SECONDS": "1",
    "SANDBOX_AVAILABLE_SECONDS": "2",
    "SANDBOX_PAYOUT_SECONDS": "1",
    "SANDBOX_REFUND_SECONDS": "1",
}
# Chromium says this of every page that answers with an error, which some journeys provoke.
EXPECTED = "Failed to load resource: the server responded with a status of 4"


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Database, broker, web, worker, scheduler and sandbox, with the demo data."""
    found = Stack(**QUICK)
    try:
        found.start()
        yield found
    finally:
        found.remove()


@pytest.fixture(scope="module")
def clean_ledger(stack: Stack) -> Iterator[None]:
    """After all trades of a file, every invariant of the ledger holds."""
    yield
    audit(stack)


@pytest.fixture(scope="session")
def base_url(stack: Stack) -> str:
    return stack.base_url


@pytest.fixture(scope="session")
def sandbox(stack: Stack) -> SandboxProcess:
    """The control page of the stack's own sandbox."""
    return stack.sandbox


@pytest.fixture(scope="session")
def buyer(stack: Stack) -> Program:
    return Program(stack, "buyer@example.com")


@pytest.fixture(scope="session")
def seller(stack: Stack) -> Program:
    return Program(stack, "seller@example.com")


@pytest.fixture(scope="session")
def seller2(stack: Stack) -> Program:
    return Program(stack, "seller2@example.com")


@pytest.fixture
def new_page(new_context: NewContext) -> Iterator[NewPage]:
    """Another person's browser; afterwards none of their pages may have complained."""
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(EXPECTED):
            complaints.append(f"{message.location.get('url')}: {message.text}")

    def make(email: str = "", **options: object) -> Page:
        page = new_context(**options).new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        return sign_in(page, email) if email else page

    yield make
    assert complaints == []
