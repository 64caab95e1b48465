"""Tests of money run on real transactions and a real sandbox, and end with an audit."""

import pytest

from listings.models import Listing
from tests.sandbox_process import SandboxProcess
from tests.trade import an_offer


@pytest.fixture(autouse=True)
def _audited(books: None) -> None:
    pass


@pytest.fixture
def listing(sandbox: SandboxProcess, _audited: None) -> Listing:
    """$100 of credit at 40 % off, from $10 in steps of $10, by a seller who can be paid."""
    return an_offer()
