"""The local environment: where state lives, and every value a fresh machine does not have.

Production sets these variables itself (`.env.example` lists them); locally `apply` fills in
whatever is missing. Addresses are computed, never asked of a running server.
"""

import base64
import hashlib
import os
import secrets
from pathlib import Path
from urllib.parse import quote

from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parent.parent.parent
# The second factor of the demo's moderators and admin: known, and so never anybody else's.
DEMO_TOTP_SECRET = "SURPLUSDEMOSURPLUSDEMOSURPLUSDEM"  # noqa: S105
FALSY = ("", "0", "false", "f", "no", "n", "off")

# The name of a unix socket has about 104 bytes on macOS and 108 on Linux; PostgreSQL
# appends "/.s.PGSQL.5432" to the directory.
LONGEST_SOCKET_DIR = 88


def is_local() -> bool:
    """True for development: DEBUG is on, or nobody said anything about DEBUG and a database."""
    if "DEBUG" in os.environ:
        return os.environ["DEBUG"].strip().lower() not in FALSY
    return "DATABASE_URL" not in os.environ


def read_env_file() -> None:
    """Take what `.env` at the project's root says; what is already in the environment wins."""
    for name, value in dotenv_values(ROOT / ".env").items():
        if value is not None:
            os.environ.setdefault(name, value)


def data_dir() -> Path:
    """Where all local state lives: DATA_DIR, or `var/` of the project."""
    return (ROOT / (os.environ.get("DATA_DIR") or "var")).resolve()


def socket_dir(home: Path) -> Path:
    """The directory of the unix sockets: inside `home`, or in /tmp where that is too long."""
    inside = home / "run"
    if len(os.fsencode(inside)) <= LONGEST_SOCKET_DIR:
        return inside
    # Predictable, so that every process finds it; `Postgres` refuses one of another owner.
    return Path("/tmp") / f"surplus-{hashlib.sha256(os.fsencode(home)).hexdigest()[:16]}"  # noqa: S108


def valkey_socket(home: Path) -> Path:
    return socket_dir(home) / "valkey.sock"


def database_url(home: Path, name: str = "surplus") -> str:
    return f"postgresql://surplus@/{name}?host={quote(str(socket_dir(home)))}"


def apply() -> None:
    """Fill `os.environ` for a local run; what is already there wins. Starts nothing."""
    home = data_dir()
    os.environ["DATA_DIR"] = str(home)
    port = os.environ.setdefault("PORT", "8000")
    sandbox_port = os.environ.setdefault("SANDBOX_PORT", "8010")
    for name, value in defaults(home, port=port, sandbox_port=sandbox_port).items():
        os.environ.setdefault(name, value)


def defaults(home: Path, *, port: str, sandbox_port: str) -> dict[str, str]:
    """Every value of a local run whose state is in `home`; generates its secrets once."""
    return _secrets(home) | _addresses(home, port, sandbox_port) | _DEFAULTS


# Short enough for a newcomer to watch a trade settle within a minute or so.
_DEFAULTS = {
    "SURPLUS_LOCAL": "1",
    "DEBUG": "true",
    "ALLOWED_HOSTS": "127.0.0.1,localhost",
    "STRIPE_SECRET_KEY": "sk_test_sandbox",
    "GITHUB_CLIENT_ID": "github-sandbox",
    "GITHUB_CLIENT_SECRET": "github-sandbox-secret",
    "GOOGLE_CLIENT_ID": "google-sandbox",
    "GOOGLE_CLIENT_SECRET": "google-sandbox-secret",
    "PAY_WITHIN_SECONDS": "600",
    "DELIVER_WITHIN_SECONDS": "300",
    "INSPECT_WITHIN_SECONDS": "60",
    "COOLING_OFF_SECONDS": "10",
    # Time enough to answer as another person, little to wait for before a decision takes effect.
    "ANSWER_WITHIN_SECONDS": "600",
    "AGREE_WITHIN_SECONDS": "600",
    "APPEAL_WITHIN_SECONDS": "30",
    "READING_INTERVAL_SECONDS": "2",
    "WATCH_INTERVAL_SECONDS": "10",
    "WATCH_SECONDS": "600",
    # So that a newcomer's first sale can be paid out whole.
    "RESERVE_BP": "0",
    # Room enough for whoever tries things out as a new seller.
    "NEW_SELLER_OPEN_CENTS": "100000000",
    "ESTABLISHED_SELLER_OPEN_CENTS": "1000000000",
    "NEW_SELLER_COOLING_OFF_SECONDS": "20",
}


def _addresses(home: Path, port: str, sandbox_port: str) -> dict[str, str]:
    sandbox = f"http://127.0.0.1:{sandbox_port}"
    valkey = quote(str(valkey_socket(home)))
    return {
        "BASE_URL": f"http://127.0.0.1:{port}",
        "SANDBOX_URL": sandbox,
        "STRIPE_API_BASE": f"{sandbox}/stripe",
        "DATABASE_URL": database_url(home),
        "CELERY_BROKER_URL": f"redis+socket://{valkey}",
        "CACHE_URL": f"unix://{valkey}?db=1",
        # The fourth slash is the path's own: mail is written to files below it.
        "EMAIL_URL": f"file:///{home / 'mail'}",
    }


def _secrets(home: Path) -> dict[str, str]:
    """The generated secrets of this data directory, made on the first call."""
    path = home / "local.env"
    if not path.exists():
        _write_once(path, _generated())
    values = dotenv_values(path)
    return {name: value for name, value in values.items() if value is not None}


def _generated() -> str:
    field_key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return (
        f"SECRET_KEY={secrets.token_urlsafe(48)}\n"
        f"FIELD_KEYS={field_key}\n"
        f"STRIPE_WEBHOOK_SECRET=whsec_{secrets.token_hex(24)}\n"
    )


def _write_once(path: Path, text: str) -> None:
    """Write a private file whole; of two writers at once the first wins."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    except OSError as error:
        raise SystemExit(
            f"Cannot write to {path.parent} ({error.strerror}): "
            "set DATA_DIR to a directory of yours."
        ) from None
