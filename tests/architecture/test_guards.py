"""The list of guards speaks of code and tests that are there."""

import pytest

from marketplace.local.environment import ROOT
from tests.guards import Guard, guards


@pytest.mark.parametrize("guard", list(guards()), ids=lambda guard: guard.name)
def test_it_stands_where_the_list_says(guard: Guard) -> None:
    assert guard.stands_once()
    assert all((ROOT / test).exists() for test in guard.tests)
