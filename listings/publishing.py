"""An offer's way to the market and off it. Every step says who took it and why."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from accounts import audit, restrictions
from accounts.models import Person, Restriction
from accounts.notifications import notify
from accounts.refusals import Invalid, NotAllowed, WrongState
from listings import alerts, checks, limits, permission, ranks, vault
from listings.lifecycle import EDITABLE, machine
from listings.models import Code, CodeStatus, Consent, Listing, ListingStatus, earliest_expiry
from listings.refusals import CodesMissing, ConsentMissing
from listings.vault import Deposit
from payments.onboarding import require_ready
from providers.vocabulary import TransferMethod

S = ListingStatus

# The terms of an offer, as its form has them.
COPIED = (
    *("provider", "program", "title", "description", "currency", "face_value_cents"),
    *("min_order_cents", "step_cents", "discount_bp", "expires_on", "region", "transfer_method"),
)


@transaction.atomic
def draft(*, seller: Person, terms: Mapping[str, Any], codes: Sequence[Deposit]) -> Listing:
    """A new offer from the cleaned data of its form. Raises Invalid for a code that is known."""
    listing = Listing(seller=seller, available_cents=terms["face_value_cents"], **terms)
    listing.save()
    machine.begin(listing, kind="drafted", actor=seller)
    if codes:
        vault.deposit(listing, codes)
    listing.refresh_from_db()
    return listing


def copy(listing: Listing, *, actor: Person) -> Listing:
    """A new draft with the terms of another offer of the same seller, without codes or consent.

    Raises NotAllowed for somebody else's offer.
    """
    if listing.seller_id != actor.pk:
        raise NotAllowed
    return draft(seller=actor, terms={name: getattr(listing, name) for name in COPIED}, codes=[])


@transaction.atomic
def edit(
    listing: Listing, *, actor: Person, terms: Mapping[str, Any], codes: Sequence[Deposit]
) -> Listing:
    """Change an offer that is not on the market. Raises WrongState, or Invalid for known codes."""
    listing = own(listing, actor)
    require_editable(listing)
    if listing.status == S.REJECTED:
        machine.advance(listing, S.DRAFT, kind="reopened", actor=actor)
    for name, value in terms.items():
        setattr(listing, name, value)
    listing.available_cents = listing.face_value_cents
    listing.save()
    if codes:
        Code.objects.filter(listing=listing).update(status=CodeStatus.VOID)
        vault.deposit(listing, codes)
    machine.remark(listing, kind="edited", actor=actor)
    listing.refresh_from_db()
    return listing


def require_editable(listing: Listing) -> None:
    """Raises WrongState for an offer that is, or was, on the market."""
    if listing.status not in EDITABLE:
        raise WrongState("Only a draft or a rejected offer can be changed. Withdraw it first.")


@transaction.atomic
def submit(listing: Listing, *, actor: Person) -> Listing:
    """Hand an offer in for review.

    Raises NotOnboarded, ConsentMissing, CodesMissing, TooMuchOpen, Restricted or WrongState.
    """
    listing = own(listing, actor)
    if listing.status != S.DRAFT:
        raise WrongState
    restrictions.require_free(actor, Restriction.Kind.SELLING)
    require_ready(actor)
    _require_unexpired(listing)
    if listing.provider.needs_consent and not listing.consents.exists():
        raise ConsentMissing
    _require_codes(listing)
    limits.require_room(listing)
    machine.advance(listing, S.IN_REVIEW, kind="submitted", actor=actor)
    checks.look(listing)
    return listing


def _require_unexpired(listing: Listing) -> None:
    if listing.expires_on < earliest_expiry():
        raise Invalid("expires_on", "This credit expires too soon for a trade to be finished.")


def _require_codes(listing: Listing) -> None:
    if listing.transfer_method != TransferMethod.REDEEM_CODE:
        return
    codes = listing.codes.filter(status=CodeStatus.AVAILABLE)
    worth = list(codes.values_list("face_value_cents", flat=True))
    # An order takes as many codes as it has steps, so a step is one code.
    if sum(worth) != listing.face_value_cents or set(worth) != {listing.step_cents}:
        raise CodesMissing


def approve(listing: Listing, *, actor: Person, reason: str) -> None:
    """Put an offer on the market; its newest consent counts as examined."""
    with transaction.atomic():
        require_moderator(listing, actor)
        _require_unexpired(listing)
        consent = listing.consents.first()
        if consent:
            Consent.objects.filter(pk=consent.pk).update(accepted_at=Now(), accepted_by=actor)
        permission.require_permitted(listing)
        # Only what the moderator has read: not what was handed in since.
        read = Q(status_since=listing.status_since)
        machine.advance(
            listing,
            S.LIVE,
            kind="approved",
            actor=actor,
            note=reason,
            only_if=read,
            seller_rank=ranks.rank_of(listing.seller),
        )
        alerts.announce(listing)
        announce(listing, actor, "listing_approved", reason)


def reject(listing: Listing, *, actor: Person, reason: str) -> None:
    """Send an offer back to its seller, with what must change."""
    with transaction.atomic():
        require_moderator(listing, actor)
        machine.advance(listing, S.REJECTED, kind="rejected", actor=actor, note=reason)
        announce(listing, actor, "listing_rejected", reason)


def remove(listing: Listing, *, actor: Person, reason: str) -> None:
    """Take an offer off the market for good. Orders under way go on."""
    with transaction.atomic():
        require_moderator(listing, actor)
        machine.advance(listing, S.REMOVED, kind="removed", actor=actor, note=reason)
        vault.void(listing)
        announce(listing, actor, "listing_removed", reason)


def require_moderator(listing: Listing, actor: Person) -> None:
    """Raises NotAllowed for whoever may not decide on this offer."""
    if not actor.is_staff or actor.pk == listing.seller_id:
        raise NotAllowed("Nobody decides on their own offer.")


def announce(listing: Listing, actor: Person, kind: str, reason: str) -> None:
    """Write a decision on an offer down, and tell its seller."""
    audit.record(actor=actor, act=kind, subject=f"listing:{listing.pk}", reason=reason)
    event = listing.events.order_by("-id").values_list("id", flat=True)[0]
    notify(
        person=listing.seller,
        kind=kind,
        key=f"{kind}:{event}",
        url=listing.get_absolute_url(),
        title=listing.title,
        reason=reason,
    )


def pause(listing: Listing, *, actor: Person) -> Listing:
    """Take an offer off the market for a while."""
    return _move(listing, S.PAUSED, kind="paused", actor=actor)


def resume(listing: Listing, *, actor: Person) -> Listing:
    """Put a paused offer back. Raises Restricted or WrongState."""
    with transaction.atomic():
        listing = own(listing, actor)
        if listing.status != S.PAUSED:
            raise WrongState
        restrictions.require_free(actor, Restriction.Kind.SELLING)
        _require_unexpired(listing)
        permission.require_permitted(listing)
        machine.advance(listing, S.LIVE, kind="resumed", actor=actor)
        alerts.announce(listing)
    return listing


def withdraw(listing: Listing, *, actor: Person) -> Listing:
    """Take an offer back for good; its unsold codes are free to be offered again."""
    with transaction.atomic():
        listing = _move(listing, S.WITHDRAWN, kind="withdrawn", actor=actor)
        vault.void(listing)
    return listing


def _move(listing: Listing, to: str, *, kind: str, actor: Person) -> Listing:
    with transaction.atomic():
        listing = own(listing, actor)
        machine.advance(listing, to, kind=kind, actor=actor)
    return listing


def own(listing: Listing, actor: Person) -> Listing:
    """The row, locked, if it is the actor's."""
    listing = Listing.objects.select_for_update(no_key=True).get(pk=listing.pk)
    if listing.seller_id != actor.pk:
        raise NotAllowed
    return listing
