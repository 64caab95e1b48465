"""The environment of a test run; pytest loads it (`-p`) before Django reads its settings.

One throwaway PostgreSQL and Valkey per run, started by the first process and used by the xdist
workers. Each worker has its own directory, ports, cache and broker number, so that nothing leaks,
and a copy of one database that is migrated once, see `tests.tables`.
A DATABASE_URL that is already set is used instead of the embedded server.
"""

import fcntl
import os
import random
import re
import shutil
import socket
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from marketplace import memory
from marketplace.local import embedded, environment
from marketplace.local.servers import Server
from tests import tables
from tests.tables import HOME

PREFIX = "surplus-test-"
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")

_servers: list[Server] = []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _sweep(parent: Path) -> None:
    """Remove what killed runs left: nobody holds their lock any more."""
    for old in parent.glob(f"{PREFIX}*"):
        try:
            if time.time() - old.stat().st_mtime > 60:
                with open(old / "lock", "a") as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(old, ignore_errors=True)
        except OSError:
            continue


def _set_environment() -> None:
    home = Path(os.environ[HOME])
    number = int(re.sub(r"\D", "", WORKER) or 0)
    data_dir = home / WORKER if WORKER else home
    ports = {"PORT": str(free_port()), "SANDBOX_PORT": str(free_port())}
    values = environment.defaults(data_dir, port=ports["PORT"], sandbox_port=ports["SANDBOX_PORT"])
    broker = environment.valkey_socket(home)
    values |= ports | {
        "DATA_DIR": str(data_dir),
        "DATABASE_URL": os.environ.get("DATABASE_URL") or environment.database_url(home),
        "CELERY_BROKER_URL": f"redis+socket://{broker}?virtual_host={2 * number}",
        "CACHE_URL": f"unix://{broker}?db={2 * number + 1}",
        # live_server listens where the settings, and so every mail and webhook, say it does.
        "DJANGO_LIVE_TEST_SERVER_ADDRESS": f"127.0.0.1:{ports['PORT']}",
        # Playwright's loop runs in the test's thread; Django would refuse to work there.
        "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
    }
    os.environ.update(values)


if HOME not in os.environ:
    os.environ[HOME] = tempfile.mkdtemp(prefix=PREFIX)
    # At once, or the sweep of another run takes this one for dead; held until the process ends.
    _lock = open(f"{os.environ[HOME]}/lock", "w")  # noqa: SIM115
    fcntl.flock(_lock, fcntl.LOCK_EX)
    # Sets have another order in every run, but the same one in all workers of a run (but for a set
    # out of bytecode, which keeps the order of the process that wrote it: parametrize over a list).
    os.environ.setdefault("PYTHONHASHSEED", str(random.randrange(2**32)))
_set_environment()


class ByFile(LoadScopeScheduling):
    """A file stays in one process; all journeys do, and all that break one of the real processes.

    Each of these two has one set of processes that its tests share.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        together = ("tests/journeys/breakdowns/", "tests/journeys/")
        return next((folder for folder in together if file.startswith(folder)), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Before the xdist workers come: the servers."""
    home = Path(os.environ[HOME])
    if WORKER:
        return
    _sweep(home.parent)
    for server in embedded.servers(home, durable=False):
        _servers.append(server)
        server.start()
    if session.config.getoption("numprocesses", None):
        tables.migrate()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """All tests are imported."""
    memory.settle()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    if WORKER:
        return
    for server in reversed(_servers):
        server.stop()
    shutil.rmtree(os.environ[HOME], ignore_errors=True)
