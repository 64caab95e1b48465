"""Two accounts of one person become one: after both were proved, and while nothing is open.

The other account is closed. What it signed in with (GitHub, Google) opens this one from then on,
and its mailbox stays taken. Its trades keep the parties that they had, in the books and for the
other side; whoever merged sees them as their own, because the closed account names the one that it
was merged into (`Person.merged_into`).
"""

from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Q

from accounts import audit, devices, factors, one_person, tokens
from accounts.models import Notification, Person, Standing, Tier
from accounts.people import owner_of
from accounts.refusals import NotAllowed, WrongState
from listings.models import Question, SavedSearch, Watch
from orders import leaving
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
    mine, theirs = person.selves, other.selves
    each_other = Q(buyer__in=mine, seller__in=theirs) | Q(buyer__in=theirs, seller__in=mine)
    if Order.objects.filter(each_other).exists():
        raise CannotMerge(
            "These accounts have traded with each other. Write to us: a moderator looks at it."
        )
    if reasons := leaving.obstacles(other):
        raise CannotMerge(f"Something is still open in the other account. {' '.join(reasons)}")
    one_person.record_proof(person, other)
    _hand_over(person, other)
    _add_standing(person, other)
    _close(other, into=person)
    for subject in (person, other):
        audit.record(
            actor=person,
            act="people_merged",
            subject=f"person:{subject.pk}",
            kept=person.pk,
            closed=other.pk,
        )


def _hand_over(person: Person, other: Person) -> None:
    """Ways in, notices and what is kept an eye on: all that no trade names."""
    SocialAccount.objects.filter(user=other).update(user=person)
    for mark in Fingerprint.objects.filter(person=other):
        Fingerprint.objects.bulk_create(
            [Fingerprint(person=person, kind=mark.kind, mark=mark.mark)], ignore_conflicts=True
        )
    Notification.objects.filter(person=other).update(person=person)
    Question.objects.filter(by=other).update(by=person)
    kept = SavedSearch.objects.filter(person=person).values("query")
    SavedSearch.objects.filter(person=other).exclude(query__in=kept).update(person=person)
    watched = Watch.objects.filter(person=person).values("listing")
    Watch.objects.filter(person=other).exclude(listing__in=watched).update(person=person)


def _close(other: Person, *, into: Person) -> None:
    leaving.withdraw_drafts(other)
    tokens.revoke_all(other)
    devices.end_all(other)
    other.refresh_from_db(fields=["generation"])
    other.is_active, other.password, other.merged_into = False, make_password(None), into
    other.save(update_fields=["is_active", "password", "merged_into"])
    # What one may not do, the other may not either.
    if other.restricted:
        Person.objects.filter(pk=into.pk).update(restricted=True)
    # One step leads from any of them to the one that is left.
    Person.objects.filter(merged_into=other).update(merged_into=into)


def _add_standing(person: Person, other: Person) -> None:
    """What both finished, and what a moderator granted to either, counts for the one that is left.

    The sweep works out tier and rating anew.
    """
    theirs = Standing.objects.filter(person=other).first()
    if theirs is None:
        return
    Standing.objects.get_or_create(person=person)
    row = Standing.objects.select_for_update().get(person=person)
    row.granted = max(Tier(row.granted), Tier(theirs.granted), key=lambda tier: tier.rank)
    row.completed_orders += theirs.completed_orders
    row.failed_orders += theirs.failed_orders
    row.tier_at = None
    row.save(update_fields=["granted", "completed_orders", "failed_orders", "tier_at"])
