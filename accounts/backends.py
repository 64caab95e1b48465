"""Signing in by password: one look-up and one hash, whether there is such an address or not."""

from allauth.account.auth_backends import AuthenticationBackend

from accounts.models import Person
from accounts.people import owner_of


class MailboxBackend(AuthenticationBackend):
    """Finds a person by their mailbox. allauth does the rest, such as hashing for nobody."""

    def _authenticate_by_email(self, email: str, password: str) -> Person | None:
        person: Person | None = self._check_password(owner_of(email), password)
        return person
