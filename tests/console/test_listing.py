"""A moderator decides on an offer."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, Notification, Person
from listings import consents, publishing
from listings.models import Code, Consent, Listing, ListingStatus
from marketplace.console import queue
from marketplace.console.queue import View
from providers.vocabulary import ResalePolicy
from tests.console.conftest import signed_in
from tests.factories import a_document, a_listing, a_moderator, a_provider

S = ListingStatus


def address(listing: Listing, act: str = "change") -> str:
    return f"/console/listings/listing/{listing.pk}/{act}/"


@pytest.fixture
def waiting(seller: Person) -> Listing:
    """In review, of a provider that asks for its consent."""
    provider = a_provider("strict", resale_policy=ResalePolicy.CONSENT_REQUIRED)
    return a_listing(seller=seller, status=S.IN_REVIEW, provider=provider)


def unchanged(listing: Listing, status: str = S.IN_REVIEW) -> None:
    listing.refresh_from_db()
    assert listing.status == status
    assert not AuditEntry.objects.exclude(actor__email="approver@example.com").exists()
    assert not listing.events.filter(actor__is_staff=True, actor__name="Mo").exists()


def test_the_page_has_what_the_decision_needs(desk: Client, waiting: Listing) -> None:
    page = desk.get(address(waiting)).content.decode()
    for words in (
        waiting.title,
        waiting.description,
        "seller@example.com",
        "$500.00",
        "$300.00",
        "40.00 %",
        waiting.provider.policy_clause,
        waiting.provider.policy_source,
        "Save the document",
        "To examine",
        "submitted",
        "Approve",
        "Reject",
    ):
        assert words in page


@pytest.mark.parametrize(
    ("act", "status", "entry"),
    [("approval", S.LIVE, "listing_approved"), ("rejection", S.REJECTED, "listing_rejected")],
)
def test_a_moderator_decides_with_a_reason(
    desk: Client, moderator: Person, waiting: Listing, act: str, status: str, entry: str
) -> None:
    answer = desk.post(address(waiting, act), {"reason": "Looked at it."}, follow=True)
    assert answer.redirect_chain == [(address(waiting), 302)]
    waiting.refresh_from_db()
    assert waiting.status == status
    event = waiting.events.last()
    assert event is not None
    assert (event.actor, event.note) == (moderator, "Looked at it.")
    audited = AuditEntry.objects.get(subject=f"listing:{waiting.pk}")
    assert (audited.act, audited.actor, audited.reason) == (entry, moderator, "Looked at it.")
    assert Notification.objects.filter(person=waiting.seller, kind=entry).exists()
    assert "Looked at it." in answer.content.decode()


def test_approving_accepts_the_consent(desk: Client, moderator: Person, waiting: Listing) -> None:
    desk.post(address(waiting, "approval"), {"reason": "The letter is real."})
    consent = waiting.consents.get()
    assert consent.accepted_by == moderator
    assert consent.accepted_at is not None


def test_removing_takes_a_live_offer_off(desk: Client, seller: Person) -> None:
    live = a_listing(seller=seller)
    assert "Remove" in desk.get(address(live)).content.decode()
    desk.post(address(live, "removal"), {"reason": "Reported as stolen."})
    live.refresh_from_db()
    assert live.status == S.REMOVED


@pytest.mark.parametrize("reason", ["", "   "])
def test_no_reason_no_act(desk: Client, waiting: Listing, reason: str) -> None:
    answer = desk.post(address(waiting, "approval"), {"reason": reason})
    assert answer.status_code == 400
    assert "Give a reason." in answer.content.decode()
    unchanged(waiting)


def test_a_step_that_does_not_fit_is_a_message(desk: Client, waiting: Listing) -> None:
    answer = desk.post(address(waiting, "removal"), {"reason": "Away with it."}, follow=True)
    assert "This step does not fit the present state." in answer.content.decode()
    unchanged(waiting)


def test_an_expired_offer_is_refused_with_the_reason_kept(desk: Client, waiting: Listing) -> None:
    Listing.objects.filter(pk=waiting.pk).update(expires_on="2020-01-01")
    answer = desk.post(address(waiting, "approval"), {"reason": "Fine by me."})
    assert answer.status_code == 400
    assert "expires too soon" in answer.content.decode()
    assert "Fine by me." in answer.content.decode()
    unchanged(waiting)


@pytest.mark.parametrize("act", ["approval", "rejection", "removal"])
def test_nobody_decides_on_their_own_offer(waiting: Listing, seller: Person, act: str) -> None:
    seller.is_staff, seller.role = True, "lead"
    seller.save()
    own = signed_in(seller)
    assert "another moderator decides" in own.get(address(waiting)).content.decode()
    answer = own.post(address(waiting, act), {"reason": "Mine is fine."}, follow=True)
    assert "Nobody decides on their own case." in answer.content.decode()
    unchanged(waiting)


@pytest.mark.parametrize("act", ["approval", "rejection", "removal"])
def test_ordinary_people_decide_nothing(waiting: Listing, buyer: Person, act: str) -> None:
    for client in (Client(), signed_in(buyer), signed_in(waiting.seller)):
        answer = client.post(address(waiting, act), {"reason": "Let me."})
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/console/login/")
        unchanged(waiting)


def test_the_consent_is_saved_not_shown(desk: Client, waiting: Listing) -> None:
    consent = waiting.consents.get()
    answer = desk.get(address(waiting, f"consents/{consent.pk}"))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer.headers["Cache-Control"]
    assert b"".join(answer).startswith(b"%PDF-")  # type: ignore[arg-type]


def test_a_consent_is_found_at_its_own_offer_only(
    desk: Client, buyer: Person, waiting: Listing, seller2: Person
) -> None:
    consent = waiting.consents.get()
    other = a_listing(seller=seller2)
    assert desk.get(address(other, f"consents/{consent.pk}")).status_code == 404
    for client in (Client(), signed_in(buyer), signed_in(waiting.seller)):
        assert client.get(address(waiting, f"consents/{consent.pk}")).status_code == 302


def test_codes_are_counted_never_shown(desk: Client, seller: Person) -> None:
    listing = a_listing(seller=seller, status=S.IN_REVIEW, codes=["CANARY-1", "CANARY-2"])
    page = desk.get(address(listing)).content.decode()
    assert "$100.00" in page
    assert "CANARY" not in page
    for code in Code.objects.filter(listing=listing):
        assert code.fingerprint not in page
        assert bytes(code.ciphertext).decode() not in page


def test_what_was_handed_in_again_is_looked_at_again(desk: Client, waiting: Listing) -> None:
    page = desk.get(address(waiting)).content.decode()
    seen = waiting.status_since.isoformat()
    assert f'name="seen" value="{seen}"' in page
    publishing.reject(waiting, actor=a_moderator(), reason="Say more.")
    publishing.edit(waiting, actor=waiting.seller, terms={"discount_bp": 3000}, codes=())
    publishing.submit(waiting, actor=waiting.seller)
    form = {"reason": "As I saw it.", "seen": seen}
    answer = desk.post(address(waiting, "approval"), form, follow=True)
    assert "This has changed since you opened it." in answer.content.decode()
    unchanged(waiting)


def test_a_consent_of_a_paused_offer_waits_and_is_decided_on(
    desk: Client, moderator: Person, seller: Person
) -> None:
    provider = a_provider("strict", resale_policy=ResalePolicy.CONSENT_REQUIRED)
    paused = a_listing(seller=seller, status=S.PAUSED, provider=provider)
    Consent.objects.create(listing=paused, digest="0" * 64, original_name="second.pdf")
    first, second = paused.consents.order_by("pk")
    moved = {"accepted_at": first.accepted_at, "accepted_by": first.accepted_by}
    Consent.objects.filter(pk=first.pk).update(accepted_at=None, accepted_by=None)
    Consent.objects.filter(pk=second.pk).update(**moved)
    # The first was replaced before anybody had decided on it, and nobody can any more.
    assert "consent" not in [item.kind.name for item in queue.items(moderator, View())]
    for name, accepted in (("consent-refusal", False), ("consent", True)):
        until = timezone.now().date() + timedelta(days=90)
        consents.attach(paused, actor=seller, upload=a_document(), valid_until=until)
        (item,) = queue.items(moderator, View(kind="consent"))
        assert item.key == f"listings.listing:{paused.pk}"
        page = desk.get(address(paused)).content.decode()
        assert "To examine" in page
        assert "Its last day, as the seller says" in page
        desk.post(address(paused, name), {"reason": "I read it."})
        newest = paused.consents.first()
        assert newest is not None
        assert bool(newest.accepted_at) == accepted != bool(newest.refused_at)
        assert queue.items(moderator, View(kind="consent")) == []
        again = desk.post(address(paused, name), {"reason": "Again."}, follow=True)
        assert "This step does not fit the present state." in again.content.decode()
    assert "Refused" in desk.get(address(paused)).content.decode()
    assert paused.status == S.PAUSED
