"""Sellers' standing: what counts, what gains nothing, what it allows, and what is published."""

from datetime import timedelta
from itertools import count

import pytest
from django.conf import LazySettings
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import granting, one_person
from accounts.models import AuditEntry, Likeness, Person, Standing, Tier
from accounts.refusals import NotAllowed
from listings import limits, publishing
from listings.models import Listing
from listings.refusals import TooMuchOpen
from orders import checkout, standing
from orders.models import Order
from tests.factories import a_listing, a_person, a_seller, a_standing

RULES = standing.rules()
ESTABLISHED = RULES["tiers"]["established"]
_prices = count(1)


def sold(
    seller: Person, *, to: Person, times: int = 1, price_cents: int = 100_00, days_ago: int = 60
) -> None:
    """Finished trades, as rows: what brought them about is tested elsewhere."""
    listing = a_listing(seller=seller, face_value_cents=10_000_00)
    for _ in range(times):
        with transaction.atomic():
            order = checkout.reserve(buyer=to, listing=listing, face_value_cents=10_00)
        face = price_cents * 2
        commission = price_cents // 10
        with connection.cursor() as cursor:
            # The quote cannot be changed by any code of ours; here it was another from the start.
            cursor.execute("SET LOCAL session_replication_role = replica")
            Order.objects.filter(pk=order.pk).update(
                price_cents=price_cents,
                commission_cents=commission,
                proceeds_cents=price_cents - commission,
                face_value_cents=face,
                status="completed",
                deadline=None,
                ended_at=timezone.now() - timedelta(days=days_ago, hours=1),
            )
            cursor.execute("SET LOCAL session_replication_role = origin")


def tier(seller: Person) -> Tier:
    return standing.tier_of(standing.record_of(seller))


def test_good_trades_with_several_people_make_a_seller_established(seller: Person) -> None:
    assert tier(seller) == Tier.NEW
    for _ in range(ESTABLISHED["counterparties"]):
        sold(seller, to=a_person(), times=2)
    found = standing.record_of(seller)
    assert (found.trades, found.counterparties, found.days) == (6, 3, 60)
    assert found.value_cents == 600_00
    assert tier(seller) == Tier.ESTABLISHED


def test_time_counts_too(seller: Person) -> None:
    for _ in range(5):
        sold(seller, to=a_person(), times=2, days_ago=ESTABLISHED["days"] - 1)
    assert tier(seller) == Tier.NEW


def test_a_farm_of_cheap_trades_gains_nothing(seller: Person) -> None:
    for _ in range(4):
        sold(seller, to=a_person(), times=4, price_cents=RULES["least_trade_cents"] - 1)
    assert standing.record_of(seller).trades == 0


def test_many_trades_with_one_friend_gain_nothing_more(seller: Person) -> None:
    sold(seller, to=a_person(), times=12, price_cents=900_00)
    found = standing.record_of(seller)
    assert (found.trades, found.counterparties) == (RULES["most_per_counterparty"], 1)
    assert tier(seller) == Tier.NEW


def test_trades_with_oneself_gain_nothing(seller: Person, moderator: Person) -> None:
    selves = [a_person() for _ in range(4)]
    for person in selves:
        sold(seller, to=person, times=3)
    assert tier(seller) == Tier.ESTABLISHED
    for person in selves:
        one_person.raise_case(seller.pk, person.pk, evidence="card")
    for case in Likeness.objects.all():
        one_person.decide(case, actor=moderator, decision="same", reason="One card.")
    assert standing.record_of(seller).trades == 0


def test_several_accounts_of_one_buyer_are_one_counterparty(
    seller: Person, moderator: Person
) -> None:
    one, other = a_person(), a_person()
    for person in (one, other):
        sold(seller, to=person, times=3)
    assert standing.record_of(seller).counterparties == 2
    one_person.raise_case(one.pk, other.pk, evidence="card")
    one_person.decide(Likeness.objects.get(), actor=moderator, decision="same", reason="One.")
    found = standing.record_of(seller)
    assert (found.trades, found.counterparties) == (RULES["most_per_counterparty"], 1)


def test_who_fails_to_deliver_is_not_established(seller: Person) -> None:
    for _ in range(4):
        sold(seller, to=a_person(), times=2)
    a_standing(seller, completed=8, failed=1)
    assert tier(seller) == Tier.NEW
    Standing.objects.filter(person=seller).update(completed_orders=20)
    assert tier(seller) == Tier.ESTABLISHED


def test_the_sweep_works_tiers_out_and_comes_back(seller: Person) -> None:
    for _ in range(4):
        sold(seller, to=a_person(), times=2)
    a_standing(seller, completed=8)
    assert standing.due() == [seller.pk]
    standing.work_out(seller.pk)
    assert Standing.objects.get(person=seller).tier == Tier.ESTABLISHED
    assert standing.due() == []
    Standing.objects.update(tier_at=timezone.now() - timedelta(hours=2))
    assert standing.due() == [seller.pk]


def test_a_new_seller_has_a_limit_that_open_trades_count_against(
    seller: Person, buyer: Person, settings: LazySettings
) -> None:
    settings.NEW_SELLER_OPEN_CENTS = 500_00
    first = a_listing(seller=seller, face_value_cents=500_00)  # $300 at 40 % off
    with transaction.atomic():
        checkout.reserve(buyer=buyer, listing=first, face_value_cents=100_00)
    assert limits.open_cents(seller) == 300_00
    second = a_listing(seller=seller, status="draft", face_value_cents=400_00)
    with pytest.raises(TooMuchOpen) as refused:
        publishing.submit(second, actor=seller)
    assert refused.value.extra == {"limit_cents": 500_00, "open_cents": 300_00}
    assert Listing.objects.get(pk=second.pk).status == "draft"
    publishing.withdraw(Listing.objects.get(pk=first.pk), actor=seller)
    # What is reserved stays open; what was left is not on offer any more.
    assert limits.open_cents(seller) == 60_00
    assert publishing.submit(second, actor=seller).status == "in_review"


def test_a_trusted_seller_has_none_and_others_limits_are_their_own(
    seller: Person, seller2: Person, moderator: Person, settings: LazySettings
) -> None:
    settings.NEW_SELLER_OPEN_CENTS = 100_00
    granting.grant(seller, actor=moderator, tier=Tier.TRUSTED, reason="A company we know.")
    assert a_listing(seller=seller).status == "live"
    draft = a_listing(seller=seller2, status="draft")
    with pytest.raises(TooMuchOpen):
        publishing.submit(draft, actor=seller2)
    assert AuditEntry.objects.get(act="standing_granted").subject == f"person:{seller.pk}"


def test_offers_carry_the_tier_and_follow_it(seller: Person, moderator: Person) -> None:
    """Found by it on the page and by the API, from the next sweep on."""

    def found(tier: str) -> int:
        answer = Client().get("/api/v1/listings/", {"min_seller_tier": tier}).json()["results"]
        assert {one["seller_tier"] for one in answer} <= {"established", "trusted"}
        return len(answer)

    live, draft = a_listing(seller=seller), a_listing(seller=seller, status="draft")
    other = a_listing()
    assert found("established") == 0
    granting.grant(seller, actor=moderator, tier=Tier.TRUSTED, reason="A company we know.")
    assert standing.due() == [seller.pk]
    standing.work_out(seller.pk)
    assert (found("established"), found("trusted")) == (1, 1)
    ranks = Listing.objects.values_list("pk", "seller_rank")
    assert dict(ranks) == {live.pk: 2, draft.pk: 2, other.pk: 0}
    late = a_listing(seller=seller)
    assert late.seller_rank == 2
    granting.grant(seller, actor=moderator, tier=Tier.NEW, reason="They left the company.")
    standing.work_out(seller.pk)
    assert found("established") == 0


def test_nobody_grants_a_standing_to_themselves(seller: Person, moderator: Person) -> None:
    for actor, person in ((moderator, moderator), (seller, seller), (seller, moderator)):
        with pytest.raises(NotAllowed):
            granting.grant(person, actor=actor, tier=Tier.TRUSTED, reason="Me.")
    assert not Standing.objects.filter(granted=Tier.TRUSTED).exists()


def test_an_order_keeps_the_longer_cooling_off_of_a_new_seller(
    buyer: Person, settings: LazySettings
) -> None:
    settings.COOLING_OFF_SECONDS, settings.NEW_SELLER_COOLING_OFF_SECONDS = 100, 300
    newcomer, known = a_seller(), a_seller()
    Standing.objects.create(person=known, tier=Tier.ESTABLISHED)
    stored = {}
    for person in (newcomer, known):
        listing = a_listing(seller=person)
        with transaction.atomic():
            order = checkout.reserve(buyer=buyer, listing=listing, face_value_cents=50_00)
        stored[person] = Order.objects.get(pk=order.pk).cooling_off_seconds
    assert stored == {newcomer: 300, known: 100}


def test_a_sellers_page_says_what_is_public(seller: Person, buyer: Person) -> None:
    client = Client()
    assert client.get(f"/sellers/{seller.pk}/").status_code == 404
    listing = a_listing(seller=seller)
    sold(seller, to=buyer, times=2)
    Order.objects.update(paid_at=timezone.now(), sent_at=timezone.now() + timedelta(hours=2))
    a_standing(seller, completed=3, failed=1)
    page = client.get(f"/sellers/{seller.pk}/").content.decode()
    for words in ("Sol", "New seller", "75%", "2 hours", "Not rated yet", listing.title):
        assert words in page, words
    assert seller.email not in page
    offer = client.get(f"/listings/{listing.pk}/").content.decode()
    assert f'href="/sellers/{seller.pk}/"' in offer
    Person.objects.filter(pk=seller.pk).update(is_active=False)
    assert client.get(f"/sellers/{seller.pk}/").status_code == 404
    assert client.get(f"/sellers/{buyer.pk}/").status_code == 404


def test_a_sellers_page_asks_no_more_for_more_offers(seller: Person) -> None:
    def asked() -> int:
        a_listing(seller=seller)
        with CaptureQueriesContext(connection) as queries:
            assert Client().get(f"/sellers/{seller.pk}/").status_code == 200
        return len(queries)

    asked()  # names of providers are asked for once
    assert asked() == asked() <= 5


def test_the_rules_are_published_as_they_are(client: Client, db: None) -> None:
    page = " ".join(client.get("/standing/").content.decode().split())
    for tier_rules in RULES["tiers"].values():
        assert f"{tier_rules['days']} days" in page
        assert f">{tier_rules['counterparties']}<" in page
    assert "No limit" in page
