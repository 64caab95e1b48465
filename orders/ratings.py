"""Ratings: after the end of a trade each party may rate the other, once, and blindly.

A rating is shown when both are in, or when the time to rate is over; so nobody answers a bad word
with one. What a rating adds to a standing follows `orders.standing`: the same trades count.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from accounts import audit
from accounts.contacts import masked
from accounts.models import Person, Standing
from accounts.refusals import NotAllowed, WrongState
from orders.models import Order, OrderStatus, Rating
from orders.progress import locked, tell


@transaction.atomic
def rate(order: Order, *, actor: Person, stars: int, text: str) -> Rating:
    """Say how the trade was. Raises NotAllowed for no party, WrongState where it is not possible.

    The text has been checked for keys; contact details are taken out.
    """
    # Two who rate at the same moment see each other's rating: the second shows both.
    order = locked(order)
    actor = order.party(actor)
    if actor.pk not in (order.buyer_id, order.seller_id):
        raise NotAllowed
    if not is_open(order):
        raise WrongState("A trade can be rated for some time after it was completed.")
    if Rating.objects.filter(order=order, by=actor).exists():
        raise WrongState("You have rated this trade.")
    other = order.seller if actor.pk == order.buyer_id else order.buyer
    rating = Rating.objects.create(
        order=order, by=actor, about=other, stars=stars, text=masked(text)
    )
    if _show(Rating.objects.filter(order=order, by=other)):
        _show(Rating.objects.filter(pk=rating.pk))
        for person, about in ((actor, other), (other, actor)):
            tell(order, person, "rating_shown", by=about.public_name)
    else:
        tell(order, other, "rating_waits", by=actor.public_name)
    rating.refresh_from_db()
    return rating


def is_open(order: Order) -> bool:
    """Whether the trade was completed, not long ago by the database's clock."""
    since = Now() - timedelta(seconds=settings.RATE_WITHIN_SECONDS)
    ended = Order.objects.filter(pk=order.pk, status=OrderStatus.COMPLETED, ended_at__gt=since)
    return ended.exists()


def show_due() -> int:
    """Show what was hidden until the time to rate was over; returns how many."""
    since = Now() - timedelta(seconds=settings.RATE_WITHIN_SECONDS)
    hidden = Rating.objects.filter(shown_at=None, order__ended_at__lte=since).order_by("at")
    with transaction.atomic():
        taken = hidden.select_for_update(skip_locked=True, of=("self",))[:500]
        return _show(Rating.objects.filter(pk__in=[rating.pk for rating in taken]))


def _show(hidden: QuerySet[Rating]) -> int:
    rows = hidden.filter(shown_at=None)
    people = list(rows.values_list("about_id", flat=True))
    # Their standing is worked out anew, by the sweep.
    Standing.objects.filter(person__in=people).update(tier_at=None)
    return rows.update(shown_at=Now())


def of(order: Order, person: Person) -> list[Rating]:
    """What a party may see: their own rating, and the other's once it is shown."""
    rows = Rating.objects.filter(order=order).select_related("by").order_by("at")
    person = order.party(person)
    return [row for row in rows if row.by_id == person.pk or (row.shown_at and not row.removed_at)]


def about(person: Person) -> QuerySet[Rating]:
    """What everybody may read about somebody, the newest first."""
    shown = Rating.objects.filter(about__in=person.selves, shown_at__isnull=False, removed_at=None)
    return shown.select_related("by").order_by("-shown_at", "-pk")


def report(rating: Rating, *, actor: Person, text: str) -> None:
    """The person rated asks a moderator to look. Raises NotAllowed, WrongState the second time."""
    if rating.about_id not in actor.selves:
        raise NotAllowed
    rows = Rating.objects.filter(pk=rating.pk, shown_at__isnull=False, reported_at=None)
    if not rows.update(reported_at=Now(), report=text):
        raise WrongState("A moderator looks at this already, or has.")


def keep(rating: Rating, *, actor: Person, reason: str) -> None:
    """A moderator finds nothing wrong with it. Raises NotAllowed or WrongState."""
    _looked(rating, actor=actor, reason=reason, remove=False)


def remove(rating: Rating, *, actor: Person, reason: str) -> None:
    """A moderator takes it off the page and out of the standing. Raises NotAllowed, WrongState."""
    _looked(rating, actor=actor, reason=reason, remove=True)


@transaction.atomic
def _looked(rating: Rating, *, actor: Person, reason: str, remove: bool) -> None:
    if not actor.is_staff or actor.pk in (rating.by_id, rating.about_id):
        raise NotAllowed("Nobody decides on a rating of their own trade.")
    rows = Rating.objects.filter(pk=rating.pk, removed_at=None)
    if not remove:
        rows = rows.filter(reported_at__isnull=False, looked_at=None)
    if not rows.update(looked_at=Now(), removed_at=Now() if remove else F("removed_at")):
        raise WrongState
    Standing.objects.filter(person=rating.about_id).update(tier_at=None)
    audit.record(
        actor=actor,
        act="rating_removed" if remove else "rating_kept",
        subject=f"order:{rating.order_id}",
        reason=reason,
        rating=rating.pk,
    )
