"""Consent documents: checked by content, made harmless, kept private."""

import hashlib
import io

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from accounts.models import Person
from accounts.refusals import Invalid, WrongState
from listings.lifecycle import EDITABLE, machine
from listings.models import Consent, Listing
from listings.pictures import re_encoded
from listings.publishing import own
from providers.secret_patterns import find_secrets

MOST_PAGES = 50


def attach(listing: Listing, *, actor: Person, upload: UploadedFile) -> Consent:
    """Keep a provider's written consent with a draft. Raises Invalid naming `document`."""
    content, kind = _checked(upload)
    with transaction.atomic():
        listing = own(listing, actor)
        if listing.status not in EDITABLE:
            raise WrongState
        consent = Consent(
            listing=listing,
            original_name=(upload.name or "document")[-120:],
            content_type=f"application/{kind}" if kind == "pdf" else f"image/{kind}",
            digest=hashlib.sha256(content).hexdigest(),
        )
        consent.document.save(f"{listing.pk}.{kind}", ContentFile(content), save=True)
        machine.remark(listing, kind="consent_attached", actor=actor, note=consent.digest)
    return consent


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
