"""What the benchmarks trade with: the demo's offers to browse, and uniform ones to buy."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import cycle
from uuid import UUID, uuid4

from django.core.cache import cache
from django.db import connection
from django.db.models import Count
from django.utils import timezone

from accounts.models import Person, Standing
from listings import facets, meetings
from listings.models import Listing, ListingEvent, ListingStatus
from marketplace.demo.bulk import Loader
from marketplace.demo.people import create_people
from payments.models import PayoutAccount
from providers.models import Provider
from providers.vocabulary import ResalePolicy, TransferMethod

SELLERS, BUYERS = 200, 2000
# Far from every other number in a statement, so that a recorded one can be put to another person.
FIRST_SELLER, FIRST_BUYER = 50_000_000, 60_000_000
LOT_CENTS = 10_00
HISTORY = (
    ("drafted", "", ListingStatus.DRAFT),
    ("submitted", ListingStatus.DRAFT, ListingStatus.IN_REVIEW),
    ("approved", ListingStatus.IN_REVIEW, ListingStatus.LIVE),
)


def offers(count: int) -> None:
    """Live offers, as `manage.py seed_demo --listings` loads them, cleaned up as by the night and
    counted as by the sweeps."""
    Loader(create_people(), seed=1).load(count)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE listings_listing")
    cache.delete(facets.KEY)
    facets.count_due()
    meetings.look_due()


def _people(count: int, *, first: int) -> list[Person]:
    numbers = range(first, first + count)
    # The number is in the address too, and so is changed wherever a recording mentions either.
    mailboxes = [f"person{number}@bench.example" for number in numbers]
    return Person.objects.bulk_create(
        Person(pk=number, email=mailbox, canonical_email=mailbox, password="!")
        for number, mailbox in zip(numbers, mailboxes, strict=True)
    )


def sellers() -> list[Person]:
    """Sellers who can be paid, and whose finished trades are counted already."""
    people = _people(SELLERS, first=FIRST_SELLER)
    Standing.objects.bulk_create(Standing(person=person) for person in people)
    PayoutAccount.objects.bulk_create(
        PayoutAccount(person=person, remote_id=f"acct_bench{person.pk}", ready=True)
        for person in people
    )
    return people


def buyers() -> list[Person]:
    """Enough of them that none holds many open orders."""
    return _people(BUYERS, first=FIRST_BUYER)


def numbered(number: int | str) -> str:
    """The id of an offer that can be named by a number of twelve digits."""
    return f"00000000-0000-4000-9000-{number}"


def uniform(count: int, *, of: Sequence[Person], lots: int, first_number: int = 0) -> list[UUID]:
    """Offers alike in all but id and seller, each of so many lots, approved as they must be.

    With `first_number` their ids are numbered from there on.
    """
    provider = Provider.objects.filter(resale_policy=ResalePolicy.ALLOWED)[0]
    rows = Listing.objects.bulk_create(
        Listing(
            id=UUID(numbered(first_number + number)) if first_number else uuid4(),
            seller=seller,
            provider=provider,
            title="Credit of a finished project",
            face_value_cents=lots * LOT_CENTS,
            available_cents=lots * LOT_CENTS,
            min_order_cents=LOT_CENTS,
            step_cents=LOT_CENTS,
            discount_bp=4000,
            expires_on=timezone.now().date() + timedelta(days=300),
            transfer_method=TransferMethod.BALANCE_TRANSFER,
            status=ListingStatus.LIVE,
        )
        for seller, number in zip(cycle(of), range(count), strict=False)
    )
    moderator = create_people()["moderator@example.com"]
    ListingEvent.objects.bulk_create(
        ListingEvent(listing=row, kind=kind, from_status=before, to_status=after, actor=moderator)
        for row in rows
        for kind, before, after in HISTORY
    )
    return [row.pk for row in rows]


def widest_provider() -> str:
    """The provider with the most live offers."""
    counted = Listing.objects.live().values("provider_id").annotate(offers=Count("pk"))
    return str(counted.order_by("-offers", "provider_id")[0]["provider_id"])
