"""The limit: what PostgreSQL alone makes of a recorded transaction, sent by pgbench."""

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from django.db import connection

from bench.replay import Recording
from marketplace.local.postgres import binaries

CLIENTS = 8
# Twelve digits, as the last group of an id has.
DIGITS = "100000000000, 999999999999"
BARE_ID = re.compile(r"(?<=')[0-9a-f]{32}(?=')")


def script(recording: Recording, *, sets: Sequence[tuple[str, str, str]]) -> str:
    """The transaction as pgbench takes it: each id that it made is another every time.

    `sets`: a text of the recording, the text with a variable that takes its place, and what that
    variable is set to.
    """
    sql = "".join(f"{one};\n" for one in _literal(recording))
    # psycopg writes ids without dashes.
    sql = BARE_ID.sub(lambda found: str(UUID(found[0])), sql)
    lines = []
    for number, made in enumerate(sorted(recording.made)):
        lines.append(f"\\set made{number} random({DIGITS})")
        sql = sql.replace(made, f"{made[:24]}:made{number}")
    for text, instead, value in sets:
        if value:
            lines.append(f"\\set {instead.rpartition(':')[2]} {value}")
        sql = sql.replace(text, instead)
    return "\n".join([*lines, "BEGIN;", sql + "COMMIT;", ""])


def _literal(recording: Recording) -> list[str]:
    connection.ensure_connection()
    with connection.connection.cursor() as cursor:
        return [cursor.mogrify(sql, list(values)) for sql, values in recording.statements]


def per_second(path: Path, *, seconds: float) -> float:
    """How many such transactions eight connections get through."""
    program = binaries() / "pgbench"
    if not program.exists():
        raise SystemExit(f"There is no pgbench beside {program.parent / 'postgres'}.")
    command = [str(program), "--no-vacuum", "--file", str(path), "--time", str(round(seconds) or 1)]
    command += ["--client", str(CLIENTS), "--jobs", "2", "--dbname", os.environ["DATABASE_URL"]]
    run = subprocess.run(command, capture_output=True, text=True)
    found = re.search(r"^tps = ([\d.]+)", run.stdout, re.MULTILINE)
    if run.returncode or found is None or "failed transactions: 0 " not in run.stdout:
        raise SystemExit(f"pgbench: {run.stdout[-500:]}{run.stderr[-1000:]}")
    return float(found[1])
