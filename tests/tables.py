"""The tables of a run: migrated once, while the workers collect their tests, and then copied.

Migrating an empty database takes six seconds of a processor, and copying one a moment.
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from marketplace.local import environment

# Where the run keeps what is its own; set by `tests.surroundings`.
HOME = "SURPLUS_TEST_HOME"
TEMPLATE = "surplus_migrated"


def migrate() -> None:
    """Begin to migrate the database that all others of this run are copies of."""
    home = _home()
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {TEMPLATE}")
    command = (
        f"{sys.executable} manage.py migrate >{home}/migrate.log 2>&1; echo $? >{home}/migrated"
    )
    env = os.environ | {"DATABASE_URL": _address()}
    subprocess.Popen(["sh", "-c", command], cwd=environment.ROOT, env=env)


def template() -> str:
    """The name of the migrated database, once it is ready; empty where each process migrates."""
    home = _home()
    if not (home / "migrate.log").exists():
        return ""
    while not (home / "migrated").exists():
        time.sleep(0.1)
    assert (home / "migrated").read_text() == "0\n", (home / "migrate.log").read_text()
    return TEMPLATE


def _home() -> Path:
    return Path(os.environ[HOME])


def _address() -> str:
    parts = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(parts._replace(path=f"/{TEMPLATE}"))
