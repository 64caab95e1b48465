"""Directories short enough for a unix socket; pytest's own are not."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def home() -> Iterator[Path]:
    """An empty data directory."""
    found = Path(tempfile.mkdtemp(prefix="surplus-local-"))
    yield found
    shutil.rmtree(found, ignore_errors=True)
