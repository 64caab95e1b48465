"""Finding a person again: by their mailbox, or by the request they make."""

from django.http import HttpRequest

from accounts.addresses import canonical
from accounts.models import Person


def owner_of(email: str) -> Person | None:
    """Whose mailbox this is, in whatever spelling; None for nobody's and for no address at all."""
    try:
        return Person.objects.filter(canonical_email=canonical(email)).first()
    except ValueError:
        return None


class SignedInRequest(HttpRequest):
    """A request of somebody who is signed in; for views behind `login_required`."""

    user: Person
