"""Stock, codes, parties and words: what a trade lets through."""

import pytest

from accounts.models import Notification, Person
from accounts.refusals import Invalid, Refusal, WrongState
from accounts.suspension import suspend
from listings import publishing
from listings.forms import ListingForm
from listings.models import Listing
from listings.refusals import NotLive
from orders import deadlines, transfer
from orders.models import Order
from tests.factories import a_listing, a_person, a_seller, terms
from tests.trade import an_offer, paid, placed


@pytest.mark.parametrize(
    "spelling",
    ["AAAA–1111", "AAAA—1111", "AAAA−1111", "AAAA/1111", "AAAA:1111", "'AAAA-1111'", "AAAA-1111;"],
)
def test_a_code_is_not_offered_twice_in_another_spelling(spelling: str) -> None:
    a_listing(seller=a_seller(), codes=["AAAA-1111"])
    with pytest.raises(Invalid):
        a_listing(seller=a_seller(), codes=[spelling])


def test_the_seller_learns_of_each_new_recipient(buyer: Person, listing: Listing) -> None:
    order = paid(placed(buyer, listing, 50_00))
    transfer.name_recipient(order, actor=buyer, recipient="old@example.com")
    transfer.name_recipient(order, actor=buyer, recipient="new@example.com")
    told = Notification.objects.filter(person=order.seller, kind="order_recipient_named")
    assert [row.context["recipient"] for row in told.order_by("id")][-1] == "new@example.com"


def test_nobody_buys_from_a_suspended_seller(
    buyer: Person, listing: Listing, moderator: Person
) -> None:
    suspend(listing.seller, actor=moderator, reason="Sold stolen credit")
    with pytest.raises(NotLive):
        placed(buyer, Listing.objects.get(pk=listing.pk), 50_00)


def test_what_is_too_small_to_be_charged_is_refused_in_the_form() -> None:
    form = ListingForm(
        terms(face_value_cents=100, min_order_cents=1, step_cents=1, discount_bp=7000)
        | {"provider": "acme", "program": ""}
    )
    assert not form.is_valid()


def test_a_penny_order_is_refused_not_a_server_error(buyer: Person) -> None:
    offer = an_offer(face_value_cents=100, min_order_cents=1, step_cents=1, discount_bp=7000)
    with pytest.raises(Refusal):
        placed(buyer, offer, 1)


def test_resuming_twice_does_not_put_a_sold_out_offer_on_the_market(
    buyer: Person, listing: Listing
) -> None:
    publishing.pause(listing, actor=listing.seller)
    stale = Listing.objects.get(pk=listing.pk)
    publishing.resume(Listing.objects.get(pk=listing.pk), actor=listing.seller)
    placed(buyer, Listing.objects.get(pk=listing.pk), 100_00)
    with pytest.raises(WrongState):
        publishing.resume(stale, actor=listing.seller)
    assert Listing.objects.get(pk=listing.pk).status == "sold_out"


def test_a_moderator_approves_only_what_they_have_read(moderator: Person) -> None:
    """Rejected by a colleague, changed and handed in again: the old page no longer approves."""
    listing = a_listing(seller=a_seller(), status="in_review")
    read = Listing.objects.get(pk=listing.pk)
    publishing.reject(listing, actor=a_person(is_staff=True), reason="No")
    changed = terms(title="Something quite different", description="Pay me outside of Surplus")
    publishing.edit(listing, actor=listing.seller, terms=changed, codes=[])
    publishing.submit(listing, actor=listing.seller)
    with pytest.raises(WrongState):
        publishing.approve(read, actor=moderator, reason="Read it")


def test_codes_of_a_removed_offer_end_like_those_of_any_other_end(moderator: Person) -> None:
    listing = a_listing(seller=a_seller(), codes=["AAAA-1111", "BBBB-2222"])
    publishing.remove(listing, actor=moderator, reason="Misleading")
    assert not listing.codes.filter(status="available").exists()


def test_orders_of_an_offer_that_ended_still_end(buyer: Person, moderator: Person) -> None:
    """A control: removed with one order paid and one unpaid."""
    from django.db.models.functions import Now

    offer = an_offer(codes=["AAAA-1111", "BBBB-2222", "CCCC-3333"])
    first, second = placed(buyer, offer, 50_00), placed(buyer, offer, 50_00)
    paid(first)
    publishing.remove(Listing.objects.get(pk=offer.pk), actor=moderator, reason="Stolen")
    Order.objects.filter(pk=second.pk).update(deadline=Now())
    deadlines.enforce(second.pk)
    assert transfer.reveal(first, actor=buyer)
    second.refresh_from_db()
    assert second.status == "cancelled"
