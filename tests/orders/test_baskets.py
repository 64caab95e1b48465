"""Several orders on one page: all or none of them, one card, a payment for each."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import requests
from django.conf import LazySettings
from django.db import transaction
from django.db.models.functions import Now

from accounts.models import Notification, Person
from accounts.refusals import Invalid, Refusal, WrongState
from listings import prices, publishing
from listings.models import Listing
from orders import baskets, cancellation, checkout, deadlines
from orders.baskets import Wanted
from orders.models import Order
from orders.refusals import BasketRefused, KeyReused, TooManyOpenOrders
from payments import baskets as cards
from payments import webhooks
from payments.models import Basket, Escrow, Instruction, WebhookEvent
from payments.processor import processor
from providers.models import Provider
from providers.vocabulary import ResalePolicy
from tests.factories import a_listing, a_seller
from tests.sandbox_process import SandboxProcess
from tests.trade import at_once, paid, placed, settle

DECLINED, ASKS = "4000000000000341", "4000002760003184"


@pytest.fixture
def offers(sandbox: SandboxProcess, _audited: None) -> list[Listing]:
    """Three offers of $100 at 40 % off, each by somebody else."""
    return [a_listing(seller=a_seller(), face_value_cents=100_00) for _ in range(3)]


def wanted(offers: Sequence[Listing], face: int = 50_00, **more: Any) -> list[Wanted]:
    return [Wanted(Listing.objects.get(pk=offer.pk), face, **more) for offer in offers]


def a_basket(buyer: Person, offers: Sequence[Listing]) -> Basket:
    return baskets.place(buyer=buyer, parts=wanted(offers))


def give_card(basket: Basket, number: str = "4242424242424242") -> requests.Response:
    """Fill in the page of a basket, and the bank's after it."""
    typed = {"number": number, "exp": "12/34", "cvc": "123", "name": "A Buyer"}
    answer = requests.post(basket.checkout_url, data=typed, allow_redirects=False, timeout=20)
    if answer.headers.get("Location", "").endswith("/authenticate"):
        url, done = f"{basket.checkout_url}/authenticate", {"outcome": "complete"}
        answer = requests.post(url, data=done, allow_redirects=False, timeout=20)
    return answer


def statuses(basket: Basket) -> list[str]:
    return sorted(order.status for order in baskets.orders_of(basket))


def money(sandbox: SandboxProcess) -> dict[str, Any]:
    found: dict[str, Any] = sandbox.control("GET", "money/")
    return found


@pytest.fixture(autouse=True)
def _no_money_before(sandbox: SandboxProcess) -> None:
    sandbox.forget()


def nothing_is_kept(basket: Basket) -> bool:
    """Neither the card is left at the processor, nor the customer and their address."""
    v1 = processor().client.v1  # type: ignore[attr-defined]
    customer = v1.customers.retrieve(basket.customer_id).to_dict()
    card = v1.payment_methods.retrieve(basket.card_id)
    return set(customer) == {"id", "object", "deleted"} and card.customer is None


def is_over(basket: Basket) -> bool:
    """Ended, and nothing of the card is left at the processor."""
    basket.refresh_from_db()
    # Refused is one that a lost answer had carried out already.
    over = Instruction.objects.filter(
        basket=basket, kind__in=["detach", "forget"], status__in=["done", "refused"]
    )
    forgotten = not basket.card_id or (over.count() == 2 and nothing_is_kept(basket))
    return basket.status == "ended" and forgotten


def test_one_card_pays_each_order_by_itself(
    offers: list[Listing], buyer: Person, sandbox: SandboxProcess
) -> None:
    basket = a_basket(buyer, offers)
    assert statuses(basket) == ["placed"] * 3
    note = requests.get(basket.checkout_url, timeout=5).text
    assert "$90.00 in all, in 3 payments: $30.00, $30.00 and $30.00." in note
    assert give_card(basket).status_code == 303
    assert money(sandbox)["charged_cents"] == 0

    baskets.returned(basket)
    again = cards.record_card(basket.pk, customer_id="cus_other", card_id="pm_other")
    assert again.card_id != "pm_other"
    assert statuses(basket) == ["paid"] * 3
    groups = money(sandbox)["groups"]
    assert {key: group["charged_cents"] for key, group in groups.items()} == {
        str(order.pk): 30_00 for order in baskets.orders_of(basket)
    }
    settle()
    assert is_over(basket)
    assert Escrow.objects.exclude(charge_id="").values("charge_id").distinct().count() == 3
    assert not Instruction.objects.filter(kind="checkout").exclude(status="called_off").exists()
    assert Notification.objects.filter(person=buyer, kind="order_basket_placed").count() == 1
    assert not Notification.objects.filter(person=buyer, kind="order_placed").exists()


def announce(sandbox: SandboxProcess, basket: Basket) -> None:
    """The webhook of the completed page, as it arrives."""
    WebhookEvent.objects.create(
        event_id="evt_1", type="checkout.session.completed", object_id=basket.checkout_id
    )
    webhooks.process_due()


@pytest.mark.parametrize("how", ["webhook", "poller", "return, twice, and all at once"])
def test_whoever_notices_first_each_order_is_paid_once(
    offers: list[Listing], buyer: Person, sandbox: SandboxProcess, how: str
) -> None:
    basket = a_basket(buyer, offers[:2])
    give_card(basket)
    if how == "webhook":
        announce(sandbox, basket)
    elif how == "poller":
        cards.collect_due()
    else:
        at_once([lambda: baskets.returned(basket)] * 4)
        baskets.returned(basket)
    settle()
    assert statuses(basket) == ["paid"] * 2
    assert money(sandbox)["charged_cents"] == 60_00
    assert Instruction.objects.filter(kind="charge").count() == 2
    assert is_over(basket)


def refusal(kind: type[Refusal], buyer: Person, parts: Sequence[Wanted]) -> Refusal:
    """The basket is refused, and nothing at all has changed."""
    before = list(Listing.objects.order_by("pk").values())
    with pytest.raises(kind) as caught:
        baskets.place(buyer=buyer, parts=parts)
    assert list(Listing.objects.order_by("pk").values()) == before
    assert not Order.objects.filter(buyer=buyer).exists()
    assert not Basket.objects.exists()
    assert not Instruction.objects.exists()
    return caught.value


def test_one_part_that_changed_stops_all_and_says_what(
    offers: list[Listing], buyer: Person
) -> None:
    gone, dearer, fine = offers
    publishing.pause(gone, actor=gone.seller)
    parts = wanted([gone, fine]) + wanted([dearer], expected_price_cents=29_00)
    refused = refusal(BasketRefused, buyer, parts).extra["parts"]
    assert {(part["listing"], part["code"], part.get("price_cents")) for part in refused} == {
        (str(gone.pk), "listing_not_live", None),
        (str(dearer.pk), "price_changed", 30_00),
    }


def test_what_no_basket_holds(offers: list[Listing], buyer: Person, settings: LazySettings) -> None:
    one, two, three = offers
    refusal(Invalid, buyer, wanted([one]))
    refusal(Invalid, buyer, wanted([one] * 11))
    refusal(Invalid, buyer, wanted([one, two, one]))
    euro = a_listing(seller=one.seller, face_value_cents=100_00, currency="EUR")
    refusal(Invalid, buyer, wanted([two, euro]))
    own = refusal(BasketRefused, one.seller, wanted([one, two])).extra["parts"]
    assert [part["code"] for part in own] == ["own_listing"]
    refusal(BasketRefused, buyer, wanted([one, two], face=110_00))
    settings.MAX_OPEN_ORDERS_PER_BUYER = 2
    refusal(TooManyOpenOrders, buyer, wanted([one, two, three]))


def test_what_becomes_of_the_offers_between_placing_and_paying_changes_nothing(
    offers: list[Listing], buyer: Person, sandbox: SandboxProcess
) -> None:
    """And paying in two tabs pays once."""
    basket = a_basket(buyer, offers)
    gone, cheaper, forbidden = offers
    publishing.withdraw(Listing.objects.get(pk=gone.pk), actor=gone.seller)
    prices.reprice(Listing.objects.get(pk=cheaper.pk), actor=cheaper.seller, discount_bp=7000)
    Provider.objects.filter(pk=forbidden.provider_id).update(resale_policy=ResalePolicy.FORBIDDEN)
    publishing.pause(Listing.objects.get(pk=forbidden.pk), actor=forbidden.seller)
    for _ in range(2):
        give_card(basket)
    baskets.returned(basket)
    settle()
    assert statuses(basket) == ["paid"] * 3
    assert money(sandbox)["charged_cents"] == 90_00
    assert is_over(basket)


def test_the_same_request_at_once_is_one_basket(offers: list[Listing], buyer: Person) -> None:
    def ask(face: int = 50_00) -> Any:
        return baskets.once(
            buyer=buyer,
            key="k1",
            body={"face": face},
            act=lambda: baskets.reserve(buyer=buyer, parts=wanted(offers[:2], face)),
            answer=lambda basket: {"id": str(basket.pk), "url": basket.checkout_url},
        )

    results = at_once([ask] * 5)
    assert all(result == results[0] for result in results), results
    assert results[0]["url"]
    assert Order.objects.count() == 2
    with pytest.raises(KeyReused):
        ask(20_00)


def test_baskets_of_the_same_offers_do_not_block_each_other(
    offers: list[Listing], buyer: Person, buyer2: Person
) -> None:
    forth, back = wanted(offers), list(reversed(wanted(offers)))
    acts: list[Callable[[], Any]] = []
    for person, parts in [(buyer, forth), (buyer2, back)] * 3:
        acts.append(lambda person=person, parts=parts: _reserved(person, parts))  # type: ignore[misc]
    results = at_once(acts)
    won = [found for found in results if isinstance(found, Basket)]
    assert len(won) == 2  # $100 of each offer is two times $50
    assert all(isinstance(found, Basket | BasketRefused) for found in results), results
    assert set(Listing.objects.values_list("available_cents", flat=True)) == {0}


def _reserved(person: Person, parts: Sequence[Wanted]) -> Basket:
    fresh = [Wanted(Listing.objects.get(pk=p.listing.pk), p.face_value_cents) for p in parts]
    with transaction.atomic():
        return baskets.reserve(buyer=person, parts=fresh)


@pytest.mark.parametrize(
    ("number", "says"),
    [(DECLINED, "Your card was declined."), (ASKS, "Your bank wants you to confirm")],
)
def test_a_declined_order_gets_a_page_of_its_own(
    offers: list[Listing], buyer: Person, sandbox: SandboxProcess, number: str, says: str
) -> None:
    basket = a_basket(buyer, offers[:2])
    give_card(basket, number)
    baskets.returned(basket)
    settle()
    assert statuses(basket) == ["placed"] * 2
    assert money(sandbox)["charged_cents"] == 0
    assert is_over(basket)
    one, other = baskets.orders_of(basket)
    event = one.events.get(kind="card_declined")
    assert event.note.startswith(says)
    assert Notification.objects.filter(person=buyer, kind="order_card_declined").count() == 2
    assert one.escrow.checkout_url

    assert paid(one).status == "paid"
    assert statuses(basket) == ["paid", "placed"]
    cancellation.cancel(other, actor=buyer)
    settle()
    assert statuses(basket) == ["cancelled", "paid"]
    assert money(sandbox)["charged_cents"] == 30_00


def lapse(basket: Basket) -> None:
    Order.objects.filter(escrow__basket=basket).update(deadline=Now())
    for order_id in deadlines.due():
        deadlines.enforce(order_id)


def test_an_abandoned_page_is_closed_with_its_orders(
    offers: list[Listing], buyer: Person, sandbox: SandboxProcess
) -> None:
    basket = a_basket(buyer, offers)
    lapse(basket)
    settle()
    assert statuses(basket) == ["cancelled"] * 3
    assert is_over(basket)
    assert set(Listing.objects.values_list("available_cents", flat=True)) == {100_00}
    assert "expired" in give_card(basket).text
    assert money(sandbox)["charged_cents"] == 0


def test_a_card_given_too_late_is_forgotten_unused(
    offers: list[Listing], buyer: Person, sandbox: SandboxProcess
) -> None:
    basket = a_basket(buyer, offers)
    give_card(basket)
    lapse(basket)
    baskets.returned(basket)
    settle()
    assert statuses(basket) == ["cancelled"] * 3
    assert money(sandbox)["charged_cents"] == 0
    assert basket.events.filter(kind="card_given_too_late").exists()
    assert is_over(basket)
    assert basket.card_id


def test_cancelling_closes_the_page_at_once(
    offers: list[Listing], buyer: Person, sandbox: SandboxProcess
) -> None:
    basket = a_basket(buyer, offers)
    baskets.cancel(basket, actor=buyer)
    assert statuses(basket) == ["cancelled"] * 3
    assert "expired" in give_card(basket).text
    with pytest.raises(WrongState):
        baskets.cancel(basket, actor=buyer)
    settle()
    assert is_over(basket)


def test_an_order_withdrawn_before_its_charge_is_never_charged(
    offers: list[Listing], buyer: Person, sandbox: SandboxProcess
) -> None:
    basket = a_basket(buyer, offers)
    gone, later, _ = baskets.orders_of(basket)
    cancellation.cancel(gone, actor=buyer)
    give_card(basket)
    cards.collect(basket.pk)
    cancellation.cancel(later, actor=buyer)
    settle()
    assert statuses(basket) == ["cancelled", "cancelled", "paid"]
    assert money(sandbox)["charged_cents"] == 30_00
    charge = Instruction.objects.get(escrow=later.escrow, kind="charge")
    assert (charge.status, charge.tries) == ("called_off", 0)
    assert is_over(basket)


def test_an_order_beside_a_basket_is_as_it_was(
    offers: list[Listing], buyer: Person, sandbox: SandboxProcess
) -> None:
    order = placed(buyer, offers[0], 10_00)
    basket = a_basket(buyer, offers)
    assert checkout.payment_url(order) == order.escrow.checkout_url
    assert {checkout.payment_url(o) for o in baskets.orders_of(basket)} == {basket.checkout_url}
