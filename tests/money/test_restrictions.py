"""What a moderator stops for a while: nothing begins, what is under way goes on, and it ends."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import restrictions, suspension
from accounts.models import AuditEntry, Notification, Person, Restriction
from accounts.refusals import Invalid, NotAllowed, WrongState
from accounts.restrictions import Restricted
from listings import publishing
from listings.models import Listing
from orders import checkout, leaving, merging
from orders.models import Order
from payments import payouts
from payments.models import Escrow, Instruction, Payout
from tests.factories import a_listing, a_moderator, a_person, a_seller
from tests.money.test_payout_steps import settled

pytestmark = pytest.mark.django_db
WHY = "Three buyers of this week had their cards stolen."


def stop(person: Person, kind: str, *, days: int | None = None) -> Restriction:
    until = timezone.now().date() + timedelta(days=days) if days is not None else None
    return restrictions.restrict(person, actor=a_moderator(), kind=kind, reason=WHY, until=until)


def pass_time(row: Restriction) -> None:
    """Until its end."""
    moved = {"begun_at": F("begun_at") - timedelta(days=40), "until": Now()}
    Restriction.objects.filter(pk=row.pk).update(**moved)


def told(person: Person) -> list[str]:
    rows = Notification.objects.filter(person=person, kind__startswith="account_")
    return list(rows.order_by("pk").values_list("kind", flat=True))


def is_marked(person: Person) -> bool:
    return Person.objects.get(pk=person.pk).restricted


def test_nothing_is_paid_out_until_it_ends(seller: Person, client: Client) -> None:
    seller = a_seller("held@example.com")
    settled(seller, 500_00)
    row = stop(seller, "payouts", days=2)
    before = Instruction.objects.count()
    with pytest.raises(Restricted, match=f"Payouts are held until .* UTC: {WHY}"):
        payouts.request_payout(seller)
    assert not Payout.objects.exists()
    assert Instruction.objects.count() == before
    assert is_marked(seller)
    client.force_login(seller)
    for page in ("/account/", "/account/payouts/"):
        assert WHY in client.get(page).content.decode()
    assert restrictions.due() == []
    # By the clock alone; the sweep only tidies, and tells.
    pass_time(row)
    with transaction.atomic():
        restrictions.require_free(seller, "payouts")
    for _ in range(2):
        restrictions.end(row.pk)
    assert (restrictions.due(), is_marked(seller)) == ([], False)
    assert told(seller) == ["account_restricted", "account_free_again"]
    assert payouts.request_payout(seller).amount_cents == 500_00
    assert WHY not in client.get("/account/payouts/").content.decode()


def test_nothing_new_is_offered_and_what_is_live_stays(db: None) -> None:
    draft, paused, live = a_listing(status="draft"), a_listing(status="paused"), a_listing()
    rows = list(Listing.objects.order_by("pk").values())
    for listing, act in ((draft, publishing.submit), (paused, publishing.resume)):
        stop(listing.seller, "selling")
        with pytest.raises(Restricted, match=f"No new offers: {WHY}"):
            act(listing, actor=listing.seller)
    stop(live.seller, "selling")
    assert list(Listing.objects.order_by("pk").values()) == rows
    restrictions.lift(paused.seller, actor=a_moderator(), kind="selling", reason="Cleared.")
    with CaptureQueriesContext(connection) as queries:
        assert publishing.resume(paused, actor=paused.seller).status == "live"
    # Whoever stops it waits for what has begun, and what begins waits for them.
    locks = [one["sql"] for one in queries.captured_queries if "FOR NO KEY UPDATE" in one["sql"]]
    assert any('FROM "accounts_person"' in sql for sql in locks)


def test_nothing_is_bought(buyer: Person) -> None:
    listing = a_listing()
    stop(buyer, "selling")
    stale = Person.objects.get(pk=buyer.pk)
    row = stop(buyer, "buying")
    with pytest.raises(Restricted, match="No new orders"), transaction.atomic():
        checkout.reserve(buyer=stale, listing=listing, face_value_cents=50_00)
    assert not (Order.objects.exists() or Escrow.objects.exists())
    assert Listing.objects.get(pk=listing.pk).available_cents == listing.available_cents
    pass_time(row)
    with transaction.atomic():
        checkout.reserve(buyer=stale, listing=listing, face_value_cents=50_00)


def test_one_of_a_kind_and_each_ends_for_itself(buyer: Person) -> None:
    first = stop(buyer, "buying", days=1)
    with pytest.raises(WrongState):
        stop(buyer, "buying", days=9)
    assert first.until is not None
    assert (first.until - timezone.now()).days in (0, 1)
    other = stop(buyer, "payouts")
    # One whose time is over is no obstacle, even before the sweep has come by.
    pass_time(first)
    again = stop(buyer, "buying")
    assert [one.pk for one in restrictions.of(Person.objects.get(pk=buyer.pk))] == [
        again.pk,
        other.pk,
    ]
    moderator = a_moderator()
    restrictions.lift(buyer, actor=moderator, kind="buying", reason="Cleared.")
    assert is_marked(buyer)
    with pytest.raises(WrongState):
        restrictions.lift(buyer, actor=moderator, kind="buying", reason="Cleared.")
    restrictions.lift(buyer, actor=moderator, kind="payouts", reason="Cleared.")
    assert not is_marked(buyer)
    acts = AuditEntry.objects.filter(subject=f"person:{buyer.pk}").values_list("act", flat=True)
    assert sorted(acts) == 3 * ["person_restricted"] + 2 * ["restriction_lifted"]


def test_who_may_not_and_which_days(buyer: Person) -> None:
    moderator = a_moderator()
    for actor in (buyer, moderator):
        with pytest.raises(NotAllowed):
            restrictions.restrict(actor, actor=actor, kind="buying", reason=WHY)
        with pytest.raises(NotAllowed):
            restrictions.lift(actor, actor=actor, kind="buying", reason=WHY)
    with pytest.raises(Invalid) as refused:
        stop(buyer, "buying", days=-1)
    assert refused.value.field == "until"
    assert not Restriction.objects.exists()
    assert not is_marked(buyer)
    assert told(buyer) == []


def test_it_goes_along_when_accounts_are_merged(buyer: Person) -> None:
    other = a_person("other@example.com")
    row = stop(other, "buying", days=3)
    merging.merge(person=buyer, other=Person.objects.get(pk=other.pk))
    buyer = Person.objects.get(pk=buyer.pk)
    with pytest.raises(Restricted), transaction.atomic():
        checkout.reserve(buyer=buyer, listing=a_listing(), face_value_cents=50_00)
    with pytest.raises(WrongState):
        stop(Person.objects.get(pk=other.pk), "payouts")
    pass_time(row)
    restrictions.end(row.pk)
    assert not is_marked(buyer)


def test_a_suspension_ends_on_its_day(buyer: Person) -> None:
    until = timezone.now().date()
    suspension.suspend(buyer, actor=a_moderator(), reason=WHY, until=until)
    row = Restriction.objects.get()
    assert restrictions.of(Person.objects.get(pk=buyer.pk)) == []
    assert (suspension.due(), restrictions.due()) == ([], [])
    suspension.end(buyer.pk)
    assert not Person.objects.get(pk=buyer.pk).is_active
    pass_time(row)
    assert (suspension.due(), restrictions.due()) == ([buyer.pk], [])
    for _ in range(2):
        suspension.end(buyer.pk)
    assert Person.objects.get(pk=buyer.pk).is_active
    assert not is_marked(buyer)
    assert AuditEntry.objects.filter(act="person_reinstated").count() == 1
    # Lifted by hand, it does not end once more, and another can begin.
    for _ in range(2):
        suspension.suspend(buyer, actor=a_moderator(), reason=WHY, until=until)
        suspension.reinstate(buyer, actor=a_moderator(), reason="Cleared.")
    assert not Restriction.objects.filter(ended_at=None).exists()
    assert not is_marked(buyer)


def test_who_left_meanwhile_is_not_let_in_again(buyer: Person) -> None:
    suspension.suspend(buyer, actor=a_moderator(), reason=WHY, until=timezone.now().date())
    leaving.erase(buyer)
    pass_time(Restriction.objects.get())
    suspension.end(buyer.pk)
    assert not Person.objects.get(pk=buyer.pk).is_active
    assert suspension.due() == []
