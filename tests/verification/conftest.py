"""Measurings run in one transaction that is rolled back; providers answer again for each."""

import pytest
from django.core.cache import cache

from tests.sandbox_process import SandboxProcess
from tests.verification.measured import LADDERS


@pytest.fixture(autouse=True)
def _quiet(db: None, sandbox: SandboxProcess) -> None:
    cache.clear()
    for slug in LADDERS:
        sandbox.control("DELETE", f"providers/{slug}/faults/")
