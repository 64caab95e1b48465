"""What a session remembers of how its person showed who they are, as allauth writes it down."""

import time

from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from django.test import Client

from accounts.models import Person


def shown(client: Client, person: Person, method: str, *, seconds_ago: float = 0) -> None:
    """The person of this browser has shown a password, a code or a factor at that moment."""
    session = client.session
    records = session.get(AUTHENTICATION_METHODS_SESSION_KEY, [])
    record = {"method": method, "at": time.time() - seconds_ago}
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [*records, record]
    session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(person.pk)
    session.save()
