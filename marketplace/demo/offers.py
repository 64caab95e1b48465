"""The demo offers: read from `offers.toml`, and published the way sellers publish."""

import random
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Notification, Person
from listings import consents, publishing
from listings.forms import ListingForm
from listings.models import Listing, ListingStatus
from marketplace.demo.consent import consent_document
from providers.vocabulary import TransferMethod

S = ListingStatus
DATA = Path(__file__).parent / "offers.toml"
NAMESPACE = UUID("6f0a5c1e-9d0b-4f43-8a57-7d1f3c2b9e10")
# No letters or digits that are mistaken for others.
CODE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
APPROVER = "moderator@example.com"


def read_offers() -> list[dict[str, Any]]:
    """Every offer of the file, with the defaults filled in."""
    with DATA.open("rb") as file:
        content = tomllib.load(file)
    return [content["defaults"] | offer for offer in content["offers"]]


def read_words() -> dict[str, Any]:
    """The parts of which the text of bulk offers is made."""
    with DATA.open("rb") as file:
        words: dict[str, Any] = tomllib.load(file)["words"]
    return words


def publish_offers(people: dict[str, Person], *, seed: int) -> int:
    """Bring each offer that is not there yet to its state; returns how many were new."""
    offers = {uuid5(NAMESPACE, offer["key"]): offer for offer in read_offers()}
    known = set(Listing.objects.filter(pk__in=offers).values_list("pk", flat=True))
    order = list(offers.items())
    # The newest come first on the front page: some of each kind, not all of the last.
    random.Random(seed).shuffle(order)  # noqa: S311
    for key, offer in order:
        if key not in known:
            _publish(key, offer, people, seed)
    return len(offers) - len(known)


@transaction.atomic
def _publish(key: UUID, offer: dict[str, Any], people: dict[str, Person], seed: int) -> None:
    seller, moderator = people[offer["seller"]], people[APPROVER]
    form = ListingForm(_terms(offer, seed))
    assert form.is_valid(), f"{offer['key']}: {form.errors.as_json()}"
    terms = {"id": key, **form.cleaned_data}
    codes = terms.pop("codes")
    listing = publishing.draft(seller=seller, terms=terms, codes=codes)
    if offer["status"] == S.DRAFT:
        return
    if listing.provider.needs_consent:
        consents.attach(listing, actor=seller, upload=_consent(listing))
    publishing.submit(listing, actor=seller)
    listing.refresh_from_db()
    if offer["status"] == S.REJECTED:
        publishing.reject(listing, actor=moderator, reason=offer["reason"])
    elif offer["status"] != S.IN_REVIEW:
        publishing.approve(listing, actor=moderator, reason="The terms and the proof agree.")
    if offer["status"] == S.PAUSED:
        publishing.pause(listing, actor=seller)
    # Old news: nobody is to get fifty mails on the first day.
    Notification.objects.filter(context__url=listing.get_absolute_url()).update(
        mail_due_at=None, read_at=Now()
    )


def _terms(offer: dict[str, Any], seed: int) -> dict[str, Any]:
    """An offer of the file as the data of its form. Amounts are in dollars there."""
    face_value_cents, count = offer["face_value"] * 100, offer["codes"]
    data = {
        "provider": offer["provider"],
        "program": offer["program"],
        "title": offer["title"],
        "description": offer["description"],
        "currency": "USD",
        "face_value_cents": face_value_cents,
        "min_order_cents": (offer["min_order"] or offer["face_value"]) * 100,
        "step_cents": offer["step"] * 100 or None,
        "discount_bp": int(offer["discount"] * 100),
        "expires_on": timezone.now().date() + timedelta(days=offer["expires_in_days"]),
        "region": offer["region"],
        "transfer_method": offer["transfer_method"],
    }
    if offer["transfer_method"] == TransferMethod.REDEEM_CODE:
        worth = face_value_cents // count
        data |= {"min_order_cents": worth, "step_cents": worth}
        data["codes"] = [
            {"code": code, "face_value_cents": worth} for code in _codes(offer["key"], count, seed)
        ]
    return data


def _codes(key: str, count: int, seed: int) -> list[str]:
    """Codes that look like codes: the same for the same seed, different for every offer."""
    chance = random.Random(f"{seed}:{key}")  # noqa: S311 (made up, and meant to be repeatable)
    parts = ["".join(chance.choices(CODE_ALPHABET, k=4)) for _ in range(3 * count)]
    return [f"DEMO-{'-'.join(parts[3 * n : 3 * n + 3])}" for n in range(count)]


def _consent(listing: Listing) -> SimpleUploadedFile:
    content = consent_document(
        provider=listing.provider.name,
        seller=listing.seller.public_name,
        amount=f"${listing.face_value_cents // 100:,}",
    )
    return SimpleUploadedFile(
        f"consent-{listing.provider_id}.pdf", content, content_type="application/pdf"
    )
