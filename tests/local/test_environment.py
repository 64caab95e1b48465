import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from marketplace.local import environment


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, home: Path) -> Path:
    """A process environment in which nobody has said anything, with data in `home`."""
    names = environment.defaults(home, port="1", sandbox_port="2")
    for name in (*names, "PORT", "SANDBOX_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(home))
    return home


@pytest.mark.parametrize(
    ("said", "local"),
    [
        ({}, True),
        ({"DEBUG": "true"}, True),
        ({"DEBUG": "1", "DATABASE_URL": "postgresql://x/y"}, True),
        ({"DEBUG": "false"}, False),
        ({"DEBUG": "0", "DATABASE_URL": "postgresql://x/y"}, False),
        ({"DATABASE_URL": "postgresql://x/y"}, False),
    ],
)
def test_local_means_debug_or_nothing_said(
    bare: Path, monkeypatch: pytest.MonkeyPatch, said: dict[str, str], local: bool
) -> None:
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    assert environment.is_local() is local


def test_what_is_already_set_wins(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/db")
    monkeypatch.setenv("PORT", "8123")
    environment.apply()
    assert os.environ["DATABASE_URL"] == "postgresql://elsewhere/db"
    assert os.environ["BASE_URL"] == "http://127.0.0.1:8123"
    assert os.environ["STRIPE_API_BASE"] == "http://127.0.0.1:8010/stripe"


def test_secrets_are_made_once_and_kept_private(bare: Path) -> None:
    environment.apply()
    made = os.environ["SECRET_KEY"], os.environ["FIELD_KEYS"], os.environ["STRIPE_WEBHOOK_SECRET"]
    assert stat.S_IMODE((bare / "local.env").stat().st_mode) == 0o600
    Fernet(os.environ["FIELD_KEYS"])
    again = environment.defaults(bare, port="1", sandbox_port="2")
    assert made == (again["SECRET_KEY"], again["FIELD_KEYS"], again["STRIPE_WEBHOOK_SECRET"])


def test_a_long_data_directory_has_its_sockets_in_tmp(bare: Path) -> None:
    long = bare / ("x" * 120)
    sockets = environment.socket_dir(long)
    assert sockets == environment.socket_dir(long)
    assert sockets.parent == Path("/tmp")
    assert sockets != environment.socket_dir(bare / ("y" * 120))
    assert environment.socket_dir(bare) == bare / "run"


def test_a_data_directory_that_cannot_be_made_is_one_sentence(bare: Path) -> None:
    (bare / "file").touch()
    with pytest.raises(SystemExit, match="set DATA_DIR to a directory of yours"):
        environment.defaults(bare / "file" / "below", port="1", sandbox_port="2")


def test_the_settings_are_not_read_before_the_environment_is_there(bare: Path) -> None:
    code = (
        "import sys; from marketplace.local import embedded, environment; "
        "environment.is_local(); environment.apply(); import django.conf; "
        "sys.exit(django.conf.settings.configured)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=environment.ROOT).returncode == 0
