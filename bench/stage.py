"""Where it is measured: a durable database, a broker and web servers in a folder of their own."""

import io
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.cpu import Tree
from marketplace.local import embedded, environment, parts, probe, processes

# What could lead anywhere but to the folder of this run.
ELSEWHERE = ("DATABASE_REPLICA_URL", "SENTRY_DSN", "DJANGO_SETTINGS_MODULE")
# No page but the console's uses them, and to compress them takes long.
CONSOLE_FILES = ["admin", "drf_spectacular_sidecar", "rest_framework", "unfold"]
FLOOR_SETTINGS, OPEN_SETTINGS = "bench.floor_settings", "bench.open_settings"
STOPPING_SETTINGS = "bench.stopping_settings"
START_SECONDS = 60


@dataclass(frozen=True)
class Web:
    """A running web server: where it answers, and the processor time of it and its workers."""

    port: int
    cpu: Tree


@dataclass(frozen=True)
class Stage:
    """Everything that runs."""

    home: Path
    product: Web
    floor: Web
    database: Tree


def free_port() -> int:
    with socket.socket() as probing:
        probing.bind(("127.0.0.1", 0))
        return int(probing.getsockname()[1])


def set_environment(home: Path) -> None:
    """Production settings, with all state in `home`, whatever the caller's environment says."""
    for name in ELSEWHERE:
        os.environ.pop(name, None)
    ports = {"PORT": str(free_port()), "SANDBOX_PORT": str(free_port())}
    values = environment.defaults(home, port=ports["PORT"], sandbox_port=ports["SANDBOX_PORT"])
    os.environ.update(
        values
        | ports
        | {
            "DATA_DIR": str(home),
            "DEBUG": "false",
            # One address asks for everything, and each buyer buys more than people do.
            "THROTTLE_SCALE": "1000000",
            "MAX_OPEN_ORDERS_PER_BUYER": "1000000",
        }
    )
    os.environ["DJANGO_SETTINGS_MODULE"] = "marketplace.settings"


@contextmanager
def servers(*, console: bool = False) -> Iterator[tuple[Path, Tree]]:
    """Database and broker with tables and the catalogue; Django is ready to use in this process."""
    home = Path(tempfile.mkdtemp(prefix="surplus-bench-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        set_environment(home)
        started = embedded.servers(home)
        for server in started:
            stack.callback(server.stop)
            server.start()
        database = started[0].pid()
        assert database is not None
        _prepare(() if console else CONSOLE_FILES)
        yield home, Tree(database)


def _prepare(unused: Sequence[str]) -> None:
    """Django in this process, tables, the catalogue, and the files that pages link to."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    call_command("load_catalogue", stdout=io.StringIO())
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=list(unused))


@contextmanager
def web(home: Path, settings: str, *, port: int) -> Iterator[Web]:
    """The web server exactly as `make run` starts it, with these settings."""
    command = parts.web(port=port).command
    with open(home / "log" / f"{settings}.log", "wb") as log:
        process = subprocess.Popen(
            command,
            env=os.environ | {"DJANGO_SETTINGS_MODULE": settings, "PORT": str(port)},
            cwd=environment.ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=processes.child_setup(signal.SIGTERM),
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}", process, Path(log.name))
        yield Web(port, Tree(process.pid))
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while probe.get(url, "/healthz")[0] != 200:
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"A web server does not start: {log.read_text()[-2000:]}")
        time.sleep(0.1)


@contextmanager
def both(home: Path, database: Tree) -> Iterator[Stage]:
    """The site, and the bare site it is compared with, beside each other."""
    with (
        web(home, "marketplace.settings", port=int(os.environ["PORT"])) as product,
        web(home, FLOOR_SETTINGS, port=free_port()) as floor,
    ):
        yield Stage(home, product, floor, database)
