"""Questions before buying: asked by anybody who could buy, answered by the seller, for all to read.

Nothing is public before the seller has answered it, and never who asked. What somebody writes has
been checked for keys; ways to go on elsewhere are masked before it is stored.
"""

from datetime import timedelta

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.urls import reverse

from accounts import audit, one_person
from accounts.contacts import masked
from accounts.models import Person
from accounts.notifications import notify
from accounts.refusals import NotAllowed, WrongState
from listings.models import PUBLIC, Listing, Question
from listings.refusals import NotLive, OwnListing, TooManyQuestions

# So many by one person within so long, and so many that wait for an answer about one offer.
MOST, WITHIN, MOST_WAITING = 10, timedelta(hours=1), 3


def answered(listing: Listing) -> QuerySet[Question]:
    """What everybody may read, the newest first."""
    return _of(listing).filter(answered_at__isnull=False)


def visible_to(person: Person | AnonymousUser, listing: Listing) -> QuerySet[Question]:
    """What is answered; what waits, for whoever asked it and for the seller. The newest first."""
    if person.pk is None:
        return answered(listing)
    if person.pk == listing.seller_id:
        return _of(listing)
    return _of(listing).filter(Q(answered_at__isnull=False) | Q(by=person))


def _of(listing: Listing) -> QuerySet[Question]:
    return Question.objects.filter(listing=listing, removed_at=None).order_by("-at", "-pk")


def waiting(listing: Listing) -> QuerySet[Question]:
    """What the seller has not answered."""
    return Question.objects.filter(listing=listing, answered_at=None, removed_at=None)


@transaction.atomic
def ask(listing: Listing, *, actor: Person, text: str) -> Question:
    """Ask the seller something; the same question twice is one.

    Raises OwnListing, NotLive, NotAllowed or TooManyQuestions.
    """
    require_other(listing, actor)
    if not listing.is_buyable:
        raise NotLive
    # One at a time, so that the counts below are right, and nobody asks who has left.
    actor = Person.objects.select_for_update(no_key=True).get(pk=actor.pk)
    if not actor.is_active:
        raise NotAllowed("This account is closed.")
    mine, text = Question.objects.filter(by=actor), masked(text)
    unanswered = mine.filter(listing=listing, answered_at=None, removed_at=None)
    if (same := unanswered.filter(text=text).first()) is not None:
        return same
    lately = mine.filter(at__gt=Now() - WITHIN)
    if lately.count() >= MOST or unanswered.count() >= MOST_WAITING:
        raise TooManyQuestions
    question = Question.objects.create(listing=listing, by=actor, text=text)
    question.refresh_from_db(fields=["at"])
    notify(
        person=listing.seller,
        kind="listing_asked",
        key=asked_key(question.pk),
        url=reverse("listings:questions", args=[listing.pk]),
        title=listing.title,
        text=question.text,
    )
    return question


def require_other(listing: Listing, actor: Person) -> None:
    """Raises OwnListing for the seller, and for whoever is the same person."""
    if one_person.are_same(actor.pk, listing.seller_id):
        raise OwnListing


@transaction.atomic
def answer(question: Question, *, actor: Person, text: str) -> Question:
    """The seller's word, once. Raises NotAllowed or WrongState."""
    listing = question.listing
    if actor.pk != listing.seller_id:
        raise NotAllowed
    if listing.status not in PUBLIC:
        raise WrongState("Nobody else sees this offer any more, so nobody would read the answer.")
    if not waiting(listing).filter(pk=question.pk).update(answer=masked(text), answered_at=Now()):
        raise WrongState("This question is answered, or was taken away.")
    question.refresh_from_db()
    if question.by is not None:
        notify(
            person=question.by,
            kind="question_answered",
            key=answered_key(question.pk),
            url=reverse("listings:questions", args=[listing.pk]),
            title=listing.title,
            text=question.answer,
        )
    return question


@transaction.atomic
def remove(question: Question, *, actor: Person, reason: str) -> None:
    """A moderator takes a question and its answer off the page. Raises NotAllowed, WrongState."""
    if not actor.is_staff or actor.pk in (question.by_id, question.listing.seller_id):
        raise NotAllowed("Nobody decides on what they asked or answered.")
    if not Question.objects.filter(pk=question.pk, removed_at=None).update(removed_at=Now()):
        raise WrongState("This is removed already.")
    audit.record(
        actor=actor,
        act="question_removed",
        subject=f"listing:{question.listing_id}",
        reason=reason,
        question=question.pk,
    )


def asked_key(question_id: int) -> str:
    """The key of the seller's notice, by which it is found when the asker leaves."""
    return f"listing_asked:{question_id}"


def answered_key(question_id: int) -> str:
    """The key of the asker's notice, by which it is found when the seller leaves."""
    return f"question_answered:{question_id}"
