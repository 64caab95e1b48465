"""Whether an offer may be on the market as its provider's terms are today.

Where they need it, that hangs on the provider's written consent, examined and not run out. Terms
change and consents run out while offers are live: `pause_due` then takes them off the market and
tells their sellers and whoever watches them. Orders under way keep what was agreed.
"""

from datetime import UTC
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now, TruncDate

from accounts.notifications import notice, notify_all
from listings.lifecycle import machine
from listings.models import Consent, Listing, ListingEvent, Listings, ListingStatus
from listings.refusals import ConsentMissing
from providers.models import Provider
from providers.vocabulary import ResalePolicy

S = ListingStatus
BATCH = 200
TODAY = TruncDate(Now(), tzinfo=UTC)
LASTING = Q(valid_until=None) | Q(valid_until__gte=TODAY)


def _examined() -> "QuerySet[Consent]":
    """Consents that count today."""
    return Consent.objects.filter(LASTING, accepted_at__isnull=False)


def require_permitted(listing: Listing) -> None:
    """Raises ConsentMissing where a consent is needed and none counts today.

    The provider's row is locked, so that its terms do not change before the offer is live.
    """
    assert connection.in_atomic_block
    provider = Provider.objects.select_for_update(no_key=True).get(pk=listing.provider_id)
    if provider.needs_consent and not _examined().filter(listing=listing).exists():
        raise ConsentMissing


def _forbidden() -> Listings:
    """Live offers whose provider's terms need a consent that they do not have."""
    return Listing.objects.filter(
        ~Exists(_examined().filter(listing=OuterRef("pk"))),
        ~Q(provider__resale_policy=ResalePolicy.ALLOWED),
        status=S.LIVE,
    )


def pause_due() -> int:
    """Take off the market what may no longer be on it; returns how many."""
    return _pause_by_terms() + _pause_by_time()


def _pause_by_terms() -> int:
    """After the terms of a provider were decided on anew."""
    done = 0
    for provider in Provider.objects.exclude(policy_in_effect=F("resale_policy")):
        found = _forbidden().filter(provider=provider).order_by("created_at", "pk")
        keys = list(found.values_list("pk", flat=True)[:BATCH])
        done += sum(pause_forbidden(key) for key in keys)
        if len(keys) < BATCH:
            # Unless somebody decided otherwise meanwhile.
            same = Provider.objects.filter(pk=provider.pk, resale_policy=provider.resale_policy)
            same.update(policy_in_effect=provider.resale_policy)
    return done


def _pause_by_time() -> int:
    """After the last day of a consent."""
    over = Consent.objects.filter(accepted_at__isnull=False, ran_out_at=None, valid_until__lt=TODAY)
    done = 0
    for consent in list(over.order_by("valid_until", "pk")[:BATCH]):
        with transaction.atomic():
            if over.filter(pk=consent.pk).update(ran_out_at=Now()):
                done += pause_forbidden(consent.listing_id)
    return done


@transaction.atomic
def pause_forbidden(key: UUID) -> bool:
    """Pause this offer if it is live and may not be; whether it was."""
    rows = _forbidden().select_for_update(no_key=True, of=("self",)).select_related("provider")
    listing = rows.filter(pk=key).first()
    if listing is None:
        return False
    ran_out = listing.consents.filter(accepted_at__isnull=False).exists()
    why = (
        f"The consent of {listing.provider.name} has run out."
        if ran_out
        else f"The terms of {listing.provider.name} now need its written consent."
    )
    machine.advance(listing, S.PAUSED, kind="not_permitted", actor=None, note=why)
    event = ListingEvent.objects.filter(listing=listing).latest("pk").pk
    told = {"title": listing.title, "provider": listing.provider.name, "why": why}
    watching = listing.watches.filter(person__is_active=True).values_list("person_id", flat=True)
    people = [(listing.seller_id, "listing_not_permitted")]
    people += [(person, "alert_paused") for person in watching if person != listing.seller_id]
    notify_all(
        [
            notice(
                person_id=person,
                kind=kind,
                key=f"{kind}:{event}:{person}",
                url=listing.get_absolute_url(),
                **told,
            )
            for person, kind in people
        ]
    )
    return True
