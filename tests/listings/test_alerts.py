"""Saved searches, watched offers, and who hears of what."""

import pytest
from django.core import mail
from django.db import connection, transaction
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import notifications
from accounts.models import Notification, Person, Standing, Tier
from accounts.refusals import Invalid
from listings import alerts, prices, publishing, saved
from listings.models import Listing, News, SavedSearch
from listings.search import results, wanted
from tests.factories import a_listing, a_person, a_provider, a_seller

pytestmark = pytest.mark.django_db
MANY = """
    INSERT INTO listings_savedsearch (person_id, query, words, provider, method, start, text_query,
        least_discount_bp, greatest_discount_bp, least_available_cents, greatest_price_cents,
        category, proof)
    SELECT %s, 'n=' || n, '', 'p' || n %% 68, '', 'w' || n %% 90, quote_literal('word'),
        0, 10000, 0, 1000000000, '', '' FROM generate_series(1, 20000) n"""


def keep(person: Person, query: str) -> SavedSearch:
    return saved.save(person, QueryDict(query))


def told(person: Person) -> list[str]:
    alerts.tell_due()
    rows = Notification.objects.filter(person=person, kind__startswith="alert_")
    return [row.kind for row in rows.order_by("id")]


FITTING = [
    "provider=vast",
    "q=gpu",
    "q=gpu+hours",
    "q=vast",
    "q=vast.ai+gpu",
    "q=spare",
    "q=-poetry",
    "q=%22spare+GPU%22",
    "q=poetry+or+gpu",
    "q=gpu&provider=vast&transfer_method=balance_transfer",
    "min_discount_bp=4000&max_discount_bp=4000",
    "max_price_cents=30000",
    "min_available_cents=50000",
    "expires_after=2026-12-01",
    "category=gpu&proof=api_balance",
    "min_days_left=200",
    "min_seller_tier=established",
]
NOT_FITTING = [
    "provider=acme",
    "q=poetry",
    "q=gpu+poetry",
    "q=replicate",
    "q=-gpu",
    "transfer_method=redeem_code",
    "min_discount_bp=4001",
    "max_discount_bp=3999",
    "max_price_cents=29999",
    "min_available_cents=50001",
    "expires_after=2099-01-01",
    "category=image",
    "proof=evidence_upload",
    "min_days_left=201",
    "min_seller_tier=trusted",
]


@pytest.fixture
def offer(db: None) -> Listing:
    a_provider("acme")
    vast = a_provider("vast", name="Vast.ai")
    seller = a_seller()
    Standing.objects.create(person=seller, tier=Tier.ESTABLISHED)
    written = {"title": "Spare GPU hours", "description": "From a project."}
    return a_listing(seller=seller, provider=vast, **written)


@pytest.mark.parametrize("query", FITTING + NOT_FITTING)
def test_a_saved_search_means_what_the_browse_page_shows(
    buyer: Person, offer: Listing, query: str
) -> None:
    one = keep(buyer, query)
    fits = query in FITTING
    asked = wanted(QueryDict(query))
    assert asked is not None
    assert results(asked).filter(pk=offer.pk).exists() == fits
    assert alerts.matching(offer).filter(pk=one.pk).exists() == fits


def test_going_live_is_told_once_by_inbox_and_mail(buyer: Person, buyer2: Person) -> None:
    a_provider("vast", name="Vast.ai")
    keep(buyer, "q=gpu")
    keep(buyer, "provider=vast")
    keep(buyer2, "q=poetry")
    listing = a_listing(provider=a_provider("vast"), title="GPU hours", status="in_review")
    assert told(buyer) == []
    publishing.approve(listing, actor=a_person(is_staff=True), reason="In order.")
    assert told(buyer) == ["alert_match"]
    assert told(buyer) == ["alert_match"]
    assert told(buyer2) == []
    assert not News.objects.exists()
    notifications.send_due()
    found = [one for one in mail.outbox if one.to == [buyer.email]]
    assert found[0].subject == "New for your search: Vast.ai at 40% off"
    assert listing.get_absolute_url() in found[0].body
    assert "List-Unsubscribe" in found[0].extra_headers


def test_falling_under_a_price_is_told_and_to_the_seller_nothing() -> None:
    seller = a_seller()
    listing = a_listing(seller=seller)
    keen, own = a_person(), keep(seller, "max_price_cents=25000")
    keep(keen, "max_price_cents=25000")
    assert told(keen) == []
    prices.reprice(listing, actor=seller, discount_bp=5000)
    assert told(keen) == ["alert_match"]
    assert told(own.person) == []


def test_who_watches_hears_of_each_fall_and_of_no_rise(buyer: Person, seller: Person) -> None:
    listing = a_listing(seller=seller)
    alerts.watch(buyer, listing)
    assert told(buyer) == []
    for discount, count in ((4500, 1), (4000, 1), (4500, 1), (5000, 2)):
        prices.reprice(listing, actor=seller, discount_bp=discount)
        assert len(told(buyer)) == count
    alerts.unwatch(buyer, listing)
    prices.reprice(listing, actor=seller, discount_bp=6000)
    assert len(told(buyer)) == 2


def test_what_has_gone_meanwhile_is_not_told(buyer: Person, seller: Person) -> None:
    keep(buyer, "q=credit")
    listing = a_listing(seller=seller)
    publishing.withdraw(listing, actor=seller)
    assert told(buyer) == []
    assert not News.objects.exists()


def test_twenty_thousand_searches_cost_one_indexed_query(offer: Listing, buyer: Person) -> None:
    keep(buyer, "provider=vast&q=gpu")
    with connection.cursor() as cursor:
        cursor.execute(MANY, [buyer.pk])
        cursor.execute("ANALYZE listings_savedsearch")
    found = alerts.matching(offer)
    plan = found.explain()
    assert "what_may_fit" in plan
    assert "Seq Scan on listings_savedsearch" not in plan
    assert found.count() == 1
    News.objects.all().delete()
    with transaction.atomic():
        alerts.announce(offer)
    with CaptureQueriesContext(connection) as queries:
        assert alerts.tell_due() == 1
    assert len(queries) <= 12


def test_searches_are_saved_once_and_not_without_end(buyer: Person) -> None:
    a_provider("acme")
    assert keep(buyer, "q=gpu&ordering=price&cursor=x") == keep(buyer, "q=gpu")
    for nothing in ("", "ordering=price", "provider=nobody", "q=" + "x" * 100_000, "q=%00"):
        with pytest.raises(Invalid):
            keep(buyer, nothing)
    SavedSearch.objects.bulk_create(
        SavedSearch(person=buyer, query=f"q={n}", words="") for n in range(saved.MOST_SAVED - 1)
    )
    with pytest.raises(Invalid, match="Delete one first"):
        keep(buyer, "q=another")


def test_saving_and_deleting_by_the_pages(client: Client, buyer: Person, buyer2: Person) -> None:
    a_listing()
    page = client.get("/listings/?q=gpu").content.decode()
    assert "/listings/kept/new/?q=gpu" in page
    assert client.get("/listings/kept/new/?q=gpu").status_code == 302
    client.force_login(buyer)
    assert "Save this search" in client.get("/listings/kept/new/?q=gpu").content.decode()
    client.post("/listings/kept/new/?q=gpu")
    one = SavedSearch.objects.get(person=buyer)
    assert "“gpu”" in client.get("/listings/kept/").content.decode()
    client.force_login(buyer2)
    assert client.post(f"/listings/kept/{one.pk}/deletion/").status_code == 404
    assert "“gpu”" not in client.get("/listings/kept/").content.decode()
    client.force_login(buyer)
    client.post(f"/listings/kept/{one.pk}/deletion/")
    assert not SavedSearch.objects.exists()
    assert client.get("/listings/kept/new/?q=%00").status_code == 400


def test_watching_by_the_page(client: Client, buyer: Person) -> None:
    listing = a_listing(title="Watched credit")
    client.force_login(buyer)
    assert "Watch</button>" in client.get(listing.get_absolute_url()).content.decode()
    client.post(f"{listing.get_absolute_url()}watch/")
    assert "Watched credit" in client.get("/listings/kept/").content.decode()
    assert "Stop watching" in client.get(listing.get_absolute_url()).content.decode()
    client.post(f"{listing.get_absolute_url()}watch/", {"stop": "1"}, follow=True)
    assert "Watched credit" not in client.get("/listings/kept/").content.decode()
    draft = a_listing(status="draft")
    assert client.post(f"{draft.get_absolute_url()}watch/").status_code == 404
