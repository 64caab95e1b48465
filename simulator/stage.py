"""Where it is played: a database whose clock is ours, and a sandbox whose clock stands still.

The product's own SQL asks for `statement_timestamp()` and `now()`. In this database a schema that
is searched before PostgreSQL's own holds functions of these names, so that time passes when the
simulation says so: for column defaults, conditions and deadlines alike. Between two moves each
statement that asks comes ten microseconds after the last, so that no two moments are the same,
and they are the same ones however fast the machine is.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg import sql

from marketplace import memory
from marketplace.local import embedded, environment, probe, processes

START_SECONDS = 60
# As in production; and the sandbox takes as long as Stripe does.
CLOCKS = {
    "PAY_WITHIN_SECONDS": "7200",
    "DELIVER_WITHIN_SECONDS": "259200",
    "INSPECT_WITHIN_SECONDS": "259200",
    "COOLING_OFF_SECONDS": "86400",
    "PARTS_FROM_CENTS": "1000",
    "SANDBOX_CLOCK": "still",
    "SANDBOX_FEE_SECONDS": "30",
    "SANDBOX_AVAILABLE_SECONDS": "172800",
    "SANDBOX_PAYOUT_SECONDS": "86400",
    "SANDBOX_REFUND_SECONDS": "86400",
}
# What could lead anywhere but to the folder of this run.
ELSEWHERE = ("DATABASE_REPLICA_URL", "SENTRY_DSN", "DJANGO_SETTINGS_MODULE")
CLOCK_SQL = """
CREATE SEQUENCE public.simulated_ticks;
CREATE FUNCTION public.statement_timestamp() RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
DECLARE
    really text := pg_catalog.statement_timestamp()::text;
BEGIN
    -- A sequence, for it does not go back with a transaction; where only is read, time stands.
    IF current_setting('simulated.asked') <> really
            AND current_setting('transaction_read_only') = 'off' THEN
        PERFORM set_config('simulated.asked', really, false),
            set_config('simulated.tick', nextval('public.simulated_ticks')::text, false);
    END IF;
    RETURN current_setting('simulated.now')::timestamptz
        + current_setting('simulated.tick')::int * interval '10 microseconds';
END
$$;
CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT public.statement_timestamp()
$$;
"""
# Where tables are there already, the defaults of columns still call PostgreSQL's own functions.
DEFAULTS_SQL = """
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT adrelid::regclass AS of_table, attname, pg_get_expr(adbin, adrelid) AS expression
        FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
        WHERE attgenerated = '' AND pg_get_expr(adbin, adrelid) LIKE '%pg_catalog.%'
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER %I SET DEFAULT %s', found.of_table, found.attname,
            replace(found.expression, 'pg_catalog.', ''));
    END LOOP;
END
$$;
"""


def free_port() -> int:
    with socket.socket() as probing:
        probing.bind(("127.0.0.1", 0))
        return int(probing.getsockname()[1])


@contextmanager
def database_server() -> Iterator[str]:
    """The address of a PostgreSQL: the one of DATABASE_URL, or an embedded one for this run."""
    if given := os.environ.get("DATABASE_URL"):
        yield given
        return
    home = Path(tempfile.mkdtemp(prefix="surplus-simulator-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        os.environ["DATABASE_URL"] = environment.database_url(home)
        stack.callback(os.environ.pop, "DATABASE_URL", None)
        for server in embedded.servers(home, durable=False):
            stack.callback(server.stop)
            server.start()
        yield environment.database_url(home)


@contextmanager
def played(server: str, number: int, *, template: str = "") -> Iterator[None]:
    """A database and a sandbox of one's own, and Django ready to use in this process.

    `template` names a migrated database on the server; a copy of it is made in a moment.
    """
    home = Path(tempfile.mkdtemp(prefix="surplus-simulator-"))
    name = f"simulated_{os.getpid()}_{number}"
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        _create_database(server, name, template or "template1")
        stack.callback(_drop_database, server, name)
        _set_environment(home, server, name)
        stack.enter_context(_sandbox(home))
        _prepare()
        yield


def _create_database(server: str, name: str, template: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(copy.format(sql.Identifier(name), sql.Identifier(template)))
    with psycopg.connect(server, dbname=name, autocommit=True) as connection:
        connection.execute(CLOCK_SQL)
        at = datetime.fromtimestamp(0, UTC).isoformat()
        for setting, value in {
            "search_path": sql.SQL("public, pg_catalog"),
            "simulated.now": sql.Literal(at),
            "simulated.asked": sql.Literal(""),
            "simulated.tick": sql.Literal("0"),
            "jit": sql.SQL("off"),
            "synchronous_commit": sql.SQL("off"),
        }.items():
            connection.execute(
                sql.SQL("ALTER DATABASE {} SET {} = {}").format(
                    sql.Identifier(name), sql.Identifier(*setting.split(".")), value
                )
            )
    # In a session of its own, which finds our functions first.
    with psycopg.connect(server, dbname=name) as connection:
        connection.execute(DEFAULTS_SQL)


def _drop_database(server: str, name: str) -> None:
    from django.db import connections

    connections.close_all()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )


def _set_environment(home: Path, server: str, name: str) -> None:
    for variable in ELSEWHERE:
        os.environ.pop(variable, None)
    ports = {"PORT": str(free_port()), "SANDBOX_PORT": str(free_port())}
    values = environment.defaults(home, port=ports["PORT"], sandbox_port=ports["SANDBOX_PORT"])
    os.environ.update(values | ports | CLOCKS)
    address, _, options = server.partition("?")
    os.environ |= {
        "DATA_DIR": str(home),
        "DATABASE_URL": f"{address.rpartition('/')[0]}/{name}" + (f"?{options}" if options else ""),
        "EMAIL_URL": "dummy://",
        # They count by the real clock.
        "THROTTLE_SCALE": "0",
        "DJANGO_SETTINGS_MODULE": "marketplace.settings",
    }


@contextmanager
def _sandbox(home: Path) -> Iterator[None]:
    url, log = os.environ["SANDBOX_URL"], home / "sandbox.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "sandbox"],
            cwd=environment.ROOT,
            stdout=output,
            stderr=output,
            preexec_fn=processes.child_setup(signal.SIGTERM),
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while probe.get(url, "/healthz")[0] != 200:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"The sandbox does not start:\n{log.read_text()[-3000:]}")
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(20)


def _prepare() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    memory.settle()
    call_command("migrate", interactive=False, verbosity=0)
    from simulator import audit

    audit.install()
