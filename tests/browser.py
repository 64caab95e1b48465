"""Real Chromium for the journeys; its absence is a failure, never a skip."""

import os
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.db import connections
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from marketplace.local import chromium, environment

SHOTS = environment.ROOT / "test-results"
_FAILED = pytest.StashKey[bool]()
NewContext = Callable[..., BrowserContext]


# Contrast takes most of the time, and of texts that look the same one is enough: the first that is
# seen of each colour and size, on the same grounds.
FIRST_OF_EACH_LOOK = """() => {
    const looks = new Map(), seen = new Set();
    const look = (one) => {
        if (!looks.has(one)) {
            const style = getComputedStyle(one);
            const own = ["color", "backgroundColor", "backgroundImage", "fontSize", "fontWeight",
                "opacity", "position"].map((name) => style[name]).join();
            looks.set(one, one.parentElement ? look(one.parentElement) + own : own);
        }
        return looks.get(one);
    };
    const written = (one) => "value" in one ||
        [...one.childNodes].some((part) => part.nodeType === Node.TEXT_NODE && part.data.trim());
    for (const one of document.querySelectorAll("body *")) {
        one.removeAttribute("data-axe-look");
        if (!written(one) || !one.checkVisibility({ visibilityProperty: true })) continue;
        const off = one.closest(":disabled, [aria-disabled=true]") ? "off" : "";
        if (seen.has(look(one) + off)) continue;
        seen.add(look(one) + off);
        one.setAttribute("data-axe-look", "");
    }
}"""
ONE_OF_EACH = "axe.configure({ rules: [{ id: 'color-contrast', selector: '[data-axe-look]' }] })"


def violations(page: Page) -> list[dict[str, Any]]:
    """What axe finds; to list all that is well as well would take longer than to check it."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
        page.evaluate(ONE_OF_EACH)
    page.evaluate(FIRST_OF_EACH_LOOK)
    found = page.evaluate("axe.run({ resultTypes: ['violations'] }).then((all) => all.violations)")
    return list(found)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    if path is None:
        pytest.fail(chromium.NEEDED, pytrace=False)
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        found = playwright.chromium.launch(executable_path=path, args=arguments)
        yield found
        # While Playwright's loop runs, Django takes this thread for another: with its own session.
        connections.close_all()
        found.close()


@pytest.fixture
def new_context(
    browser: Browser, base_url: str, request: pytest.FixtureRequest
) -> Iterator[NewContext]:
    """Browsers of any number of people, each without cookies; a failed test leaves pictures."""
    contexts: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        usual = {"base_url": base_url, "locale": "en-GB", "timezone_id": "UTC"}
        found = browser.new_context(**(usual | options))
        found.set_default_timeout(10_000)
        contexts.append(found)
        return found

    yield make
    if request.node.stash.get(_FAILED, False):
        SHOTS.mkdir(exist_ok=True)
        pages = [page for context in contexts for page in context.pages]
        for number, page in enumerate(pages):
            name = request.node.name.replace("/", "-")
            page.screenshot(path=SHOTS / f"{name}-{number}.png", full_page=True)
    for context in contexts:
        context.close()


@pytest.fixture
def context(new_context: NewContext) -> BrowserContext:
    """A person's browser."""
    return new_context()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    try:
        report = yield
    except SystemError:
        # Python 3.11 cannot parse source from within Playwright's greenlets, at times: without it.
        item.config.option.tbstyle = "native"
        report = pytest.TestReport.from_item_and_call(item, call)
    if report.when == "call" and report.failed:
        item.stash[_FAILED] = True
    return report
