"""Rows for tests, made the way the site makes them, so that the audit stays clean."""

import io
import time
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from itertools import count
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.contrib.auth.hashers import make_password
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone
from pypdf import PdfWriter

from accounts.models import Person, Standing
from listings import alerts, checks, consents, publishing, ranks, vault
from listings.lifecycle import machine
from listings.models import Listing, ListingEvent, ListingStatus
from listings.vault import Deposit
from payments.models import PayoutAccount
from providers.models import Provider, UnitPrice
from providers.vocabulary import Category, Confidence, ResalePolicy, Rung, TransferMethod

PASSWORD = "a-long-test-password"
APPROVED = "In order."
# What an offer can only become that was live.
AFTER_LIVE = {
    ListingStatus.LIVE,
    ListingStatus.PAUSED,
    ListingStatus.SOLD_OUT,
    ListingStatus.EXPIRED,
    ListingStatus.REMOVED,
}
_numbers = count(1)


@cache
def _hashed() -> str:
    return make_password(PASSWORD)


def a_person(email: str = "", *, name: str = "", **fields: Any) -> Person:
    """Somebody with a verified address; the password is `PASSWORD`."""
    email = email or f"person{next(_numbers)}@example.com"
    if fields.get("is_staff"):
        fields.setdefault("role", "admin" if fields.get("is_superuser") else "moderator")
    person = Person(email=email, name=name, password=_hashed(), **fields)
    person.save()
    EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)
    return person


TOTP_SECRET = "TESTSTESTSTESTSTESTSTESTSTESTSTE"


def a_second_factor(person: Person) -> Person:
    """An authenticator app whose secret is `TOTP_SECRET`, and recovery codes."""
    TOTP.activate(person, TOTP_SECRET)
    RecoveryCodes.activate(person)
    return person


def code_now(steps: int = 0, *, secret: str = TOTP_SECRET) -> str:
    """What an authenticator app shows, or will show so many half minutes later."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def a_seller(email: str = "", **fields: Any) -> Person:
    """Somebody who can be paid, as far as our tables say; the processor has no such account."""
    person = a_person(email, **fields)
    PayoutAccount.objects.create(person=person, remote_id=f"acct_test{person.pk}", ready=True)
    return person


def a_moderator() -> Person:
    """One who decides on everything that a factory makes."""
    email = "approver@example.com"
    return Person.objects.filter(email=email).first() or a_person(
        email, name="Approver", is_staff=True
    )


def a_provider(slug: str = "acme", **facts: Any) -> Provider:
    """The provider of that name; its terms allow resale and its credit moves in every way."""
    defaults = {
        "name": slug.replace("-", " ").title(),
        "homepage": f"https://{slug}.example",
        "category": Category.GPU,
        "summary": "Rents machines by the hour.",
        "resale_policy": ResalePolicy.ALLOWED,
        "policy_clause": "Credit may be sent to another account.",
        "policy_source": f"https://{slug}.example/terms",
        "policy_checked_on": date(2026, 11, 20),
        "transfer_methods": TransferMethod.values,
        "transfer_notes": "The seller sends it from the billing page.",
        "ladder": [Rung.API_BALANCE, Rung.BUYER_CONFIRMATION],
        "confidence": Confidence.HIGH,
        "checked_on": date(2026, 11, 20),
    } | facts
    provider, made = Provider.objects.get_or_create(slug=slug, defaults=defaults)
    if made:
        UnitPrice.objects.create(provider=provider, what="A GPU", unit="hour", price_usd="0.50")
    return provider


def terms(**changes: Any) -> dict[str, Any]:
    """The cleaned data of an offer's form: $500 at 40% off, from $10 in steps of $10."""
    provider = changes.pop("provider", None) or a_provider()
    return {
        "provider": provider,
        "program": None,
        "title": f"Credit of {provider.name} from a finished project",
        "description": "Left over from a project that ended early.",
        "currency": "USD",
        "face_value_cents": 500_00,
        "min_order_cents": 10_00,
        "step_cents": 10_00,
        "discount_bp": 4000,
        "expires_on": timezone.now().date() + timedelta(days=200),
        "region": "",
        "transfer_method": TransferMethod.BALANCE_TRANSFER,
    } | changes


def a_listing(
    *,
    seller: Person | None = None,
    status: str = ListingStatus.LIVE,
    codes: Sequence[str] = (),
    **changes: Any,
) -> Listing:
    """An offer that went the ordinary way to `status`, with a consent where one is needed.

    `codes` are of equal worth and make it an offer by redeem code.
    """
    if codes:
        changes.setdefault("transfer_method", TransferMethod.REDEEM_CODE)
        changes.setdefault("face_value_cents", 50_00 * len(codes))
        worth = changes["face_value_cents"] // len(codes)
        changes = {"step_cents": worth, "min_order_cents": worth} | changes
    offer = terms(**changes)
    deposits = [Deposit(code, offer["face_value_cents"] // len(codes)) for code in codes]
    seller = seller or a_seller()
    if status in AFTER_LIVE and not offer["provider"].needs_consent:
        listing = live_at_once(seller, offer, deposits)
    else:
        listing = publishing.draft(seller=seller, terms=offer, codes=deposits)
    if status not in (ListingStatus.DRAFT, listing.status):
        if listing.provider.needs_consent:
            consents.attach(listing, actor=listing.seller, upload=a_document())
        bring(listing, status)
    return listing


def live_at_once(
    seller: Person, offer: Mapping[str, Any], deposits: Sequence[Deposit] = ()
) -> Listing:
    """The rows that drafting, handing in and approving write, without asking whether they may be.

    That is what most tests begin with; `tests/listings/test_factory.py` compares.
    """
    stock = {"available_cents": offer["face_value_cents"], "seller_rank": ranks.rank_of(seller)}
    with transaction.atomic():
        moderator = a_moderator()
        listing = Listing(seller=seller, status=ListingStatus.LIVE, **stock, **offer)
        listing.save(force_insert=True)
        if deposits:
            vault.deposit(listing, deposits)
        moves = (
            ("drafted", "", "draft", seller, ""),
            ("submitted", "draft", "in_review", seller, ""),
            ("approved", "in_review", "live", moderator, APPROVED),
        )
        ListingEvent.objects.bulk_create(
            ListingEvent(
                listing=listing, kind=kind, from_status=old, to_status=new, actor=who, note=note
            )
            for kind, old, new, who, note in moves
        )
        checks.look(listing)
        alerts.announce(listing)
        publishing.announce(listing, moderator, "listing_approved", APPROVED)
    listing.refresh_from_db()
    return listing


def copies_of(listing: Listing, count: int) -> None:
    """Further rows like this one, without any history: to see what many of them cost."""
    columns = [f.attname for f in Listing._meta.concrete_fields if not f.generated]
    values = Listing.objects.values(*set(columns) - {"id"}).get(pk=listing.pk)
    Listing.objects.bulk_create(Listing(**values) for _ in range(count))


def bring(listing: Listing, status: str) -> None:
    """A draft, or an offer that is live, to another status, step by step."""
    if status == ListingStatus.WITHDRAWN:
        publishing.withdraw(listing, actor=listing.seller)
        listing.refresh_from_db()
        return
    if listing.status == ListingStatus.DRAFT:
        publishing.submit(listing, actor=listing.seller)
        listing.refresh_from_db()
        if status == ListingStatus.IN_REVIEW:
            return
        if status == ListingStatus.REJECTED:
            publishing.reject(listing, actor=a_moderator(), reason="The title says too little.")
            return
        publishing.approve(listing, actor=a_moderator(), reason=APPROVED)
    if status == ListingStatus.PAUSED:
        publishing.pause(listing, actor=listing.seller)
    elif status == ListingStatus.REMOVED:
        publishing.remove(listing, actor=a_moderator(), reason="Reported as stolen.")
    elif status in (ListingStatus.SOLD_OUT, ListingStatus.EXPIRED):
        _end(listing, status)
    listing.refresh_from_db()


def _end(listing: Listing, status: str) -> None:
    """What trades and time bring about."""
    changes: dict[str, Any] = {"expires_on": timezone.now().date() - timedelta(days=1)}
    if status == ListingStatus.SOLD_OUT:
        changes = {"available_cents": 0, "sold_cents": listing.face_value_cents}
    with transaction.atomic():
        machine.advance(listing, status, kind=status, actor=None, **changes)


def a_document(name: str = "consent.pdf") -> SimpleUploadedFile:
    """A small open PDF of one page."""
    writer, content = PdfWriter(), io.BytesIO()
    writer.add_blank_page(width=200, height=200)
    writer.write(content)
    return SimpleUploadedFile(name, content.getvalue(), content_type="application/pdf")


def a_standing(person: Person, *, completed: int = 0, failed: int = 0) -> Standing:
    """What finished trades say of somebody."""
    return Standing.objects.create(
        person=person, completed_orders=completed, failed_orders=failed, rating=None
    )
