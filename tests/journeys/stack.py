"""`make run` as a test sees it: the real processes, on free ports, with data of their own."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from marketplace.local import environment, probe, processes
from tests.sandbox_process import SandboxProcess
from tests.surroundings import free_port

START_SECONDS = 400
CLOSING = "Ctrl-C stops everything."
# How to know each part's process among the supervisor's children.
PARTS = {
    "database": "postgres",
    "broker": "valkey",
    "sandbox": "-m sandbox",
    "web": "granian",
    "worker": "marketplace worker",
    "scheduler": "marketplace beat",
}
T = TypeVar("T")


def wait_until(condition: Callable[[], T], *, seconds: float = 30, what: str = "") -> T:
    """Ask again and again until the answer is true; return it."""
    deadline = time.monotonic() + seconds
    while True:
        if found := condition():
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"Still not after {seconds:.0f} s: {what or condition}")
        time.sleep(0.1)


class Stack:
    """All processes of Surplus, run by the supervisor that `make run` runs."""

    def __init__(self, **settings: str) -> None:
        # Short: it holds unix sockets.
        self.home = Path(tempfile.mkdtemp(prefix="surplus-stack-"))
        self.port, self.sandbox_port = free_port(), free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.sandbox_url = f"http://127.0.0.1:{self.sandbox_port}"
        # Only its `control`: the process is the supervisor's.
        self.sandbox = SandboxProcess(self.sandbox_url, self.home / "sandbox.log")
        self.log_path = self.home / "run.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.env = self._environment(settings)
        self.command = ["-m", "marketplace.local"]

    def _environment(self, settings: dict[str, str]) -> dict[str, str]:
        """The environment of this process without what was set for the other tests."""
        ports = {"port": str(self.port), "sandbox_port": str(self.sandbox_port)}
        set_for_tests = {*environment.defaults(self.home, **ports), "DJANGO_SETTINGS_MODULE"}
        env = {name: value for name, value in os.environ.items() if name not in set_for_tests}
        env |= {"PORT": str(self.port), "SANDBOX_PORT": str(self.sandbox_port)}
        return env | {"DATA_DIR": str(self.home), "THROTTLE_SCALE": "0"} | settings

    def start(self) -> None:
        """Start it as `make run` does, and wait for its closing box."""
        before = self.log().count(CLOSING) if self.log_path.exists() else 0
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *self.command],
                cwd=environment.ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=processes.child_setup(signal.SIGTERM),
            )
        wait_until(lambda: self._closed(before), seconds=START_SECONDS, what="the site is ready")

    def _closed(self, before: int) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"make run ended:\n{self.log()[-5000:]}")
        return self.log().count(CLOSING) > before

    def ready(self) -> bool:
        return probe.get(self.base_url, "/readyz")[0] == 200

    def stop(self) -> int:
        """Stop it as Ctrl-C does; return the supervisor's exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(60)
        self.process = None
        return status

    def remove(self) -> None:
        """Stop it, if it runs, and remove its data."""
        if self.process is not None:
            self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def log(self) -> str:
        return self.log_path.read_text("utf-8", "replace")

    def pid(self, part: str) -> int | None:
        """The main process of `part` (see PARTS), None while it is down."""
        assert self.process is not None
        for child in _children(self.process.pid):
            if PARTS[part] in processes.command_line(child):
                return child
        return None

    def kill(self, part: str) -> None:
        """kill -9 the main process of `part`; the supervisor brings it back."""
        pid = self.pid(part)
        assert pid is not None, f"{part} does not run"
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: self.pid(part) not in (pid, None), what=f"{part} is back")

    def manage(self, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run `manage.py` against this stack's database."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=environment.ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=300,
        )
        if check and done.returncode != 0:
            raise AssertionError(
                f"manage.py {arguments}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
            )
        return done


def _children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(stat.parent.name))
    return found
