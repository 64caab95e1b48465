"""Telling people of offers that they wait for: by saved searches, and by offers they watch.

What comes to the market or becomes cheaper leaves a `News` row in the same transaction; a sweep
compares it with all saved searches in one indexed query, however many there are.
"""

from django.db import connection, transaction
from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.urls import reverse
from django.utils import timezone

from accounts.models import Notification, Person
from listings.models import Listing, ListingStatus, News, SavedSearch, Watch
from listings.saved import START

BATCH = 1000
# What an offer says, with the name of its provider: people look for that too.
SAID = """
    SELECT (search || to_tsvector('simple', %s))::text,
           tsvector_to_array(search || to_tsvector('simple', %s))
    FROM listings_listing WHERE id = %s"""
FITS = "text_query = '' OR %s::tsvector @@ text_query::tsquery"


def announce(listing: Listing) -> None:
    """Record that an offer came to the market, or became cheaper, for whoever waits for it."""
    assert connection.in_atomic_block
    News.objects.create(listing=listing)


def tell_due(limit: int = 100) -> int:
    """Tell of what is new; returns how many notices were written."""
    told = 0
    for key in list(News.objects.order_by("id").values_list("pk", flat=True)[:limit]):
        with transaction.atomic():
            rows = News.objects.select_for_update(skip_locked=True, of=("self",))
            news = rows.select_related("listing__provider").filter(pk=key).first()
            if news is None:
                continue
            told += _tell(news.listing)
            news.delete()
    return told


def _tell(listing: Listing) -> int:
    if listing.status != ListingStatus.LIVE:
        return 0
    found = _searchers(listing) + _watchers(listing)
    Notification.objects.bulk_create(found, batch_size=BATCH, ignore_conflicts=True)
    return len(found)


def _searchers(listing: Listing) -> list[Notification]:
    """One notice for each person, whichever of their searches it fits; never twice for an offer."""
    fitting = matching(listing).order_by("person_id", "id").distinct("person_id")
    return [
        _notice(listing, person, kind="alert_match", key=f"alert:{person}:{listing.pk}", of=words)
        for person, words in fitting.values_list("person_id", "words")
    ]


def matching(listing: Listing) -> QuerySet[SavedSearch]:
    """The saved searches of other people that this offer fits."""
    provider = listing.provider
    name = f"{provider.name} {provider.slug}"
    with connection.cursor() as cursor:
        cursor.execute(SAID, [name, name, listing.pk])
        text, words = cursor.fetchone()
    starts = {word[:length] for word in words for length in range(1, START + 1)}
    return (
        SavedSearch.objects.annotate(fits=RawSQL(FITS, [text], output_field=BooleanField()))  # noqa: S611
        .filter(
            Q(expires_after=None) | Q(expires_after__lt=listing.expires_on),
            provider__in=["", provider.slug],
            start__in=["", *starts],
            method__in=["", listing.transfer_method],
            category__in=["", provider.category],
            proof__in=["", *provider.ladder[:1]],
            least_days_left__lte=(listing.expires_on - timezone.now().date()).days,
            least_seller_rank__lte=listing.seller_rank,
            least_discount_bp__lte=listing.discount_bp,
            greatest_discount_bp__gte=listing.discount_bp,
            least_available_cents__lte=listing.available_cents,
            greatest_price_cents__gte=listing.price_cents,
            person__is_active=True,
            fits=True,
        )
        .exclude(person=listing.seller_id)
    )


def _watchers(listing: Listing) -> list[Notification]:
    """Those who saw it at a smaller discount; from now on they have seen this one."""
    dearer = Watch.objects.filter(
        listing=listing, discount_bp__lt=listing.discount_bp, person__is_active=True
    )
    people = list(dearer.values_list("person_id", flat=True))
    dearer.update(discount_bp=listing.discount_bp)
    mark = f"{listing.pk}:{listing.discount_bp}"
    return [
        _notice(listing, person, kind="alert_cheaper", key=f"watch:{person}:{mark}")
        for person in people
    ]


def _notice(listing: Listing, person: int, *, kind: str, key: str, of: str = "") -> Notification:
    context = {
        "title": listing.title,
        "provider": listing.provider.name,
        "price_cents": listing.price_cents,
        "face_value_cents": listing.available_cents,
        "discount_bp": listing.discount_bp,
        "currency": listing.currency,
        "search": of,
        "url": listing.get_absolute_url(),
        "more": reverse("listings:kept"),
    }
    return Notification(person_id=person, kind=kind, key=key, context=context)


def watch(person: Person, listing: Listing) -> None:
    """Keep an eye on an offer: its watcher hears when it becomes cheaper."""
    Watch.objects.get_or_create(
        person=person, listing=listing, defaults={"discount_bp": listing.discount_bp}
    )


def unwatch(person: Person, listing: Listing) -> None:
    """Do not hear of it any more."""
    Watch.objects.filter(person=person, listing=listing).delete()
