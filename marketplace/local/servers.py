"""What the embedded servers share: one owner each, adoption by everybody else.

The owner holds a lock on `<home>/owner.lock` for as long as it lives. Whoever gets the lock
starts the server; whoever does not waits for the owner's server to answer and uses that.
"""

import fcntl
import os
import pwd
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import IO, Self

from marketplace.local import processes

START_SECONDS = 30
STOP_SECONDS = 20
# How long a server that ends at once is tried again.
RETRY_SECONDS = 8


class ServerFailed(SystemExit):
    """The server cannot be started; the message says why in one sentence."""


class Server(ABC):
    """One embedded server, living in `home`."""

    name: str  # the part it plays: its label in the log
    stop_signal: signal.Signals = signal.SIGTERM

    def __init__(self, home: Path) -> None:
        self.home = home
        self.process: subprocess.Popen[bytes] | None = None
        self._lock: IO[str] | None = None

    # What each server says of itself.

    @abstractmethod
    def prepare(self) -> None:
        """Make directories and whatever the first start needs; called by the owner only."""

    @abstractmethod
    def command(self) -> list[str]:
        """The server's program and its arguments."""

    def popen(self, log: IO[bytes]) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            self.command(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
            preexec_fn=processes.child_setup(self.stop_signal, user=self.user),
        )

    @abstractmethod
    def answers(self) -> bool:
        """True when a real connection gets a real answer; a process id would not prove it."""

    @abstractmethod
    def pid(self) -> int | None:
        """The living process that serves `home`, whoever started it."""

    @abstractmethod
    def clear_stale_locks(self) -> None:
        """Remove what a killed server left in its own way."""

    # The life of it.

    @property
    def user(self) -> pwd.struct_passwd | None:
        """Whom the server runs as, when not as ourselves."""
        return None

    @property
    def log_path(self) -> Path:
        return self.home.parent / "log" / f"{self.name}.log"

    def running(self) -> bool:
        """A quick look at whether it still runs; see `answers` for proof."""
        if self.process is not None:
            return self.process.poll() is None
        return self.answers()

    def start(self) -> Self:
        """Have the server running: start it, or adopt the one that another process owns."""
        deadline = time.monotonic() + START_SECONDS
        for directory in (self.home, self.log_path.parent):
            directory.mkdir(parents=True, exist_ok=True)
        while True:
            if self._own():
                self._end_orphan(deadline)
                self.prepare()
                self._launch(deadline)
                return self
            if self.answers():
                return self
            if time.monotonic() > deadline:
                raise ServerFailed(
                    f"Another process holds {self.home}, but its {self.name} does not answer."
                )
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop the server if this process started it; leave an adopted one alone."""
        if self.process is not None:
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def _own(self) -> bool:
        if self._lock is not None:
            return True
        lock = open(self.home / "owner.lock", "w")  # noqa: SIM115 (held while the server lives)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._lock = lock
        return True

    def _end_orphan(self, deadline: float) -> None:
        """End a server whose owner was killed: it is stopping anyway, or soon would be."""
        while (pid := self.pid()) is not None:
            if time.monotonic() > deadline:
                raise ServerFailed(f"The {self.name} left behind in {self.home} does not stop.")
            try:
                os.kill(pid, self.stop_signal)
            except ProcessLookupError:
                return
            time.sleep(0.1)

    def _launch(self, deadline: float) -> None:
        while True:
            self.clear_stale_locks()
            with open(self.log_path, "ab") as log:
                self.process = self.popen(log)
            while self.process.poll() is None:
                if self.answers():
                    return
                if time.monotonic() > deadline:
                    self.stop()
                    raise ServerFailed(f"{self._failure()} (no answer in {START_SECONDS} s)")
                time.sleep(0.03)
            # Processes of a server killed a moment ago may still hold its memory: once more.
            if time.monotonic() > deadline - START_SECONDS + RETRY_SECONDS:
                self.process = None
                self.stop()
                raise ServerFailed(self._failure())
            time.sleep(0.3)

    def _failure(self) -> str:
        lines = self.log_path.read_text("utf-8", "replace").strip().splitlines()
        last = next((line for line in reversed(lines) if "FATAL" in line), lines[-1:] or ["?"])
        detail = last if isinstance(last, str) else last[0]
        return f"{self.name} does not start; {self.log_path} ends: {detail}"
