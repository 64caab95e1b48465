"""Measurings run in one transaction that is rolled back; providers answer again for each."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from tests.sandbox_process import SandboxProcess
from tests.verification.measured import LADDERS


@pytest.fixture(autouse=True)
def _quiet(db: None, sandbox: SandboxProcess) -> Iterator[None]:
    cache.clear()
    yield
    # Whatever is tested next with the same sandbox asked for none of these.
    for slug in LADDERS:
        sandbox.control("DELETE", f"providers/{slug}/faults/")
