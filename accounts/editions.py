"""Editions of documents: which one counts, what a text may be before it is read, and adding one.

What a document says is checked further right: `providers.editing`, `orders.editing`.
"""

import hashlib
import tomllib
from datetime import UTC, date, datetime, time
from typing import Any

from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from accounts import audit
from accounts.models import Document, Edition, Person
from accounts.refusals import Invalid, WrongState

# Four times the longest of our files. Reading TOML takes long where a line has a thousand dots, or
# a text thousands of brackets.
MOST_CHARACTERS, MOST_LINES, LONGEST_LINE, MOST_DOTS = 100_000, 3_000, 2_000, 100


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def in_force(*names: str, kind: str = "") -> dict[str, Edition]:
    """The edition that counts of each of these documents, or of all of a kind, by the database's
    clock; in one query. Those of which the file counts are not among them.
    """
    begun = Edition.objects.filter(begins_at__lte=Now())
    begun = begun.filter(document__kind=kind) if kind else begun.filter(document__in=names)
    newest = begun.order_by("document_id", "-begins_at", "-id").distinct("document_id")
    return {edition.document_id: edition for edition in newest}


def in_force_at(name: str, moment: datetime) -> Edition | None:
    """The edition that counted at a moment that has passed, None where the file did."""
    return Edition.objects.filter(document=name, begins_at__lte=moment).first()


def newest_in_force(kind: str) -> dict[str, int]:
    """The numbers of the editions that count, without their texts."""
    begun = Edition.objects.filter(document__kind=kind, begins_at__lte=Now())
    newest = begun.order_by("document_id", "-begins_at", "-id").distinct("document_id")
    return dict(newest.values_list("document", "pk"))


def made_over() -> list[tuple[Document, str]]:
    """Every document of which an edition counts, with the hash of the file it was made over."""
    begun = Edition.objects.filter(begins_at__lte=Now()).select_related("document").defer("text")
    newest = begun.order_by("document_id", "-begins_at", "-id").distinct("document_id")
    return [(edition.document, edition.file_digest) for edition in newest]


def all_of(name: str) -> QuerySet[Any]:
    """All editions of a document, the latest beginning first, each with whether it has begun."""
    begun = ExpressionWrapper(Q(begins_at__lte=Now()), BooleanField())
    rows = Edition.objects.filter(document=name).select_related("by", "agreed_by", "before")
    return rows.annotate(has_begun=begun)


def parse(text: str) -> dict[str, Any]:
    """The text as TOML. Raises Invalid, with the line, for what is none or takes long to read."""
    lines = text.split("\n")
    if len(text) > MOST_CHARACTERS or len(lines) > MOST_LINES:
        raise Invalid(
            "text", f"At most {MOST_CHARACTERS:,} characters in at most {MOST_LINES:,} lines."
        )
    for number, line in enumerate(lines, start=1):
        if len(line) > LONGEST_LINE:
            raise Invalid("text", f"Line {number} has more than {LONGEST_LINE:,} characters.")
        if line.count(".") > MOST_DOTS:
            raise Invalid("text", f"Line {number} has more than {MOST_DOTS} dots.")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise Invalid("text", "There are too many brackets within brackets.") from None
    except ValueError as error:  # a number can be too long for Python, which is no TOML error
        raise Invalid("text", f"This is not TOML: {error}.") from None


def publish(
    document: Document,
    *,
    actor: Person,
    second: Person | None,
    text: str,
    file_text: str,
    begins_on: date | None,
    reason: str,
) -> Edition | None:
    """Add an edition that counts from the beginning of a day on (UTC), at once if none is said.

    The text has been checked. Without a second person it is a rehearsal: everything is refused that
    would be refused, and nothing written. Raises Invalid for a day that has passed, WrongState
    where the text counts already.
    """
    now = timezone.now()
    if begins_on and begins_on < now.astimezone(UTC).date():
        raise Invalid("begins_on", "That day has passed. Leave it empty to begin at once.")
    begins_at = datetime.combine(begins_on, time(), UTC) if begins_on else now
    with transaction.atomic():
        # One at a time, or two would each name the same one before them.
        Document.objects.select_for_update(no_key=True).get(pk=document.pk)
        newest = document.editions.order_by("-id").first()
        counts = in_force(document.pk).get(document.pk)
        if text == (counts.text if counts else file_text) and begins_at <= now:
            raise WrongState("This is what it says already.")
        if second is None:
            return None
        edition = Edition(document=document, text=text, digest=digest_of(text), before=newest)
        edition.file_digest = digest_of(file_text) if file_text else ""
        edition.by, edition.agreed_by, edition.reason = actor, second, reason
        edition.begins_at = Now() if begins_at <= now else begins_at
        edition.save(force_insert=True)
        audit.record(
            actor=actor,
            act="edition_published",
            subject=f"document:{document.pk}",
            reason=reason,
            edition=edition.pk,
            digest=edition.digest,
            agreed_by=second.pk,
            begins_on=begins_on.isoformat() if begins_on else "",
        )
    return edition
