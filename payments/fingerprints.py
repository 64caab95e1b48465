"""Cards and bank accounts as the processor recognises them: shared ones raise a case.

What is stored is a keyed hash of the processor's own fingerprint, never a number.
"""

from accounts import one_person
from accounts.encryption import fingerprint
from payments.models import Fingerprint

# A card of more people than this is a test card, or a company's: no case for each pair.
MOST_SHARERS = 20


def note(person_id: int, *, kind: str, reported: str) -> None:
    """Remember that a person used it; everybody else who did is a case with them."""
    if not reported:
        return
    mark = fingerprint(reported, purpose=f"fingerprint:{kind}")
    row = Fingerprint(person_id=person_id, kind=kind, mark=mark)
    Fingerprint.objects.bulk_create([row], ignore_conflicts=True)
    others = Fingerprint.objects.filter(kind=kind, mark=mark).exclude(person=person_id)
    for other in others.order_by("pk").values_list("person_id", flat=True)[:MOST_SHARERS]:
        one_person.raise_case(person_id, other, evidence=kind)
