"""Taking from an offer and giving back: one conditional update, never read-then-write."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import (
    BigIntegerField,
    BooleanField,
    DurationField,
    F,
    IntegerField,
    Q,
    QuerySet,
    UUIDField,
)

from accounts.built import Built, Given
from accounts.models import Person
from accounts.returning import BuiltUpdate
from listings import expiry, permission
from listings.lifecycle import machine
from listings.models import Listing, Listings, ListingStatus, seen_by, time_to_finish
from listings.refusals import AmountNotOffered, InsufficientStock, NotLive


def require_offered(listing: Listing, face_value_cents: int) -> None:
    """Raises NotLive, InsufficientStock or AmountNotOffered, with what would be possible."""
    if not listing.is_buyable:
        raise NotLive
    if face_value_cents > listing.available_cents:
        raise InsufficientStock(available_cents=listing.available_cents)
    least, step = listing.offered_min_cents, listing.step_cents
    if face_value_cents < least or (face_value_cents - least) % step:
        below = max(least, face_value_cents - (face_value_cents - least) % step)
        above = min(below + step, listing.available_cents)
        nearest = sorted({below, above} if face_value_cents > least else {least})
        raise AmountNotOffered(nearest_cents=nearest)


def _taken() -> tuple[Listings, dict[str, Any]]:
    """Where there is enough, at the discount that was seen, and what becomes of it."""
    cents = Given("cents", BigIntegerField())
    # No join here: PostgreSQL checks these conditions again on the row it waited for, but not a
    # subquery's.
    rows = Listing.objects.filter(
        pk=Given("listing", UUIDField()),
        status=ListingStatus.LIVE,
        expires_on__gte=expiry.earliest(to_finish=Given("to_finish", DurationField())),
        available_cents__gte=cents,
        discount_bp=Given("discount_bp", IntegerField()),
    )
    return rows, _moved(cents, source="available", destination="reserved")


_take = BuiltUpdate(_taken)


def _seen() -> QuerySet[Listing]:
    one = Listing.objects.filter(pk=Given("listing", UUIDField()))
    seen = seen_by(Given("person", BigIntegerField())) | Q(Given("is_staff", BooleanField()))
    return one.filter(seen).select_related("seller__standing").defer("search", "description")


_offers: Built[Listing] = Built(_seen)


def offer(listing_id: UUID, *, buyer: Person) -> Listing | None:
    """An offer with what buying of it asks for, if that person may load it (`visible_to`)."""
    return _offers.first(listing=listing_id, person=buyer.pk, is_staff=buyer.is_staff)


def reserve(listing: Listing, face_value_cents: int) -> None:
    """Take stock for an order. Raises InsufficientStock or NotLive if it is gone by now."""
    assert connection.in_atomic_block
    taken = _take(
        listing,
        listing=listing.pk,
        cents=face_value_cents,
        discount_bp=listing.discount_bp,
        to_finish=time_to_finish(),
    )
    if not taken:
        listing.refresh_from_db()
        require_offered(listing, face_value_cents)
        raise NotLive  # what was offered a moment ago is not what is offered now
    if listing.available_cents == 0:
        machine.advance(listing, ListingStatus.SOLD_OUT, kind="sold_out", actor=None)


def give_back(listing: Listing, face_value_cents: int) -> None:
    """Return what an order had reserved; an offer that was sold out is live again."""
    assert connection.in_atomic_block
    moved = Listing.objects.filter(pk=listing.pk, reserved_cents__gte=face_value_cents).update(
        **_moved(face_value_cents, source="reserved", destination="available")
    )
    assert moved == 1, "an order reserved this, so it must be there"
    listing.refresh_from_db()
    if listing.status == ListingStatus.SOLD_OUT:
        machine.advance(listing, ListingStatus.LIVE, kind="back_in_stock", actor=None)
        # The terms may have changed while there was nothing left to be paused.
        permission.pause_forbidden(listing.pk)


def sell(listing: Listing, face_value_cents: int) -> None:
    """What an order had reserved has left the seller for good."""
    assert connection.in_atomic_block
    moved = Listing.objects.filter(pk=listing.pk, reserved_cents__gte=face_value_cents).update(
        **_moved(face_value_cents, source="reserved", destination="sold")
    )
    assert moved == 1, "an order reserved this, so it must be there"


def sell_all(sold: Mapping[UUID, int]) -> None:
    """`sell` for many offers: face value in cents by listing. In one order, so that none waits
    for another in a circle.
    """
    assert connection.in_atomic_block
    list(
        Listing.objects.select_for_update(no_key=True).filter(pk__in=sold).order_by("pk").only("pk")
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE listings_listing SET reserved_cents = reserved_cents - cents,"
            " sold_cents = sold_cents + cents"
            " FROM unnest(%s::uuid[], %s::bigint[]) AS sold (listing, cents)"
            " WHERE id = listing AND reserved_cents >= cents",
            [list(sold), list(sold.values())],
        )
        assert cursor.rowcount == len(sold), "orders reserved this, so it must be there"


def _moved(cents: Any, *, source: str, destination: str) -> dict[str, Any]:
    return {
        f"{source}_cents": F(f"{source}_cents") - cents,
        f"{destination}_cents": F(f"{destination}_cents") + cents,
    }


def pause_undelivered(listing: Listing, *, actor: Person | None) -> None:
    """Take an offer off the market whose seller let a buyer wait in vain."""
    listing.refresh_from_db()
    if listing.status == ListingStatus.LIVE:
        machine.advance(
            listing,
            ListingStatus.PAUSED,
            kind="paused",
            actor=actor,
            note="A buyer paid and the credit did not come in time.",
        )
