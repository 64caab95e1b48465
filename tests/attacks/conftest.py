"""Attacks run on real transactions and a real sandbox; each says itself what must hold after."""

import pytest

from listings.models import Listing
from tests.sandbox_process import SandboxProcess
from tests.trade import an_offer


@pytest.fixture(autouse=True)
def _real_transactions(transactional_db: None) -> None:
    pass


@pytest.fixture(autouse=True)
def _no_faults(sandbox: SandboxProcess) -> None:
    sandbox.control("DELETE", "faults/")


@pytest.fixture
def listing(sandbox: SandboxProcess, _real_transactions: None) -> Listing:
    """$100 of credit at 40 % off, from $10 in steps of $10, by a seller who can be paid."""
    return an_offer()
