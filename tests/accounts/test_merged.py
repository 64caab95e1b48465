"""After merging: the account that is left sees, and counts for, all that both did."""

import json
from datetime import UTC, datetime

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import notifications, one_person, suspension
from accounts.models import Erasure, Notification, Person, Standing
from accounts.notifications import notify
from accounts.refusals import NotAllowed, Refusal, WrongState
from listings import saved
from listings.models import Listing, SavedSearch
from orders import (
    checkout,
    conversation,
    leaving,
    merging,
    personal_data,
    ratings,
    receipts,
    standing,
    timeline,
)
from orders.models import Order, Rating
from payments import ledger, payouts, recovery, statements, tax
from payments.models import Escrow, Instruction, Payout, PayoutAccount
from tests.accounts.test_ratings import completed
from tests.api.calling import Caller
from tests.console.conftest import signed_in
from tests.factories import PASSWORD, a_listing, a_person, a_seller
from tests.marketplace.test_papers import post, sale

pytestmark = pytest.mark.django_db
MONTH = datetime(2026, 9, 12, tzinfo=UTC)


@pytest.fixture
def old(db: None) -> Person:
    """The account that is going to be closed; it sells, too."""
    return a_seller("old@example.com", name="Bea before")


@pytest.fixture
def bought(old: Person, seller: Person) -> Order:
    return completed(old, seller)


@pytest.fixture
def sold(old: Person, buyer2: Person) -> Order:
    """A sale whose offer has ended, so that nothing of it is on the market."""
    order = completed(buyer2, old)
    Listing.objects.filter(pk=order.listing_id).update(status="expired")
    ratings.rate(order, actor=buyer2, stars=4, text="Quick.")
    ratings.rate(order, actor=old, stars=5, text="")
    return order


@pytest.fixture
def kept(buyer: Person, old: Person, bought: Order, sold: Order) -> Person:
    """The account that is left, as it is on the next request."""
    sale(old, a_person(), 100_00, MONTH)
    moved = "payout:old", ledger.at_processor(old.pk), ledger.bank(old.pk), 90_00
    post(*moved, MONTH)
    Payout.objects.create(person=old, amount_cents=90_00, currency="USD", status="paid")
    nothing_is_open()
    merging.merge(person=buyer, other=old)
    for order in (bought, sold):
        order.refresh_from_db(fields=["buyer", "seller"])
    return again(buyer)


def nothing_is_open() -> None:
    """What the trades of these stories left behind, which nobody paid for."""
    Escrow.objects.update(status="released")
    Instruction.objects.update(status="done")


def again(person: Person) -> Person:
    """As the next request loads them."""
    return Person.objects.get(pk=person.pk)


def test_past_orders_and_sales_are_listed_and_open(
    kept: Person, bought: Order, sold: Order
) -> None:
    client = signed_in(kept)
    assert bought.title in client.get("/orders/").content.decode()
    assert sold.title in client.get("/orders/?role=seller").content.decode()
    for order in (bought, sold):
        for page in ("", "messages/", "rating/", "evidence/"):
            answer = client.get(f"{order.get_absolute_url()}{page}")
            assert answer.status_code == 200, page
    assert timeline.trade(bought, viewer=kept).role == "buyer"
    assert timeline.trade(sold, viewer=kept).role == "seller"
    assert client.get(f"/sell/listings/{sold.listing_id}/").status_code in (200, 404)
    assert sold.title in client.get("/sell/").content.decode()


def test_programs_see_them_too(kept: Person, bought: Order, sold: Order) -> None:
    caller = Caller(kept)
    roles = {row["id"]: row["role"] for row in caller.get("orders/").json()["results"]}
    assert roles == {str(bought.pk): "buyer", str(sold.pk): "seller"}
    one = caller.get("orders/", role="seller").json()["results"]
    assert [row["id"] for row in one] == [str(sold.pk)]
    assert caller.get(f"orders/{bought.pk}/").json()["role"] == "buyer"


def test_a_stranger_and_the_closed_account_see_nothing(
    kept: Person, old: Person, bought: Order, seller2: Person
) -> None:
    assert not Order.objects.visible_to(seller2).filter(pk=bought.pk).exists()
    answer = signed_in(again(old)).get(bought.get_absolute_url())
    assert answer.status_code == 302
    assert bought.party(seller2) == seller2


def test_the_other_side_sees_what_it_saw(kept: Person, sold: Order, buyer2: Person) -> None:
    page = signed_in(buyer2).get(sold.get_absolute_url()).content.decode()
    assert "Bea before" in page
    assert {order.seller_id for order in Order.objects.filter(pk=sold.pk)} == {sold.seller_id}


def test_what_is_still_possible_is_done_for_the_account_that_traded(
    kept: Person, bought: Order, seller: Person, old: Person
) -> None:
    rating = ratings.rate(bought, actor=kept, stars=3, text="")
    assert (rating.by_id, rating.about_id) == (old.pk, seller.pk)
    assert ratings.of(bought, kept) == [rating]
    with pytest.raises(WrongState):
        ratings.rate(bought, actor=kept, stars=1, text="")
    Order.objects.filter(pk=bought.pk).update(paid_at=MONTH)
    said = conversation.write(bought, actor=kept, text="Thank you.")
    assert said.by_id == old.pk
    assert "You, " in signed_in(kept).get(f"{bought.get_absolute_url()}messages/").content.decode()


def test_papers_go_over_both(kept: Person, old: Person, buyer2: Person, bought: Order) -> None:
    sale(kept, buyer2, 50_00, MONTH)
    kept = again(kept)
    assert statements.months(kept) == ["2026-09"]
    paper = statements.statement(kept, "2026-09")
    assert [row[5].cents for row in paper.rows] == [90_00, -90_00, 45_00]
    assert statements.commission_invoice(kept, "2026-09").totals[0][1].cents == 15_00
    totals = dict(statements.income(kept, 2026).totals)
    assert (totals["Gross income"].cents, totals["Paid out"].cents) == (150_00, 90_00)
    assert tax.year_of(kept, datetime.now(tz=UTC).year).sales == 3
    assert payouts.balances(kept).paid_out_cents == 90_00
    assert "90.00" in signed_in(kept).get("/account/payouts/").content.decode()
    Order.objects.filter(pk=bought.pk).update(paid_at=MONTH)
    assert signed_in(kept).get(f"{bought.get_absolute_url()}receipt/").status_code == 200
    assert receipts.receipt(bought).facts


def test_standing_ratings_and_the_sellers_page_count_both(
    kept: Person, old: Person, sold: Order, seller2: Person
) -> None:
    Standing.objects.update_or_create(person=kept, defaults={"completed_orders": 7})
    Standing.objects.update_or_create(person=seller2, defaults={"completed_orders": 5})
    Standing.objects.filter(person=seller2).update(failed_orders=1, granted="trusted")
    merging.merge(person=kept, other=seller2)
    row = Standing.objects.get(person=kept)
    assert (row.completed_orders, row.failed_orders, row.granted) == (12, 1, "trusted")
    assert row.tier_at is None
    assert [rating.stars for rating in ratings.about(again(kept))] == [4]
    standing.rules()
    with connection.cursor() as cursor:
        cursor.execute(
            standing.RATED, {**standing._counting(kept), "merged": again(kept).selves, "least": 0}
        )
        assert cursor.fetchone()[0] == 1
    page = Client().get(f"/sellers/{kept.pk}/")
    assert page.status_code == 200
    assert "Quick." in page.content.decode()
    assert Client().get(f"/sellers/{old.pk}/").status_code == 404


def test_the_export_holds_both(kept: Person, old: Person, bought: Order, sold: Order) -> None:
    parts = {name: part(kept) for name, part in personal_data.PARTS.items()}
    text = json.dumps(parts, default=str)
    assert {row["id"] for row in parts["orders"]} == {bought.pk, sold.pk}
    assert {row["role"] for row in parts["orders"]} == {"buyer", "seller"}
    assert [row["email"] for row in parts["profile"]["merged"]] == [old.email]
    assert "password" not in text
    assert f"bank:{old.pk}" in text
    assert len(parts["money"]["payouts"]) == 1


def test_notices_follow_and_late_ones_too(kept: Person, old: Person) -> None:
    with transaction.atomic():
        notify(person=old, kind="payout_failed", key="late", amount_cents=1, currency="USD")
    mail.outbox.clear()
    while notifications.send_due():
        pass
    assert {one.to[0] for one in mail.outbox if one.to[0].startswith(("old", "buyer@"))} == {
        kept.email
    }
    assert Notification.objects.get(key="late").person == kept
    assert not Notification.objects.filter(person=old).exists()


def test_searches_follow_but_for_those_kept_already(buyer: Person, old: Person) -> None:
    from django.http import QueryDict

    for person, words in ((buyer, "gpu"), (old, "gpu"), (old, "credits")):
        saved.save(person, QueryDict(f"q={words}"))
    merging.merge(person=buyer, other=old)
    assert SavedSearch.objects.filter(person=buyer).count() == 2


def test_a_debt_follows(kept: Person, old: Person, buyer2: Person) -> None:
    """Whoever owes does not get rid of it by closing the account that owes."""
    owed = ledger.debt(old.pk), ledger.LOSSES, 30_00, MONTH
    post("chargeback:late:owed", *owed)
    PayoutAccount.objects.create(person=kept, remote_id="acct_kept", ready=True)
    sale(kept, buyer2, 100_00, MONTH)
    released = Escrow.objects.get(seller=kept)
    assert recovery.ever_owed({kept.pk, buyer2.pk}) == {kept.pk}
    with transaction.atomic():
        assert recovery.net(released, 90_00) == 60_00
    assert recovery.owed_cents(old.pk, "USD") == 0


def test_a_payout_that_comes_back_is_paid_out_again(kept: Person, old: Person) -> None:
    came_back = "payout:old:failed", ledger.bank(old.pk), ledger.at_processor(old.pk), 90_00
    post(*came_back, MONTH)
    assert payouts.balances(kept).available_cents == 90_00
    Standing.objects.filter(person=old).update(completed_orders=1000)
    Standing.objects.get_or_create(person=old, defaults={"completed_orders": 1000})
    payout = payouts.request_payout(kept)
    assert (payout.person, payout.amount_cents) == (old, 90_00)


def test_nobody_trades_with_themselves_by_any_of_their_accounts(
    kept: Person, old: Person, seller2: Person
) -> None:
    """Case 25: a third account that was merged into the second is the first one's, too."""
    merging.merge(person=seller2, other=kept)
    assert again(old).merged_into == seller2
    assert set(again(seller2).selves) == {seller2.pk, kept.pk, old.pk}
    assert one_person.are_same(old.pk, seller2.pk)
    offer = a_listing(seller=seller2)
    with pytest.raises(Refusal), transaction.atomic():
        checkout.reserve(buyer=again(kept), listing=offer, face_value_cents=50_00)


def test_accounts_that_traded_through_a_third_are_not_merged(
    kept: Person, sold: Order, buyer2: Person
) -> None:
    with pytest.raises(merging.CannotMerge, match="traded with each other"):
        merging.merge(person=kept, other=buyer2)


def test_a_closed_account_stays_closed(kept: Person, old: Person, moderator: Person) -> None:
    with pytest.raises(WrongState):
        suspension.reinstate(again(old), actor=moderator, reason="Asked.")
    with pytest.raises(IntegrityError), transaction.atomic():
        Person.objects.filter(pk=old.pk).update(is_active=True)
    cache.clear()
    client = Client()
    client.post("/accounts/login/", {"login": old.email, "password": PASSWORD})
    client.post("/accounts/password/reset/", {"email": old.email})
    client.post("/accounts/login/code/", {"email": old.email})
    assert "_auth_user_id" not in client.session
    assert not [one for one in mail.outbox if "reset" in one.subject.lower()]


def test_erasing_takes_both_and_is_refused_for_either(
    kept: Person, old: Person, bought: Order
) -> None:
    PayoutAccount.objects.create(person=kept, remote_id="acct_kept", ready=True)
    listing = a_listing(seller=kept)
    with pytest.raises(leaving.StillOpen):
        leaving.erase(kept)
    Listing.objects.filter(pk=listing.pk).update(status="withdrawn")
    Escrow.objects.filter(pk=bought.escrow_id).update(status="held")
    with pytest.raises(leaving.StillOpen):
        leaving.erase(again(kept))
    Escrow.objects.filter(pk=bought.escrow_id).update(status="released")
    leaving.erase(again(kept))
    assert set(Erasure.objects.values_list("person", flat=True)) == {kept.pk, old.pk}
    assert not Person.objects.filter(email__in=[kept.email, old.email]).exists()
    assert not Rating.objects.exclude(text="").filter(by=old).exists()
    with pytest.raises(NotAllowed):
        leaving.erase(again(kept))


def test_lists_ask_as_much_whether_something_was_merged_or_not(
    kept: Person, buyer2: Person
) -> None:
    counts = []
    for person in (kept, buyer2):
        client = signed_in(person)
        client.get("/orders/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/orders/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
