"""What must hold before anything starts; each refusal is one sentence saying what to do."""

import fcntl
import os
import shutil
import signal
import socket
import tempfile
import time
from pathlib import Path
from typing import IO

from marketplace.local import processes

ENOUGH_DISK_BYTES = 300_000_000


class Refused(SystemExit):
    """`make run` cannot start here; the message says why and what to do."""


def writable(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        raise Refused(
            f"Cannot write to {home} ({error.strerror}): set DATA_DIR to a directory of yours."
        ) from None


def enough_disk(home: Path) -> None:
    free = shutil.disk_usage(home).free
    if free < ENOUGH_DISK_BYTES:
        raise Refused(
            f"Only {free // 1_000_000} MB are free in {home} and Surplus needs "
            f"{ENOUGH_DISK_BYTES // 1_000_000}: make room, or set DATA_DIR to another disk."
        )


def only_one(home: Path) -> IO[str]:
    """The lock of this data directory; hold it while running."""
    lock = open(home / "supervisor.lock", "a+")  # noqa: SIM115 (held by the caller)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        raise Refused(
            f"Surplus already runs from {home} (process {lock.read().strip() or 'unknown'}): stop "
            "it first, or set PORT, SANDBOX_PORT and DATA_DIR to run a second copy."
        ) from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def port_number(name: str) -> int:
    value = os.environ[name]
    if not value.isdecimal() or not 1 <= int(value) <= 65535:
        raise Refused(f"{name} must be a port number from 1 to 65535, not {value!r}.")
    return int(value)


def ports_free(ports: dict[str, int]) -> None:
    """Every port can be bound. The web server shares a busy port silently, so this must look."""
    if len(set(ports.values())) < len(ports):
        raise Refused(f"{' and '.join(ports)} must differ.")
    for name, port in ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                probe.listen()
            except PermissionError:
                raise Refused(
                    f"Port {port} needs root: set {name} to a port from 1024 up."
                ) from None
            except OSError:
                raise Refused(
                    f"Port {port} is in use: stop what uses it, or set {name} to another port."
                ) from None


def end_leftovers(marker: str, *, seconds: float = 5) -> list[int]:
    """Kill what a supervisor that was itself killed left running; return the processes."""
    found = processes.marked(marker)
    deadline = time.monotonic() + seconds
    left = found
    while left and time.monotonic() < deadline:
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.05)
        left = processes.marked(marker)
    return found
