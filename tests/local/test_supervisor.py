"""The supervisor with stand-ins for the site: the journeys run it with the real parts."""

import os
import pty
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from marketplace.local import checks, environment, processes
from tests.journeys.stack import Stack, wait_until
from tests.surroundings import free_port

# A web process with a child that ignores TERM, as a hanging one would.
DRIVER = """
import sys
from marketplace.local import parts, supervisor
from marketplace.local.parts import Part

WEB = '''
import http.server, os, subprocess, sys
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *arguments):
        pass
subprocess.Popen([sys.executable, "-c", STUBBORN])
print("serving", flush=True)
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
'''
SLEEP = [sys.executable, "-c", "import time; time.sleep(600)", "-m sandbox"]
parts.setup = lambda: Part("setup", [sys.executable, "-c", SETUP])
parts.sandbox = lambda: Part("sandbox", SLEEP)
parts.web = lambda port: Part("web", [sys.executable, "-c", WEB, "granian"])
parts.background = lambda: [*MORE]
sys.exit(supervisor.main())
"""


class StandIn(Stack):
    """A stack whose parts are the stand-ins of DRIVER."""

    def __init__(self, *, setup: str = "print('ready')", more: str = "") -> None:
        super().__init__()
        self.command = ["-c", f"SETUP = {setup!r}\n{DRIVER.replace('*MORE', more)}"]

    def run(self, **settings: str) -> "subprocess.CompletedProcess[str]":
        """Run it where it should refuse to start."""
        return subprocess.run(
            [sys.executable, *self.command],
            cwd=environment.ROOT,
            env=self.env | settings,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def traces(self) -> list[object]:
        """Processes and sockets that are left of it."""
        sockets = environment.socket_dir(self.home)
        return [*processes.marked(f"SURPLUS_RUN={self.home}"), *sockets.iterdir()]


@pytest.fixture
def stack() -> Iterator[StandIn]:
    found = StandIn()
    yield found
    found.remove()


def test_starts_names_everything_and_stops_without_a_trace(stack: StandIn) -> None:
    stack.start()
    log = stack.log()
    for line in (f"{stack.base_url}/api/v1/docs/", "moderator2@example.com", "surplus-demo"):
        assert line in log
    assert "setup     | ready" in log
    assert "web       | serving" in log
    assert "\033[" not in log
    assert (stack.home / "log" / "web.log").read_text() == "serving\n"
    assert stack.traces() != []
    assert stack.stop() == 0
    assert stack.traces() == []


def test_term_stops_it_too_and_the_next_start_works(stack: StandIn) -> None:
    for _ in range(2):
        stack.start()
        assert stack.process is not None
        stack.process.terminate()
        assert stack.process.wait(30) == 0
        stack.process = None
        assert stack.traces() == []


def test_after_a_killed_supervisor_the_next_start_works(stack: StandIn) -> None:
    stack.start()
    assert stack.process is not None
    stack.process.kill()
    stack.process.wait()
    stack.start()
    assert stack.stop() == 0
    assert stack.traces() == []


@pytest.mark.parametrize("part", ["web", "sandbox", "database", "broker"])
def test_a_killed_part_is_named_and_comes_back(stack: StandIn, part: str) -> None:
    stack.start()
    stack.kill(part)
    assert f"{part} " in stack.log().split("Ctrl-C", 1)[1]
    assert "starting it again" in stack.log()
    assert stack.stop() == 0
    assert stack.traces() == []


def test_a_part_that_cannot_live_ends_it_all(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = "import marketplace.local.supervisor as s; s.MOST_FAILURES = 1"
    stack = StandIn(more="Part('worker', [sys.executable, '-c', 'print(1); exit(3)'])")
    stack.command[1] = f"{quick}\n{stack.command[1]}"
    done = stack.run()
    stack.remove()
    assert done.returncode == 1
    assert "worker ended with status 3 2 times in a row. Stopping." in done.stdout


def test_a_failing_preparation_ends_it_all() -> None:
    stack = StandIn(setup="raise SystemExit('the migration is wrong')")
    done = stack.run()
    assert done.returncode == 1
    assert "setup     | the migration is wrong" in done.stdout
    assert "The database could not be prepared; the lines above say why." in done.stdout
    assert stack.traces() == []
    stack.remove()


def test_refusals_are_one_sentence(stack: StandIn) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = str(busy.getsockname()[1])
        refusals = {
            f"Port {port} is in use: stop what uses it, or set PORT to another port.": {
                "PORT": port
            },
            "PORT and SANDBOX_PORT must differ.": {"PORT": "8123", "SANDBOX_PORT": "8123"},
            "PORT must be a port number from 1 to 65535, not 'http'.": {"PORT": "http"},
            "Cannot write to /proc/surplus": {"DATA_DIR": "/proc/surplus"},
        }
        for sentence, settings in refusals.items():
            done = stack.run(**settings)
            assert done.returncode == 1
            assert done.stderr.startswith(sentence)
            assert done.stderr.count("\n") == 1


def test_a_second_copy_from_the_same_data_is_refused(stack: StandIn) -> None:
    stack.start()
    done = stack.run(PORT=str(free_port()), SANDBOX_PORT=str(free_port()))
    assert done.returncode == 1
    assert done.stderr.startswith(f"Surplus already runs from {stack.home} (process ")


def test_no_disk_is_one_sentence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "ENOUGH_DISK_BYTES", 10**18)
    with pytest.raises(checks.Refused, match=r"MB are free in .*: make room"):
        checks.enough_disk(home)


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_a_terminal_gets_colours_unless_it_asks_for_none(no_color: str, coloured: bool) -> None:
    code = (
        "from pathlib import Path; from marketplace.local.console import Console; "
        "import tempfile; Console(Path(tempfile.mkdtemp())).line('web', 'hello')"
    )
    ours, theirs = pty.openpty()
    env = os.environ | {"NO_COLOR": no_color}
    subprocess.run([sys.executable, "-c", code], stdout=theirs, env=env, cwd=environment.ROOT)
    os.close(theirs)
    assert (b"\033[" in os.read(ours, 1000)) is coloured
    os.close(ours)


def test_a_reader_that_goes_away_does_not_matter(stack: StandIn) -> None:
    """`make run | head`: the supervisor goes on, and stops in order."""
    read, write = os.pipe()
    with subprocess.Popen(
        [sys.executable, *stack.command], cwd=environment.ROOT, env=stack.env, stdout=write
    ) as process:
        os.close(write)
        os.close(read)
        log = stack.home / "log" / "web.log"
        wait_until(lambda: log.exists() and log.read_text(), what="the site runs")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert stack.traces() == []
