"""Finding a person again by their mailbox."""

from accounts.addresses import canonical
from accounts.models import Person


def owner_of(email: str) -> Person | None:
    """Whose mailbox this is, in whatever spelling; None for nobody's and for no address at all."""
    try:
        return Person.objects.filter(canonical_email=canonical(email)).first()
    except ValueError:
        return None
