"""The processes that `make run` keeps alive, beside the database and the broker."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field

from marketplace.local import processes

# A part that lived this long was well; its next failure counts as the first again.
SETTLED_SECONDS = 20


@dataclass
class Part:
    """One process group under a label; restarted when it ends by itself."""

    name: str
    command: list[str]
    env: dict[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    failures: int = 0

    def start(self, env: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            self.command,
            env=env | self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # Its own group: a Ctrl-C reaches the supervisor alone, which stops in order.
            start_new_session=True,
            preexec_fn=processes.child_setup(signal.SIGTERM),
        )
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)
        self.started_at = time.monotonic()

    def ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def count_failure(self) -> float:
        """Note that it ended by itself; return the seconds to wait before the next start."""
        settled = time.monotonic() - self.started_at > SETTLED_SECONDS
        self.failures = 1 if settled else self.failures + 1
        return min(0.25 * 2**self.failures, 15.0)

    def signal(self, sig: signal.Signals) -> None:
        """Signal the process itself; with SIGKILL, the whole group."""
        if self.process is None:
            return
        try:
            if sig == signal.SIGKILL:
                os.killpg(self.process.pid, sig)
            elif self.process.poll() is None:
                self.process.send_signal(sig)
        except (ProcessLookupError, PermissionError):
            pass


def how_it_ended(code: int) -> str:
    if code >= 0:
        return f"ended with status {code}"
    return f"was killed by {signal.Signals(-code).name}"


def setup() -> Part:
    return Part("setup", [sys.executable, "-m", "marketplace.local.prepare"])


def sandbox() -> Part:
    # A setting meant for the site would make the sandbox load the site.
    env = {"DJANGO_SETTINGS_MODULE": "sandbox.settings"}
    return Part("sandbox", [sys.executable, "-m", "sandbox"], env=env)


def web(*, port: int) -> Part:
    return Part(
        "web",
        [
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"),
            *("--host", "127.0.0.1", "--port", str(port)),
            *("--workers", "2", "--blocking-threads", "4"),
            *("--respawn-failed-workers", "--workers-kill-timeout", "5"),
            "marketplace.wsgi:application",
        ],
    )


def background() -> list[Part]:
    """Worker and scheduler."""
    # Root is warned of itself at every start; whoever runs a local copy as root knows.
    quiet = ("-W", "ignore:You're running the worker with superuser privileges")
    celery = [sys.executable, *quiet, "-m", "celery", "--quiet", "-A", "marketplace"]
    work = ("worker", "--concurrency", "2", "--loglevel", "WARNING")
    return [
        Part("worker", [*celery, *work, "--without-gossip", "--without-mingle"]),
        Part("scheduler", [*celery, "beat", "--loglevel", "WARNING", "--pidfile", ""]),
    ]
