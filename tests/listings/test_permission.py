"""Terms that change and consents that run out while offers are live: off the market, not out of
trades; their sellers and watchers are told, and know the way back."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Notification, Person
from accounts.refusals import Invalid, NotAllowed, WrongState
from listings import alerts, consents, permission, publishing
from listings.models import Consent, Listing, ListingStatus
from listings.refusals import ConsentMissing
from marketplace import ledger_audit
from orders import cancellation, checkout
from providers.policy import change_policy
from providers.vocabulary import ResalePolicy
from tests.factories import a_document, a_listing, a_moderator, a_provider, a_seller

pytestmark = pytest.mark.django_db
S = ListingStatus
TODAY = timezone.now().date()


def tightened(listing: Listing, policy: str = ResalePolicy.CONSENT_REQUIRED) -> None:
    change_policy(
        provider=listing.provider,
        policy=policy,
        clause="Ask first.",
        source="https://example.com/terms",
        actor=a_moderator(),
        reason="New terms.",
    )


def now(listing: Listing) -> Listing:
    return Listing.objects.get(pk=listing.pk)


def consenting(*, valid_until: date | None = None) -> Listing:
    """A live offer whose provider's terms need a consent, with one."""
    listing = a_listing(provider=a_provider("strict", resale_policy=ResalePolicy.UNKNOWN))
    Consent.objects.filter(listing=listing).update(valid_until=valid_until)
    permission.pause_due()
    return now(listing)


def told() -> set[tuple[str, int]]:
    kinds = ("listing_not_permitted", "alert_paused")
    return set(Notification.objects.filter(kind__in=kinds).values_list("kind", "person_id"))


@pytest.mark.parametrize("policy", sorted(set(ResalePolicy.values) - {ResalePolicy.ALLOWED}))
def test_stricter_terms_take_offers_off_the_market(buyer: Person, policy: str) -> None:
    listing, other = a_listing(), a_listing(provider=a_provider("other"))
    assert permission.pause_due() == 0
    alerts.watch(buyer, listing)
    order = checkout.place(buyer=buyer, listing=listing, face_value_cents=50_00)
    tightened(listing, policy)
    assert permission.pause_due() == 1
    assert (now(listing).status, now(other).status) == (S.PAUSED, S.LIVE)
    assert told() == {("listing_not_permitted", listing.seller_id), ("alert_paused", buyer.pk)}
    event = listing.events.latest("pk")
    assert (event.kind, event.actor) == ("not_permitted", None)
    assert event.note == f"The terms of {listing.provider.name} now need its written consent."
    order.refresh_from_db()
    assert order.status == "placed"
    assert permission.pause_due() == 0
    assert Notification.objects.filter(kind="alert_paused").count() == 1


def test_it_takes_as_many_passes_as_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = a_provider("wide")
    for _ in range(3):
        a_listing(provider=provider)
    permission.pause_due()
    monkeypatch.setattr(permission, "BATCH", 2)
    tightened(Listing.objects.filter(provider=provider)[0])
    assert [permission.pause_due() for _ in range(3)] == [2, 1, 0]
    provider.refresh_from_db()
    assert provider.policy_in_effect == provider.resale_policy == ResalePolicy.CONSENT_REQUIRED


def test_laxer_terms_and_other_words_change_nothing() -> None:
    listing = consenting()
    tightened(listing, ResalePolicy.FORBIDDEN)
    assert permission.pause_due() == 0
    tightened(listing, ResalePolicy.ALLOWED)
    assert permission.pause_due() == 0
    assert now(listing).status == S.LIVE


def test_a_consent_runs_out_after_its_last_day() -> None:
    last, over = consenting(valid_until=TODAY), consenting()
    Consent.objects.filter(listing=over).update(valid_until=TODAY - timedelta(days=1))
    assert permission.pause_due() == 1
    assert (now(last).status, now(over).status) == (S.LIVE, S.PAUSED)
    assert over.events.latest("pk").note == "The consent of Strict has run out."
    assert permission.pause_due() == 0
    assert Consent.objects.get(listing=over).ran_out_at


def test_a_newer_consent_keeps_it_live() -> None:
    listing, moderator = consenting(), a_moderator()
    Consent.objects.filter(listing=listing).update(valid_until=TODAY - timedelta(days=1))
    kept = {"original_name": "new.pdf", "accepted_at": timezone.now(), "accepted_by": moderator}
    Consent.objects.create(listing=listing, digest="0" * 64, **kept)
    assert permission.pause_due() == 0
    assert now(listing).status == S.LIVE


def test_the_way_back() -> None:
    listing, moderator = a_listing(), a_moderator()
    seller = listing.seller
    tightened(listing)
    permission.pause_due()
    with pytest.raises(ConsentMissing):
        publishing.resume(now(listing), actor=seller)
    with pytest.raises(WrongState):  # there is none
        consents.accept(now(listing), actor=moderator, reason="Read.")
    assert next_step(listing) == "Attach"
    consents.attach(now(listing), actor=seller, upload=a_document())
    assert next_step(listing) == "A moderator examines"
    with pytest.raises(ConsentMissing):
        publishing.resume(now(listing), actor=seller)
    with pytest.raises(NotAllowed):
        consents.accept(now(listing), actor=seller, reason="Mine.")
    consents.refuse(now(listing), actor=moderator, reason="It names somebody else.")
    with pytest.raises(WrongState):
        consents.accept(now(listing), actor=moderator, reason="Or not.")
    with pytest.raises(ConsentMissing):
        publishing.resume(now(listing), actor=seller)
    assert now(listing).status == S.PAUSED
    consents.attach(now(listing), actor=seller, upload=a_document("b.pdf"))
    consents.accept(now(listing), actor=moderator, reason="It names this credit.")
    assert next_step(listing) == "Resume"
    assert publishing.resume(now(listing), actor=seller).status == S.LIVE
    kinds = Notification.objects.filter(person=seller).values_list("kind", flat=True)
    assert {"listing_consent_refused", "listing_consent_accepted"} <= set(kinds)
    assert ledger_audit.findings() == []


def next_step(listing: Listing) -> str:
    """What the page of a paused offer has its seller do."""
    client = Client()
    client.force_login(listing.seller)
    page = client.get(f"/sell/{listing.pk}/").content.decode()
    said = page.partition('id="next-title"')[2]
    return next(words for words in ("Attach", "A moderator examines", "Resume") if words in said)


def test_a_consent_that_ran_out_is_not_accepted() -> None:
    listing = a_listing(status=S.PAUSED, provider=a_provider("strict", resale_policy="unknown"))
    consents.attach(listing, actor=listing.seller, upload=a_document(), valid_until=TODAY)
    Consent.objects.filter(accepted_at=None).update(valid_until=TODAY - timedelta(days=1))
    with pytest.raises(WrongState):
        consents.accept(now(listing), actor=a_moderator(), reason="Read.")
    draft = a_listing(status=S.IN_REVIEW, provider=listing.provider)
    Consent.objects.filter(listing=draft).update(valid_until=TODAY - timedelta(days=1))
    with pytest.raises(ConsentMissing):
        publishing.approve(draft, actor=a_moderator(), reason="In order.")
    assert Consent.objects.get(listing=draft).accepted_at is None


def test_what_comes_back_into_stock_is_looked_at(buyer: Person) -> None:
    listing = a_listing(face_value_cents=50_00)
    order = checkout.place(buyer=buyer, listing=listing, face_value_cents=50_00)
    tightened(listing)
    assert permission.pause_due() == 0
    cancellation.cancel(order, actor=buyer)
    assert now(listing).status == S.PAUSED
    assert told() == {("listing_not_permitted", listing.seller_id)}


def test_the_last_day_on_the_page(seller: Person) -> None:
    listing = a_listing(
        seller=a_seller("dated@example.com"),
        status=S.DRAFT,
        provider=a_provider("strict", resale_policy="unknown"),
    )
    client = Client()
    client.force_login(listing.seller)
    address = f"/sell/{listing.pk}/consent/"
    for day in ("soon", "2020-01-01"):
        client.post(address, {"document": a_document(), "valid_until": day})
        assert not Consent.objects.exists()
    client.post(address, {"document": a_document(), "valid_until": "2099-01-31"})
    assert Consent.objects.get().valid_until == date(2099, 1, 31)
    assert "valid until" in client.get(f"/sell/{listing.pk}/").content.decode()
    yesterday = TODAY - timedelta(days=1)
    late = {"upload": a_document(), "valid_until": yesterday}
    with pytest.raises(Invalid):
        consents.attach(listing, actor=listing.seller, **late)
