"""Signed-in browsers for the console, and what a refusal must not change."""

from typing import Any

import pytest
from django.test import Client

from accounts import factors
from accounts.models import Person
from tests.factories import a_person, a_second_factor
from tests.sessions import shown


def signed_in(person: Person, **options: Any) -> Client:
    """Their browser; moderators have shown their second factor in it."""
    client = Client(**options)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    if person.is_staff:
        if not factors.has_one(person):
            a_second_factor(person)
        shown(client, person, "mfa")
    return client


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
