"""Which embedded servers the environment asks for, and having them up for one command."""

import atexit
import os
from pathlib import Path

from marketplace.local import environment
from marketplace.local.servers import Server


def servers(home: Path, *, durable: bool = True) -> list[Server]:
    """The embedded servers that the environment points at, in the order of their start."""
    found: list[Server] = []
    if os.environ.get("DATABASE_URL") == environment.database_url(home):
        from marketplace.local.postgres import Postgres

        found.append(Postgres(home, durable=durable))
    wanted = str(environment.valkey_socket(home))
    if any(wanted in os.environ.get(name, "") for name in ("CELERY_BROKER_URL", "CACHE_URL")):
        from marketplace.local.valkey import Valkey

        found.append(Valkey(home))
    return found


def start_at_need() -> None:
    """Have them running until this process ends; one that runs already is left as it is."""
    for server in servers(environment.data_dir()):
        atexit.register(server.stop)
        server.start()
