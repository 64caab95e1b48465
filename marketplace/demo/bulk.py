"""Live offers in any number, loaded by COPY: for trying the site out at its full size."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Person
from listings import meetings, ranks
from listings.models import Listing
from marketplace.demo.consent import consent_document
from marketplace.demo.offers import APPROVER, NAMESPACE, read_words
from providers.models import Provider
from providers.vocabulary import TransferMethod

CHUNK = 20_000
DOCUMENT = "consents/demo-bulk.pdf"
APART = timedelta(seconds=20)

LISTING = (
    "id seller_id provider_id title description currency face_value_cents min_order_cents "
    "step_cents discount_bp expires_on region transfer_method status status_since created_at "
    "available_cents reserved_cents sold_cents seller_rank"
)
EVENT = "listing_id at kind from_status to_status actor_id note"
CONSENT = (
    "listing_id document original_name content_type digest handed_in_at accepted_at accepted_by_id"
)
STEPS = (("drafted", "", "draft"), ("submitted", "draft", "in_review"))


class Loader:
    """Rows that follow from a seed and a number alone, so that a second load finds the first."""

    def __init__(self, people: dict[str, Person], *, seed: int) -> None:
        self.seed = seed
        self.sellers = [person.pk for email, person in people.items() if "seller" in email]
        self.ranks = {person.pk: ranks.rank_of(person) for person in people.values()}
        self.moderator = people[APPROVER].pk
        self.words = read_words()
        self.providers = [
            (provider, methods)
            for provider in Provider.objects.current().order_by("slug")
            if (methods := sorted(set(provider.transfer_methods) - {TransferMethod.REDEEM_CODE}))
        ]
        self.consenting = {p.slug for p, _ in self.providers if p.needs_consent}
        self.now = timezone.now()

    def load(self, count: int) -> int:
        """Make sure that `count` of them exist; returns how many were new."""
        first = self._existing(count)
        if first == count:
            return 0
        self.digest = self.keep_document()
        for start in range(first, count, CHUNK):
            with transaction.atomic():
                self._copy(range(start, min(start + CHUNK, count)))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE listings_listing, listings_listingevent, listings_consent")
        meetings.forget()
        return count - first

    def _existing(self, count: int) -> int:
        """How many are there: they are loaded in order, so the first gap is found by halving."""
        low, high = 0, count
        while low < high:
            middle = (low + high) // 2
            if Listing.objects.filter(pk=self._id(middle)).exists():
                low = middle + 1
            else:
                high = middle
        return low

    def _id(self, number: int) -> UUID:
        return uuid5(NAMESPACE, f"bulk:{self.seed}:{number}")

    @staticmethod
    def keep_document() -> str:
        """Keep the consent that all made-up offers share; returns its digest."""
        content = consent_document(
            provider="Every provider", seller="the demo sellers", amount="$10,000"
        )
        if not default_storage.exists(DOCUMENT):
            default_storage.save(DOCUMENT, ContentFile(content))
        return sha256(content).hexdigest()

    def _copy(self, numbers: range) -> None:
        rows = [self._listing(number) for number in numbers]
        _copy_into("listings_listing", LISTING, rows)
        _copy_into("listings_listingevent", EVENT, self._events(rows))
        document = (DOCUMENT, "consent.pdf", "application/pdf", self.digest)
        consents = (
            (row[0], *document, row[15], row[14], self.moderator)
            for row in rows
            if row[2] in self.consenting
        )
        _copy_into("listings_consent", CONSENT, consents)

    def _listing(self, number: int) -> tuple[Any, ...]:
        """The terms: each is a digit of the id, read as a number in a mixed base."""
        key = self._id(number)
        digits = Digits(key.int)
        provider, methods = digits.one_of(self.providers)
        unit, steps = digits.one_of((10_00, 25_00, 50_00)), digits.below(96) + 4
        created = self.now - timedelta(hours=1) - number * APART
        face_value = unit * steps
        return (
            key,
            (seller := digits.one_of(self.sellers)),
            provider.slug,
            f"{provider.name}: {digits.one_of(self.words['titles'])}",
            " ".join(digits.one_of(part) for part in self.words["sentences"]),
            "USD",
            face_value,
            unit,
            unit,
            3000 + digits.below(401) * 10,
            (self.now + timedelta(days=30 + digits.below(700))).date(),
            digits.one_of(self.words["regions"]),
            digits.one_of(methods),
            "live",
            created + APART,
            created,
            face_value,
            0,
            0,
            self.ranks[seller],
        )

    def _events(self, rows: list[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        for row in rows:
            for kind, before, after in STEPS:
                yield row[0], row[15], kind, before, after, row[1], ""
            yield row[0], row[14], "approved", "in_review", "live", self.moderator, "In order."


class Digits:
    """A large number as a source of small ones, each independent of the others."""

    def __init__(self, number: int) -> None:
        self.rest = number

    def below(self, bound: int) -> int:
        self.rest, digit = divmod(self.rest, bound)
        return digit

    def one_of(self, things: Any) -> Any:
        return things[self.below(len(things))]


def _copy_into(table: str, columns: str, rows: Iterable[tuple[Any, ...]]) -> None:
    names = ", ".join(columns.split())
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
