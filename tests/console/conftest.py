"""Signed-in browsers for the console, and what a refusal must not change."""

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import Person
from tests.factories import a_person


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


@pytest.fixture
def admin(db: None) -> Person:
    return a_person("admin@example.com", name="Ada", is_staff=True, is_superuser=True)


@pytest.fixture
def desk(moderator: Person) -> Client:
    """A moderator's browser."""
    return signed_in(moderator)


@pytest.fixture
def office(admin: Person) -> Client:
    """An administrator's browser."""
    return signed_in(admin)
