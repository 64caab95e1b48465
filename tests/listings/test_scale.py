"""Fifty thousand offers: no page reads more of them than it needs, whatever is asked."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.plans import explained
from listings import expiry, finding, words
from listings.models import Listing
from tests.factories import a_provider, a_seller

SIZE = 50_000
# A page of what one offer in 400 fits looks at some ten thousand, however many there are.
MOST_ROWS, MOST_STATEMENTS = 12_000, 11
# Titles of common words that never meet, rare ones, and prices, discounts and expiries all over.
FILL = """
    INSERT INTO listings_listing (id, seller_id, provider_id, title, description, currency,
        face_value_cents, min_order_cents, step_cents, discount_bp, expires_on, region,
        transfer_method, status, status_since, created_at, available_cents, reserved_cents,
        sold_cents, seller_rank)
    SELECT gen_random_uuid(), %s, 'p' || n %% 20,
        (ARRAY['grant of a startup', 'workshop credit', 'closed company balance',
            'research voucher'])[1 + (n %% 4)::int]
            || CASE WHEN n %% 5000 = 0 THEN ' rarity' ELSE '' END,
        'Works for images, video and language models.', 'USD', amount, 1000, 1000,
        3000 + (n * 7919) %% 4001, current_date + 30 + ((n * 104729) %% 700)::int, '',
        CASE WHEN n %% 25000 = 0 THEN 'redeem_code' ELSE 'balance_transfer' END,
        CASE WHEN n %% 100 = 99 THEN 'paused' ELSE 'live' END,
        now() - n * interval '10 seconds', now() - n * interval '10 seconds', amount, 0, 0,
        CASE WHEN n %% 2000 = 0 THEN 2 WHEN n %% 10 = 0 THEN 1 ELSE 0 END
    FROM (SELECT n, (1 + (n * 31337) %% 500) * 1000 AS amount
        FROM generate_series(1::bigint, %s) n) rows"""

ASKED = [
    "",
    "ordering=-discount",
    "ordering=discount",
    "ordering=price",
    "ordering=-price",
    "ordering=expires",
    "provider=p3",
    "category=gpu",
    "category=image&ordering=price",
    "provider=p3&ordering=price",
    "provider=p3&min_discount_bp=6900&ordering=-price",
    "transfer_method=redeem_code",
    "transfer_method=redeem_code&ordering=price",
    "min_discount_bp=6990",
    "max_price_cents=500",
    "min_available_cents=100000000",
    "expires_after=2099-01-01",
    "min_days_left=700",
    "min_days_left=365&ordering=price",
    "min_seller_tier=established",
    "min_seller_tier=trusted",
    "min_seller_tier=trusted&ordering=-discount",
    "min_seller_tier=trusted&provider=p0&ordering=price",
    "q=images&min_seller_tier=trusted",
    "q=rarity",
    "q=nowhere",
    "q=images+video+language",
    "q=images+video+language&ordering=price",
    "q=grant+workshop+closed",
    "q=grant+workshop+closed&ordering=expires",
    "q=rarity&provider=p0&ordering=-discount",
    "q=voucher+-images",
]


@pytest.fixture(scope="module")
def market(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Loaded once for the module, and taken away again."""
    with django_db_blocker.unblock():
        for number in range(20):
            a_provider(f"p{number}")
        seller = a_seller("scale@example.com")
        with connection.cursor() as cursor:
            cursor.execute(FILL, [seller.pk, SIZE])
            cursor.execute("VACUUM ANALYZE listings_listing")
        yield
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE listings_listing, accounts_person, providers_provider CASCADE")


@pytest.fixture
def client(market: None, db: None) -> Client:
    return Client()


def plans(client: Client, address: str, *, first: bool = False) -> list[tuple[bool, int]]:
    """What each statement of a page does, run again by EXPLAIN in the same settings.

    `first`: where no search has been kept.
    """
    client.get(address)
    if first:
        finding._few.forget()
        finding._edges.forget()
        words._conditions.forget()
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    assert len(queries) <= MOST_STATEMENTS
    return explained(one["sql"] for one in queries.captured_queries)


# Where hardly anything fits, the planner guesses, and may walk the whole index of an order.
GUESSED = {
    "min_discount_bp=6990",
    "max_price_cents=500",
    "expires_after=2099-01-01",
    "min_seller_tier=trusted&ordering=-discount",  # PostgreSQL 15; 18 takes the tier's own index
}


@pytest.mark.parametrize("query", ASKED)
@pytest.mark.parametrize("address", ["/listings/", "/api/v1/listings/"])
def test_no_search_scans_the_table(client: Client, address: str, query: str) -> None:
    explained = plans(client, f"{address}?{query}")
    if "q=" in query:
        explained += plans(client, f"{address}?{query}", first=True)
    for seq, looked in explained:
        assert not seq
        assert looked <= MOST_ROWS or query in GUESSED


@pytest.mark.parametrize("words", ["grant workshop closed", "nowhere", "rarity"])
@pytest.mark.parametrize("more", ["", "&ordering=price", "&provider=p0"])
def test_where_few_fit_they_are_known_for_a_while(client: Client, words: str, more: str) -> None:
    ((seq, looked),) = plans(client, f"/listings/?q={quote(words)}{more}")
    assert not seq
    # Through the offers of one provider the planner may walk as well.
    assert looked <= (SIZE // 20 if "provider" in more else 2 * finding.FEW)


@pytest.mark.parametrize("query", ["", "ordering=price&", "q=images+video+language&"])
def test_a_deep_page_costs_what_the_first_costs(client: Client, query: str) -> None:
    first = client.get(f"/api/v1/listings/?{query}limit=100").json()
    deep = first["next"]
    for _ in range(20):
        deep = client.get(deep).json()["next"]
    cursor = deep.partition("cursor=")[2].partition("&")[0]
    for seq, looked in plans(client, f"/listings/?{query}cursor={cursor}"):
        assert not seq
        assert looked <= MOST_ROWS


@pytest.mark.parametrize("words", ["grant of", "rarity"])
@pytest.mark.parametrize("order", ["price", "newest"])
def test_pages_of_a_search_hold_each_offer_once(client: Client, words: str, order: str) -> None:
    address, seen = f"/api/v1/listings/?q={words}&ordering={order}&limit=3", list[str]()
    for _ in range(5):
        answer = client.get(address).json()
        seen += [one["id"] for one in answer["results"]]
        if (address := answer["next"]) is None:
            break
    wanted = Listing.objects.live().filter(title__contains=words)
    columns = ("price_cents", "pk") if order == "price" else ("-created_at", "-pk")
    assert seen == [str(pk) for pk in wanted.order_by(*columns).values_list("pk", flat=True)[:15]]


def test_a_common_word_is_meant_whole_and_a_rare_one_may_go_on(client: Client) -> None:
    assert found(client, "workshop ima") == found(client, "workshop images") == 20
    assert found(client, "works") == 20  # not common itself, though "workshop" is
    assert found(client, "rarit") == 10
    with CaptureQueriesContext(connection) as queries:
        client.get("/listings/?q=workshop+rarit")
    assert any("'workshop & rarit:*'" in one["sql"] for one in queries.captured_queries)


def found(client: Client, words: str) -> int:
    return len(client.get("/api/v1/listings/", {"q": words, "limit": 20}).json()["results"])


@pytest.mark.parametrize("sweep", [expiry.expire_due, expiry.remind_due])
def test_a_sweep_reads_what_is_due_alone(market: None, db: None, sweep: Callable[[], int]) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert sweep() == 0
    assert explained([queries.captured_queries[0]["sql"]]) == [(False, 0)]


def test_what_is_too_much_is_refused_at_once(client: Client) -> None:
    for query in ("q=" + "x" * 100_000, "q=" + "gpu+" * 20_000, "limit=100000", "limit=-1"):
        answer = client.get(f"/api/v1/listings/?{query}")
        assert answer.status_code == 400
    assert client.get("/listings/", {"q": "x" * 100_000}).status_code == 400
