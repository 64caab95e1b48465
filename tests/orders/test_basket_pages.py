"""The pages of a basket: from the plan to the last order, for its buyer alone."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from listings import publishing
from listings.models import Listing
from orders import baskets
from orders.models import Order
from payments.models import Basket
from tests.factories import a_listing, a_seller
from tests.orders.test_baskets import DECLINED, a_basket, give_card, wanted
from tests.orders.test_pages_queries import queries
from tests.sandbox_process import SandboxProcess
from tests.trade import paid, settle


@pytest.fixture
def offers(sandbox: SandboxProcess, _audited: None) -> list[Listing]:
    """Offers of $100 at 40, 35 and 30 % off, each by somebody else."""
    return [
        a_listing(seller=a_seller(), face_value_cents=100_00, discount_bp=discount)
        for discount in (4000, 3500, 3000)
    ]


@pytest.fixture
def client(buyer: Person) -> Client:
    found = Client()
    found.force_login(buyer)
    return found


def line(offer: Listing, face: int, price: int) -> dict[str, str]:
    return {
        "listing": str(offer.pk),
        "face_value_cents": str(face),
        "expected_price_cents": str(price),
    }


def lines(*given: dict[str, str], **more: Any) -> dict[str, Any]:
    names = ("listing", "face_value_cents", "expected_price_cents")
    return {name: [one[name] for one in given] for name in names} | more


def test_the_plan_is_bought_with_one_button(client: Client, offers: list[Listing]) -> None:
    page = client.get("/listings/plan/?provider=acme&amount=250")
    text = page.content.decode()
    assert "Buy all 3 offers, pay once" in text
    assert "$160.00" in text  # 60 + 65 + 35
    parts = [
        (p.listing, p.quote.face_value_cents, p.quote.price_cents)
        for p in page.context["plan"].parts
    ]
    form = lines(
        *[line(*part) for part in parts], key=str(page.context["key"]), recipient="me@acme"
    )
    answer = client.post("/orders/baskets/new/", form)
    basket = Basket.objects.get()
    assert answer["Location"] == basket.checkout_url
    assert client.post("/orders/baskets/new/", form)["Location"] == basket.checkout_url
    assert Order.objects.filter(recipient="me@acme").count() == 3

    assert "Give your card once" in client.get(baskets.url(basket)).content.decode()
    give_card(basket)
    back = client.get(f"{baskets.url(basket)}returned/")
    assert back["Location"] == baskets.url(basket)
    text = client.get(baskets.url(basket)).content.decode()
    assert "Say where the credit should go" not in text
    assert text.count("sends the credit") == 3
    order = Order.objects.first()
    assert order is not None
    assert baskets.url(basket) in client.get(order.get_absolute_url()).content.decode()


def test_a_plan_never_offers_what_is_ones_own(offers: list[Listing]) -> None:
    seller = Client()
    seller.force_login(offers[0].seller)
    plan = seller.get("/listings/plan/?provider=acme&amount=250").context["plan"]
    assert offers[0] not in [part.listing for part in plan.parts]


def test_what_was_tampered_with_orders_nothing(client: Client, offers: list[Listing]) -> None:
    one, two, three = offers
    good = line(one, 50_00, 30_00)
    for form in (
        lines(good, line(two, 50_00, 1)),
        lines(good, line(two, 50_00, 32_50) | {"listing": "6f1c1d0e-0000-4000-8000-000000000000"}),
        lines(good, line(two, 50_00, 32_50) | {"listing": "x"}),
        lines(good, line(two, -1, 32_50)),
        lines(good),
        lines(good, good),
        lines(good, line(two, 50_00, 32_50) | {"face_value_cents": "NaN"}),
        lines(good, line(two, 50_00, 32_50)) | {"face_value_cents": ["5000"]},
        lines(good, line(two, 50_00, 32_50), line(three, 50_00, 35_00))
        | {"expected_price_cents": ["3000", "3250"]},
        lines(*[good] * 11),
        {},
    ):
        answer = client.post("/orders/baskets/new/", form, follow=True)
        assert answer.redirect_chain[-1][0].startswith("/listings/plan/")
        assert [str(m) for m in answer.context["messages"]]
        assert not Order.objects.exists()
    dearer = client.post(
        "/orders/baskets/new/", lines(good, line(three, 50_00, 30_00)), follow=True
    )
    assert "the price is $35.00 now" in dearer.content.decode()


def test_the_back_button_after_paying_leads_to_what_was_bought(
    client: Client, offers: list[Listing], buyer: Person
) -> None:
    """The plan's form once more, from the browser's memory; its offers may be gone by now."""
    one, two, _ = offers
    form = lines(
        line(one, 50_00, 30_00),
        line(two, 50_00, 32_50),
        key="6f1c1d0e-0000-4000-8000-000000000001",
    )
    client.post("/orders/baskets/new/", form)
    basket = Basket.objects.get()
    give_card(basket)
    client.get(f"{baskets.url(basket)}returned/")
    publishing.withdraw(Listing.objects.get(pk=one.pk), actor=one.seller)
    assert client.post("/orders/baskets/new/", form)["Location"] == baskets.url(basket)
    assert client.post(f"{baskets.url(basket)}payment/")["Location"] == baskets.url(basket)
    assert client.get(f"{baskets.url(basket)}returned/")["Location"] == baskets.url(basket)
    settle()
    assert Order.objects.filter(buyer=buyer, status="paid").count() == 2


def test_a_declined_part_says_why_and_is_paid_by_itself(
    client: Client, offers: list[Listing], buyer: Person
) -> None:
    basket = a_basket(buyer, offers[:2])
    give_card(basket, DECLINED)
    client.get(f"{baskets.url(basket)}returned/")
    text = client.get(baskets.url(basket)).content.decode()
    assert text.count("Your card was declined.") == 2
    assert "Pay $30.00" not in text  # the amount is marked up
    assert text.count("by itself</span></button>") == 2
    order = baskets.orders_of(basket)[0]
    answer = client.post(f"/orders/{order.pk}/payment/")
    order.escrow.refresh_from_db()
    assert answer["Location"] == order.escrow.checkout_url != basket.checkout_url
    history = client.get(order.get_absolute_url()).content.decode()
    assert "The card was not charged" in history
    paid(order)
    client.post(f"{baskets.url(basket)}cancellation/")
    text = client.get(baskets.url(basket)).content.decode()
    assert "The rest was cancelled, and not charged." in text


def test_an_order_of_a_basket_leads_to_its_page(
    client: Client, offers: list[Listing], buyer: Person
) -> None:
    basket = a_basket(buyer, offers[:2])
    order = baskets.orders_of(basket)[0]
    assert client.post(f"/orders/{order.pk}/payment/")["Location"] == basket.checkout_url
    give_card(basket)
    from payments import baskets as cards

    cards.collect(basket.pk)
    text = client.get(order.get_absolute_url()).content.decode()
    assert "Your card is being charged" in text
    assert f"/orders/{order.pk}/payment/" not in text


def test_a_basket_is_its_buyers_alone(
    client: Client, offers: list[Listing], buyer: Person, buyer2: Person
) -> None:
    basket = a_basket(buyer, offers[:2])
    for person in (buyer2, offers[0].seller):
        stranger = Client()
        stranger.force_login(person)
        url = baskets.url(basket)
        assert {stranger.get(f"{url}{end}").status_code for end in ("", "state/", "returned/")} == {
            404
        }
        assert {
            stranger.post(f"{url}{end}/").status_code for end in ("payment", "cancellation")
        } == {404}
        assert stranger.get(f"/api/v1/baskets/{basket.pk}/").status_code == 404
    seller = Client()
    seller.force_login(offers[0].seller)
    order = Order.objects.get(seller=offers[0].seller)
    assert str(basket.pk) not in seller.get(f"/api/v1/orders/{order.pk}/").content.decode()
    assert str(basket.pk) not in seller.get(order.get_absolute_url()).content.decode()
    client.post(f"{baskets.url(basket)}cancellation/")
    assert set(Order.objects.values_list("status", flat=True)) == {"cancelled"}


def test_by_rest(client: Client, offers: list[Listing]) -> None:
    parts = [{"listing": str(offer.pk), "face_value_cents": 50_00} for offer in offers[:2]]
    sent = {"content_type": "application/json", "headers": {"Idempotency-Key": "k"}}
    answer = client.post("/api/v1/baskets/", {"parts": parts}, **sent)
    assert answer.status_code == 201, answer.content
    found = answer.json()
    assert (found["status"], found["price_cents"]) == ("open", 62_50)
    assert [part["state"] for part in found["parts"]] == ["waiting"] * 2
    assert {order["payment_url"] for order in found["orders"]} == {found["payment_url"]}
    assert client.post("/api/v1/baskets/", {"parts": parts}, **sent).content == answer.content
    other = client.post("/api/v1/baskets/", {"parts": parts[::-1]}, **sent)
    assert other.json()["code"] == "idempotency_key_reused"

    sent["headers"] = {}
    wrong = [{**parts[0], "expected_price_cents": 1}, parts[1]]
    answer = client.post("/api/v1/baskets/", {"parts": wrong}, **sent)
    assert (answer.status_code, answer.json()["code"]) == (409, "basket_changed")
    assert answer.json()["parts"][0]["price_cents"] == 30_00
    for bad in ({}, {"parts": []}, {"parts": parts[:1]}, {"parts": "x"}, {"parts": [1, 2]}):
        assert client.post("/api/v1/baskets/", bad, **sent).status_code == 400, bad

    basket = Basket.objects.get(pk=found["id"])
    give_card(basket)
    baskets.returned(basket)
    settle()
    found = client.get(f"/api/v1/baskets/{basket.pk}/").json()
    assert [part["state"] for part in found["parts"]] == ["paid"] * 2
    assert (found["status"], found["payment_url"]) == ("ended", None)
    answer = client.post(f"/api/v1/baskets/{basket.pk}/cancellation/")
    assert answer.json()["code"] == "wrong_state"


def test_a_key_is_for_an_order_or_for_a_basket(client: Client, offers: list[Listing]) -> None:
    """Even where the body could be either."""
    parts = [{"listing": str(offer.pk), "face_value_cents": 20_00} for offer in offers[:2]]
    for first, second in (("orders", "baskets"), ("baskets", "orders")):
        sent = {"content_type": "application/json", "headers": {"Idempotency-Key": first}}
        body = {"parts": parts, **parts[0]}
        assert client.post(f"/api/v1/{first}/", body, **sent).status_code == 201
        placed = Order.objects.count()
        again = client.post(f"/api/v1/{second}/", body, **sent)
        assert (again.status_code, again.json()["code"]) == (422, "idempotency_key_reused")
        assert Order.objects.count() == placed


def test_the_page_asks_as_much_for_few_as_for_many(
    client: Client, offers: list[Listing], buyer: Person
) -> None:
    two = baskets.place(buyer=buyer, parts=wanted(offers[:2], 20_00))
    three = baskets.place(buyer=buyer, parts=wanted(offers, 20_00))
    few = queries(client, baskets.url(two))
    assert queries(client, baskets.url(three)) == few <= 6
    assert queries(client, f"{baskets.url(two)}state/") <= 5
