"""Two accounts of one person become one: after both were proved, and while nothing is open.

The other account is closed. What it signed in with (GitHub, Google) opens this one from then on;
its mailbox stays taken, and its finished trades stay where they were.
"""

from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Q

from accounts import audit, devices, factors, one_person, tokens
from accounts.models import Person
from accounts.people import owner_of
from accounts.refusals import NotAllowed, WrongState
from orders.leaving import obstacles
from orders.models import Order
from payments.models import Fingerprint


class NotProved(NotAllowed):
    """The same for a wrong password, an unknown address and an account that is closed."""

    code = "wrong_credentials"
    message = "There is no other account with this address and password."


class CannotMerge(WrongState):
    code = "cannot_merge"


def prove(*, email: str, password: str) -> Person:
    """The person whose address and password these are. Raises NotProved, or CannotMerge."""
    other = owner_of(email)
    if other is None:
        make_password(password)  # as much work as a known address is
        raise NotProved
    if not other.check_password(password) or not other.is_active:
        raise NotProved
    if factors.has_one(other):
        raise CannotMerge(
            "That account has a second factor. Sign in to it and merge from there, or remove the"
            " factor first."
        )
    return other


@transaction.atomic
def merge(*, person: Person, other: Person) -> None:
    """Close `other`, whom the caller has proved to be, in favour of `person`.

    Raises CannotMerge, changing nothing.
    """
    if person.pk == other.pk:
        raise CannotMerge("This is the account that you are signed in to.")
    # Always in the same order, so that two merges of one pair do not wait for each other.
    rows = Person.objects.select_for_update(no_key=True).in_bulk(sorted([person.pk, other.pk]))
    person, other = rows[person.pk], rows[other.pk]
    if not (person.is_active and other.is_active):
        raise CannotMerge("One of the accounts is closed.")
    if person.is_staff or other.is_staff:
        raise CannotMerge("Accounts that work in the console are not merged.")
    each_other = Q(buyer=person, seller=other) | Q(buyer=other, seller=person)
    if Order.objects.filter(each_other).exists():
        raise CannotMerge(
            "These accounts have traded with each other. Write to us: a moderator looks at it."
        )
    if reasons := obstacles(other):
        raise CannotMerge(f"Something is still open in the other account. {' '.join(reasons)}")
    one_person.record_proof(person, other)
    SocialAccount.objects.filter(user=other).update(user=person)
    tokens.revoke_all(other)
    devices.end_all(other)
    for mark in Fingerprint.objects.filter(person=other):
        Fingerprint.objects.bulk_create(
            [Fingerprint(person=person, kind=mark.kind, mark=mark.mark)], ignore_conflicts=True
        )
    other.refresh_from_db(fields=["generation"])
    other.is_active, other.password = False, make_password(None)
    other.save(update_fields=["is_active", "password"])
    for subject in (person, other):
        audit.record(
            actor=person,
            act="people_merged",
            subject=f"person:{subject.pk}",
            kept=person.pk,
            closed=other.pk,
        )
