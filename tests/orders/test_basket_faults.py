"""Whatever fails on the way of a basket: each order is charged once, or not at all."""

from contextlib import suppress

import pytest
from django.db.models.functions import Now

from accounts.models import Person
from listings.models import Listing
from orders import baskets
from payments import baskets as cards
from payments import failpoints, instructions, webhooks
from payments.models import Basket, Escrow, Instruction, Posting, WebhookEvent
from payments.processor import processor
from tests.factories import a_listing, a_seller
from tests.orders.test_baskets import a_basket, give_card, is_over, lapse, money, statuses, wanted
from tests.sandbox_process import SandboxProcess
from tests.trade import settle


@pytest.fixture
def offers(sandbox: SandboxProcess, _audited: None) -> list[Listing]:
    """Two offers of $100 at 40 % off, each by somebody else."""
    sandbox.forget()
    return [a_listing(seller=a_seller(), face_value_cents=100_00) for _ in range(2)]


def test_a_payment_whose_answer_was_lost_is_booked_by_its_webhook(
    offers: list[Listing], buyer: Person, sandbox: SandboxProcess
) -> None:
    basket = a_basket(buyer, offers[:2])
    give_card(basket)
    cards.collect(basket.pk)
    fault = {"kind": "answer_lost", "method": "POST", "path": "/v1/payment_intents", "times": 1}
    sandbox.control("POST", "faults/", fault)
    charge = Instruction.objects.filter(kind="charge").order_by("created_at")[0]
    assert instructions.carry_out(charge.pk).status == "sent"
    made = processor().client.v1.payment_intents.list().data[0]  # type: ignore[attr-defined]
    WebhookEvent.objects.create(
        event_id="evt_2", type="payment_intent.succeeded", object_id=made.id
    )
    webhooks.process_due()
    assert Escrow.objects.get(pk=charge.escrow_id).payment_id == made.id
    Instruction.objects.filter(due_at__isnull=False).update(due_at=Now())
    settle()
    assert money(sandbox)["charged_cents"] == 60_00
    assert is_over(basket)


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("answer_lost", "/v1/payment_intents"),
        ("done_then_500", "/v1/payment_intents"),
        ("status_500", "/v1/payment_intents"),
        ("status_409", "/v1/payment_intents"),
        ("done_then_500", "/v1/payment_methods"),
    ],
)
def test_whatever_the_processor_answers_each_is_charged_once(
    offers: list[Listing], buyer: Person, sandbox: SandboxProcess, kind: str, path: str
) -> None:
    basket = a_basket(buyer, offers[:2])
    give_card(basket)
    fault = {"kind": kind, "method": "POST", "path": path, "times": 2}
    sandbox.control("POST", "faults/", fault)
    cards.collect(basket.pk)
    for _ in range(6):
        Instruction.objects.filter(due_at__isnull=False).update(due_at=Now())
        settle(1)
    assert statuses(basket) == ["paid"] * 2
    assert money(sandbox)["charged_cents"] == 60_00
    assert is_over(basket)


def test_an_order_that_ended_while_its_charge_was_in_doubt(
    offers: list[Listing], buyer: Person, sandbox: SandboxProcess
) -> None:
    """What was charged all the same goes back; what was not is left."""
    basket = a_basket(buyer, offers[:2])
    give_card(basket)
    cards.collect(basket.pk)
    done, undone = baskets.orders_of(basket)
    for order, kind in ((done, "answer_lost"), (undone, "status_500")):
        fault = {"kind": kind, "method": "POST", "path": "/v1/payment_intents", "times": 1}
        sandbox.control("POST", "faults/", fault)
        instructions.carry_out(Instruction.objects.get(escrow=order.escrow, kind="charge").pk)
    lapse(basket)
    for _ in range(4):
        Instruction.objects.filter(due_at__isnull=False).update(due_at=Now())
        settle(1)
    assert statuses(basket) == ["cancelled"] * 2
    found = money(sandbox)
    assert (found["charged_cents"], found["refunded_cents"]) == (30_00, 30_00)
    assert Instruction.objects.get(escrow=undone.escrow, kind="charge").status == "called_off"
    assert is_over(basket)


class Died(Exception):
    pass


@pytest.mark.parametrize(
    "place",
    [
        "instruction claimed",
        "instruction answered",
        "card asked about",
        "card recorded",
        "payment asked about",
    ],
)
def test_whoever_dies_where_each_is_charged_once(
    offers: list[Listing], buyer: Person, sandbox: SandboxProcess, place: str
) -> None:
    def die(name: str) -> None:
        if name == place:
            raise Died

    def story() -> None:
        basket = Basket.objects.first() or baskets.place(buyer=buyer, parts=wanted(offers[:2]))
        baskets.open_page(basket)
        if basket.status == "open":
            give_card(basket)
        baskets.returned(basket)

    with failpoints.watched(die), pytest.raises(Died):
        story()
    Instruction.objects.filter(due_at__isnull=False).update(due_at=Now())
    with failpoints.watched(die), suppress(Died):
        story()
    for _ in range(4):
        Instruction.objects.filter(due_at__isnull=False).update(due_at=Now())
        basket = Basket.objects.get()
        if basket.status == "open" and basket.checkout_url:
            give_card(basket)
        Basket.objects.update(poll_due_at=Now())
        settle(1)
    assert statuses(basket) == ["paid"] * 2
    assert money(sandbox)["charged_cents"] == 60_00
    assert Posting.objects.filter(source="outside:cards").count() == 2
    assert is_over(basket)
