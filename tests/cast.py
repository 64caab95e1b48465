"""The people of every story. The second buyer is the stranger who may see nothing of a trade."""

import pytest

from accounts.models import Person
from tests.factories import a_person, a_seller


@pytest.fixture
def buyer(db: None) -> Person:
    return a_person("buyer@example.com", name="Bea")


@pytest.fixture
def buyer2(db: None) -> Person:
    return a_person("buyer2@example.com", name="Bo")


@pytest.fixture
def seller(db: None) -> Person:
    return a_seller("seller@example.com", name="Sol")


@pytest.fixture
def seller2(db: None) -> Person:
    return a_seller("seller2@example.com", name="Sam")


@pytest.fixture
def moderator(db: None) -> Person:
    return a_person("moderator@example.com", name="Mo", is_staff=True)
