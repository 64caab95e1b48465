"""Consent documents: checked by content, made harmless, kept private."""

import hashlib
import io
from datetime import UTC, date
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Person
from accounts.refusals import Invalid, WrongState
from listings.lifecycle import EDITABLE, machine
from listings.models import Consent, Listing, Listings, ListingStatus
from listings.permission import LASTING
from listings.pictures import re_encoded
from listings.publishing import announce, own, require_moderator
from providers.secret_patterns import find_secrets

MOST_PAGES = 50
# A paused offer may need another one: its terms changed, or the old one ran out.
TAKING = (*EDITABLE, ListingStatus.PAUSED)


def attach(
    listing: Listing, *, actor: Person, upload: UploadedFile, valid_until: date | None = None
) -> Consent:
    """Keep a provider's written consent with an offer that is not live; `valid_until`: its last
    day, if it names one. Raises Invalid naming `document` or `valid_until`.
    """
    content, kind = _checked(upload)
    if valid_until and valid_until < timezone.now().astimezone(UTC).date():
        raise Invalid("valid_until", "This day has passed: the consent has run out.")
    with transaction.atomic():
        listing = own(listing, actor)
        if listing.status not in TAKING:
            raise WrongState
        consent = Consent(
            listing=listing,
            valid_until=valid_until,
            original_name=(upload.name or "document")[-120:],
            content_type=f"application/{kind}" if kind == "pdf" else f"image/{kind}",
            digest=hashlib.sha256(content).hexdigest(),
        )
        consent.document.save(f"{listing.pk}.{kind}", ContentFile(content), save=True)
        machine.remark(listing, kind="consent_attached", actor=actor, note=consent.digest)
    return consent


def accept(listing: Listing, *, actor: Person, reason: str) -> None:
    """The newest consent of a paused offer counts as examined; its seller may resume it.

    Raises WrongState where it was decided on, or has run out.
    """
    _decide(listing, actor, reason, "accepted", accepted_at=Now(), accepted_by=actor)


def refuse(listing: Listing, *, actor: Person, reason: str) -> None:
    """The newest consent of a paused offer does not do; its seller may hand in another."""
    _decide(listing, actor, reason, "refused", refused_at=Now())


def waiting() -> Listings:
    """Paused offers with a consent `to_examine`."""
    newer = Consent.objects.filter(listing=OuterRef("listing"), pk__gt=OuterRef("pk"))
    undecided = Consent.objects.filter(~Exists(newer), accepted_at=None, refused_at=None)
    paused = Listing.objects.filter(status=ListingStatus.PAUSED)
    return paused.filter(pk__in=undecided.values("listing"))


def to_examine(listing: Listing) -> Consent | None:
    """The newest consent of a paused offer, while nobody has decided on it."""
    newest = listing.consents.first() if listing.status == ListingStatus.PAUSED else None
    return newest if newest and not (newest.accepted_at or newest.refused_at) else None


@transaction.atomic
def _decide(listing: Listing, actor: Person, reason: str, what: str, **decided: Any) -> None:
    require_moderator(listing, actor)
    listing = Listing.objects.select_for_update(no_key=True).get(pk=listing.pk)
    newest = to_examine(listing)
    undecided = Consent.objects.filter(accepted_at=None, refused_at=None)
    if what == "accepted":
        undecided = undecided.filter(LASTING)
    if newest is None or not undecided.filter(pk=newest.pk).update(**decided):
        raise WrongState
    machine.remark(listing, kind=f"consent_{what}", actor=actor, note=reason)
    announce(listing, actor, f"listing_consent_{what}", reason)


def _checked(upload: UploadedFile) -> tuple[bytes, str]:
    """The content and its kind, from what it is rather than from what it is called."""
    if not upload.size or upload.size > settings.UPLOAD_LIMIT_BYTES:
        limit = settings.UPLOAD_LIMIT_BYTES // 1024 // 1024
        raise Invalid("document", f"Attach a file of at most {limit} MB that is not empty.")
    raw = upload.read()
    if raw.startswith(b"%PDF-"):
        return _checked_pdf(raw), "pdf"
    content, kind, _pixels = re_encoded(raw, field="document", otherwise="a PDF, PNG or JPEG file")
    return content, kind


def _checked_pdf(raw: bytes) -> bytes:
    """Its pages alone, written anew: no scripts, attachments or tail come along."""
    # A tenth of the time in which a process starts, and few ever need it.
    from pypdf import PdfReader, PdfWriter

    try:
        reader = PdfReader(io.BytesIO(raw))
        if reader.is_encrypted or not 0 < len(reader.pages) <= MOST_PAGES:
            raise Invalid("document", f"Attach an open PDF of at most {MOST_PAGES} pages.")
        text = "\n".join(page.extract_text() for page in reader.pages)
        writer, written = PdfWriter(), io.BytesIO()
        for page in reader.pages:
            for active in ("/Annots", "/AA"):
                page.pop(active, None)
            writer.add_page(page)
        writer.write(written)
    except Invalid:
        raise
    except Exception as error:  # whatever a broken file makes the library stumble over
        raise Invalid("document", "This PDF cannot be read.") from error
    if find_secrets(text):
        raise Invalid("document", "This document contains a key. Black it out first.")
    return written.getvalue()
