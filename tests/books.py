"""After every test that moves money, the books must add up."""

from collections.abc import Iterator

import pytest

from marketplace import ledger_audit
from simulator import audit


@pytest.fixture
def books(transactional_db: None) -> Iterator[None]:
    """Audit the ledger when the test is over."""
    yield
    assert audit.broken() == [], ledger_audit.violations()
