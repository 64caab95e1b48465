"""Fixtures for every test; `tests.surroundings` has set the environment before."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.cache import cache
from django.core.servers.basehttp import WSGIRequestHandler
from django.db import connection

from accounts import pace
from accounts.kept import forget_all
from marketplace.local.environment import ROOT
from simulator import audit
from tests.sandbox_process import SandboxProcess
from tests.tables import template

APPS = {"accounts", "payments", "providers", "listings", "orders"}
# Whose tests take long.
FIRST = {"journeys": 0, "simulator": 1, "attacks": 2, "console": 3, "local": 4}
# What stops the real processes, which would have to start again for others.
LAST = "test_running.py"
pytest_plugins = ("tests.browser", "tests.books", "tests.cast", "tests.emptying")


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxProcess]:
    """The outside world: one sandbox per test process, which the settings point at."""
    log = Path(os.environ["DATA_DIR"]) / "sandbox.log"
    found = SandboxProcess(os.environ["SANDBOX_URL"], log)
    found.start()
    found.forget()
    yield found
    found.stop()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """A copy of the migrated database is made in a moment; migrating takes six seconds."""
    if name := template():
        connection.settings_dict["TEST"]["TEMPLATE"] = name


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """With the question that so many tests end with, see `simulator.audit`."""
    with django_db_blocker.unblock():
        audit.install()
    yield
    # A plugin, which nobody may import before pytest does.
    from tests import emptying

    emptying.close()


@pytest.fixture(autouse=True, scope="session")
def _quick_hashes() -> None:
    """A password costs a third of a second by design; here it is hashed as often, but quickly."""
    PBKDF2PasswordHasher.iterations = 1000


@pytest.fixture(autouse=True, scope="session")
def _quick_answers() -> None:
    """About accounts: a test of the beat sets it itself. And of live servers: else the body waits
    40 ms for the head to be acknowledged."""
    pace.STEP_SECONDS = 0.001
    WSGIRequestHandler.disable_nagle_algorithm = True


@pytest.fixture(autouse=True)
def fresh_memory() -> None:
    """What the last test was shown, this one is not."""
    forget_all()


@pytest.fixture(autouse=True)
def _nothing_counted() -> None:
    """What one test has counted or kept must not stop the next."""
    cache.clear()


@pytest.fixture(scope="session")
def base_url() -> str:
    """Where the site answers; journeys replace it with that of their own processes."""
    return os.environ["BASE_URL"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first, or one process would work on alone at the end.

    The apps' own tests are the core: they run on the oldest supported PostgreSQL too.
    """
    folders = {item: item.path.relative_to(ROOT).parts[1] for item in items}
    items.sort(key=lambda item: (FIRST.get(folders[item], len(FIRST)), item.path.name == LAST))
    for item, folder in folders.items():
        if folder in APPS:
            item.add_marker("core")
