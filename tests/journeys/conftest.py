"""Journeys run on the real processes: one stack for all of them, with a clock for tests.

It is stopped after the last of them, for it is busy while it waits, too.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import ConsoleMessage, Error, Page, StorageState, expect

from tests.browser import NewContext
from tests.journeys.people import NewPage, sign_in
from tests.journeys.program import Json, Program, audit, offer
from tests.journeys.stack import Stack
from tests.sandbox_process import SandboxProcess

# Short enough to see every deadline pass, long enough for a person on a busy machine.
QUICK = {
    "PAY_WITHIN_SECONDS": "60",
    "DELIVER_WITHIN_SECONDS": "60",
    "INSPECT_WITHIN_SECONDS": "60",
    "COOLING_OFF_SECONDS": "2",
    "NEW_SELLER_COOLING_OFF_SECONDS": "2",
    "ANSWER_WITHIN_SECONDS": "40",
    "APPEAL_WITHIN_SECONDS": "15",
    "READING_INTERVAL_SECONDS": "1",
    "WATCH_INTERVAL_SECONDS": "1",
    "SWEEP_INTERVAL_SECONDS": "1",
    "SANDBOX_FEE_SECONDS": "1",
    "SANDBOX_AVAILABLE_SECONDS": "2",
    "SANDBOX_PAYOUT_SECONDS": "1",
    "SANDBOX_REFUND_SECONDS": "1",
}
# A busy machine is slow; what is broken stays broken.
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)
# What Chromium says of itself: of pages that answer with an error, which some journeys provoke,
# and of an animation between two pages that it gave up.
EXPECTED = (
    "Failed to load resource: the server responded with a status of 4",
    "Transition was ",
)


@pytest.fixture(scope="package")
def stack() -> Iterator[Stack]:
    """Database, broker, web, worker, scheduler and sandbox, with the demo data.

    After all trades of a run, every invariant of the ledger holds.
    """
    found = Stack(**QUICK)
    try:
        found.start()
        yield found
        audit(found)
    finally:
        found.remove()


@pytest.fixture(scope="package")
def base_url(stack: Stack) -> str:
    return stack.base_url


@pytest.fixture(scope="package")
def sandbox(stack: Stack) -> SandboxProcess:
    """The control page of the stack's own sandbox."""
    return stack.sandbox


@pytest.fixture(scope="package")
def buyer(stack: Stack) -> Program:
    return Program(stack, "buyer@example.com")


@pytest.fixture(scope="package")
def seller(stack: Stack) -> Program:
    return Program(stack, "seller@example.com")


@pytest.fixture(scope="package")
def seller2(stack: Stack) -> Program:
    return Program(stack, "seller2@example.com")


@pytest.fixture(scope="package")
def left_alone(stack: Stack, buyer: Program, seller: Program) -> dict[str, Json]:
    """An order that nobody pays, one that nobody delivers, one that nobody inspects."""
    rental = offer(stack, "Startup credit for GPU rental")
    abandoned = buyer.buy(rental, 2000)
    undelivered = buyer.buy_and_pay(offer(stack, "Last $80 of GPU credit"), 1000)
    silent = buyer.buy_and_pay(offer(stack, "Balance for GPU hours"), 1000)
    seller.step(silent, "transfer", {"note": "Sent"})
    return {
        "abandoned": abandoned,
        "undelivered": undelivered,
        "silent": silent,
        "left before": rental["available_cents"],
    }


@pytest.fixture(scope="package")
def cookies() -> dict[str, StorageState]:
    """Of the demo people who have signed in: once is enough for all journeys."""
    return {}


@pytest.fixture
def new_page(new_context: NewContext, cookies: dict[str, StorageState]) -> Iterator[NewPage]:
    """Another person's browser; afterwards none of their pages may have complained."""
    complaints: list[str] = []

    def listen(message: ConsoleMessage | Error) -> None:
        bad = isinstance(message, Error) or message.type in ("error", "warning")
        text = message.message if isinstance(message, Error) else message.text
        if bad and not text.startswith(EXPECTED):
            complaints.append(text)

    def make(email: str = "", **options: object) -> Page:
        page = new_context(storage_state=cookies.get(email), **options).new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", listen)
        page.on("pageerror", listen)
        if email and email not in cookies:
            cookies[email] = sign_in(page, email).context.storage_state()
        return page

    yield make
    assert complaints == []
