"""Each step of an escrow, and every row that it writes; keys are the same in every version."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Person
from accounts.refusals import WrongState
from payments import baskets, escrow, ledger
from payments.models import Escrow, Instruction
from payments.refusals import Contested, Suspected
from tests.money.rows import Told, awaiting, held, now, payment

pytestmark = pytest.mark.django_db
PAID = ["opened >awaiting B", "paid awaiting>held B"]
BOOKED = "charge:ch_1 | outside:cards > escrow:E 3000 USD E"
TRANSFER = (
    'transfer escrow:E:transfer ready due {"amount": %s, "currency": "usd",'
    ' "destination": "acct_S", "metadata": {"instruction": "I"}, "source_transaction": "ch_1",'
    ' "transfer_group": "R"}'
)
REFUND = (
    'refund escrow:E:refund ready due {"amount": %s, "charge": "ch_1",'
    ' "metadata": {"instruction": "I"}}'
)


def test_it_is_opened(buyer: Person, seller: Person) -> None:
    reference = uuid4()
    opened = awaiting(buyer, seller, reference=reference)
    row = now(opened)
    assert (row.reference, row.buyer, row.seller) == (str(reference), buyer, seller)
    assert (row.currency, row.price_cents, row.commission_cents, row.proceeds_cents) == (
        "USD",
        3000,
        240,
        2760,
    )
    assert (row.status, Told(opened).events()) == ("awaiting", PAID[:1])


def test_a_page_is_asked_for_with_exactly_these_terms(buyer: Person, seller: Person) -> None:
    opened, expires = awaiting(buyer, seller), timezone.now()
    for _ in range(2):
        escrow.open_checkout(
            opened, title="Credit", success_url="s", cancel_url="c", expires_at=expires
        )
    call = Instruction.objects.get(escrow=opened)
    assert (call.kind, call.purpose) == ("checkout", f"escrow:{opened.pk}:checkout")
    assert call.params == {
        "mode": "payment",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": "usd",
                    "unit_amount": 3000,
                    "product_data": {"name": "Credit"},
                },
            }
        ],
        "client_reference_id": opened.reference,
        "customer_email": buyer.email,
        "allowed_payment_method_types": ["card"],
        "adaptive_pricing": {"enabled": False},
        "payment_intent_data": {
            "transfer_group": opened.reference,
            "metadata": {"order": opened.reference},
        },
        "success_url": "s",
        "cancel_url": "c",
        "expires_at": int(expires.timestamp()),
    }


def test_a_payment_as_agreed(buyer: Person, seller: Person) -> None:
    opened = awaiting(buyer, seller)
    told = Told(opened)
    for _ in range(2):
        assert escrow.record_payment(opened.pk, payment()).status == "held"
    assert (told.postings(), told.events(), told.calls()) == ([BOOKED], PAID, [])
    row = now(opened)
    assert (row.payment_id, row.charge_id, row.fee_cents) == ("pi_1", "ch_1", None)
    assert (row.quarantined_at, told.incidents()) == (None, [])


@pytest.mark.parametrize("fee", [117, 0])
def test_the_fee_is_booked_once_it_is_known(buyer: Person, seller: Person, fee: int) -> None:
    paid = held(buyer, seller)
    told = Told(paid)
    for _ in range(2):
        escrow.record_payment(paid.pk, payment(fee_cents=fee))
    booked = "charge:ch_1:fee | platform:fees > outside:processor 117 USD E"
    assert told.postings() == ([booked] if fee else [])
    assert now(paid).fee_cents == fee


def test_the_fee_that_comes_with_the_payment(buyer: Person, seller: Person) -> None:
    opened = awaiting(buyer, seller)
    told = Told(opened)
    escrow.record_payment(opened.pk, payment(fee_cents=7))
    assert told.postings()[1:] == ["charge:ch_1:fee | platform:fees > outside:processor 7 USD E"]


@pytest.mark.parametrize(
    "odd", [{"amount_cents": 2999}, {"amount_cents": 3001}, {"currency": "EUR"}]
)
def test_other_than_agreed_is_kept_apart(
    buyer: Person, seller: Person, odd: dict[str, Any]
) -> None:
    """Case 35: a payment of another amount or currency changes nothing but its own account."""
    opened = awaiting(buyer, seller)
    told, wrong = Told(opened), payment(**odd)
    for _ in range(2):
        escrow.record_payment(opened.pk, wrong)
    came = f"outside:cards > quarantine:E {wrong.amount_cents} {wrong.currency} E"
    assert told.postings() == [f"charge:ch_1 | {came}"]
    assert told.events() == [PAID[0], "quarantined awaiting>awaiting - ch_1"]
    assert told.incidents() == ["quarantine:ch_1 payment_not_as_agreed E open"]
    row = now(opened)
    assert (row.status, row.charge_id, row.quarantined_at is None) == ("awaiting", "", False)
    # As agreed after all.
    escrow.record_payment(opened.pk, payment("2"))
    assert now(opened).status == "held"


def test_a_second_payment_is_kept_apart(buyer: Person, seller: Person) -> None:
    paid = held(buyer, seller)
    told = Told(paid)
    escrow.record_payment(paid.pk, payment("2"))
    assert told.postings() == ["charge:ch_2 | outside:cards > quarantine:E 3000 USD E"]
    assert (now(paid).status, now(paid).charge_id) == ("held", "ch_1")
    assert now(paid).quarantined_at is not None
    assert told.incidents() == ["quarantine:ch_2 payment_not_as_agreed E open"]


@pytest.mark.parametrize("fee", [None, 9])
def test_paid_too_late_goes_back_once(buyer: Person, seller: Person, fee: int | None) -> None:
    """Case 33: the payment arrives after the order was cancelled, and is told twice."""
    opened = awaiting(buyer, seller)
    escrow.lapse(opened, actor=buyer, reason="withdrawn")
    told = Told(opened)
    for _ in range(2):
        escrow.record_payment(opened.pk, payment(fee_cents=fee))
    charged = ["charge:ch_1 | outside:cards > buyer:B 3000 USD E"]
    fees = ["charge:ch_1:fee | platform:fees > outside:processor 9 USD E"] if fee else []
    assert told.postings() == charged + fees
    assert told.calls() == [REFUND % 3000]
    assert told.events()[1:] == [
        "lapsed awaiting>lapsed B withdrawn",
        "paid_too_late lapsed>lapsed - refunded in full",
    ]
    assert now(opened).charge_id == "ch_1"
    # Another one is nobody's, until a person decides.
    escrow.record_payment(opened.pk, payment("2"))
    assert told.postings()[-1] == "charge:ch_2 | outside:cards > quarantine:E 3000 USD E"
    assert len(told.calls()) == 1


def test_the_fee_of_what_came_too_late(buyer: Person, seller: Person) -> None:
    opened = awaiting(buyer, seller)
    escrow.lapse(opened, actor=None, reason="")
    told = Told(opened)
    assert escrow.record_payment(opened.pk, payment(fee_cents=9)).charge_id == "ch_1"
    fee = "charge:ch_1:fee | platform:fees > outside:processor 9 USD E"
    assert told.postings()[1:] == [fee]
    row = now(opened)
    assert (row.payment_id, row.fee_cents, row.status) == ("pi_1", 9, "lapsed")


def test_in_a_basket_a_page_is_kept_ready_and_not_needed_once_paid(
    buyer: Person, seller: Person
) -> None:
    basket = baskets.open_basket(buyer=buyer, currency="USD", pay_before=timezone.now())
    terms = {"currency": "USD", "price_cents": 3000, "commission_cents": 240}
    page = {"title": "C", "success_url": "s", "cancel_url": "c", "expires_at": timezone.now()}
    alone = awaiting(buyer, seller)
    opened = escrow.open_escrow(
        reference=uuid4(), buyer=buyer, seller=seller, basket=basket, **terms
    )
    assert (now(opened).basket, now(alone).basket) == (basket, None)
    for one in (alone, opened):
        escrow.open_checkout(one, **page)
        Instruction.objects.create(
            kind="charge", purpose=f"{one.pk}:charge", params={}, escrow=one, due_at=None
        )
    lines = {
        one.pk: [line.split(" {")[0] for line in Told(one).calls()][:1] for one in (alone, opened)
    }
    assert lines[alone.pk] == ["checkout escrow:E:checkout ready due"]
    assert lines[opened.pk] == ["checkout escrow:E:checkout ready never"]
    for number, one in enumerate((alone, opened)):
        assert escrow.record_payment(one.pk, payment(str(number))).status == "held"
    states = Instruction.objects.order_by("kind", "escrow__basket").values_list(
        "kind", "escrow", "status"
    )
    assert set(states) == {
        ("checkout", alone.pk, "ready"),
        ("checkout", opened.pk, "called_off"),
        ("charge", alone.pk, "ready"),
        ("charge", opened.pk, "ready"),
    }


def test_too_late_and_odd_is_kept_apart(buyer: Person, seller: Person) -> None:
    opened = awaiting(buyer, seller)
    escrow.lapse(opened, actor=None, reason="")
    told = Told(opened)
    escrow.record_payment(opened.pk, payment(amount_cents=1))
    assert told.postings() == ["charge:ch_1 | outside:cards > quarantine:E 1 USD E"]
    assert told.calls() == []


def test_a_page_is_closed_or_never_opened(buyer: Person, seller: Person) -> None:
    opened = awaiting(buyer, seller)
    escrow.open_checkout(
        opened, title="C", success_url="s", cancel_url="c", expires_at=timezone.now()
    )
    Instruction.objects.create(kind="refund", purpose="other", params={}, escrow=opened)
    escrow.lapse(opened, actor=None, reason="x")
    assert [line.split(" {")[0] for line in Told(opened).calls()] == [
        "checkout escrow:E:checkout called_off never",
        "refund other ready due",
    ]
    Escrow.objects.filter(pk=opened.pk).update(checkout_id="cs_1")
    escrow.close_checkout(now(opened))
    call = Instruction.objects.get(kind="expire")
    assert (call.purpose, call.params) == (f"escrow:{opened.pk}:expire", {"checkout": "cs_1"})
    assert (call.escrow_id, call.status) == (opened.pk, "ready")


def test_what_was_sent_is_not_called_off(buyer: Person, seller: Person) -> None:
    opened = awaiting(buyer, seller)
    for number, fields in enumerate(({"tries": 1}, {"status": "sent"})):
        Instruction.objects.create(
            kind="checkout", purpose=f"p{number}", params={}, escrow=opened, **fields
        )
    escrow.close_checkout(opened)
    assert not Instruction.objects.filter(status="called_off").exists()


@pytest.mark.parametrize(
    ("share", "to", "commission", "sent"),
    [
        (3000, "released", 240, 2760),
        (1500, "split", 120, 1380),
        (1, "split", 0, 1),
        (2999, "split", 240, 2759),
        (0, "refunded", 0, 0),
    ],
)
def test_it_ends_once_and_to_the_last_cent(
    buyer: Person, seller: Person, share: int, to: str, commission: int, sent: int
) -> None:
    """Cases 28 and 37: whoever ends it second, and however, changes nothing."""
    paid = held(buyer, seller)
    told = Told(paid)
    escrow.settle(paid, seller_share_cents=share, actor=seller, reason="why")
    lines = [
        (commission, f"escrow:E:commission | escrow:E > platform:commission {commission} USD E"),
        (sent, f"escrow:E:release | escrow:E > seller:S {sent} USD E"),
        (3000 - share, f"escrow:E:refund | escrow:E > buyer:B {3000 - share} USD E"),
    ]
    assert told.postings() == [line for cents, line in lines if cents]
    assert told.events() == [*PAID, f"{to} held>{to} S why"]
    calls = [TRANSFER % sent] if sent else []
    assert sorted(told.calls(), reverse=True) == calls + (
        [REFUND % (3000 - share)] if share < 3000 else []
    )
    row = now(paid)
    assert (row.status, row.released_cents, row.refunded_cents) == (to, share, 3000 - share)
    assert escrow.shares(row, 3000 - share) == escrow.Shares(3000 - share, sent, commission)
    before = told.postings()
    for end in (escrow.release, escrow.refund):
        with pytest.raises(WrongState):
            end(now(paid), actor=None, reason="")
    assert told.postings() == before


@pytest.mark.parametrize("share", [-1, 3001])
def test_nobody_gets_more_than_there_is(buyer: Person, seller: Person, share: int) -> None:
    paid = held(buyer, seller)
    told = Told(paid)
    with pytest.raises(AssertionError), transaction.atomic():
        escrow.settle(paid, seller_share_cents=share, actor=None, reason="")
    assert told.postings() == []


@pytest.mark.parametrize("seen", [True, False])
def test_what_stands_against_an_ending(buyer: Person, seller: Person, seen: bool) -> None:
    """Whether it is seen before, or only in the moment of the update."""
    paid = held(buyer, seller)
    told = Told(paid)
    refused: list[tuple[str, int, Any]] = [
        ("contested_at", 3000, Contested),
        ("contested_at", 0, Contested),
        ("suspected_at", 3000, Suspected),
        ("suspected_at", 1, Suspected),
    ]
    for column, share, refusal in refused:
        stale = now(paid)
        Escrow.objects.filter(pk=paid.pk).update(**{column: Now()})
        ending = now(paid) if seen else stale
        with pytest.raises(refusal if seen else WrongState), transaction.atomic():
            escrow.settle(ending, seller_share_cents=share, actor=None, reason="")
        Escrow.objects.filter(pk=paid.pk).update(**{column: None})
    assert (now(paid).status, told.postings(), told.events()) == ("held", [], PAID)
    Escrow.objects.filter(pk=paid.pk).update(suspected_at=Now())
    escrow.refund(now(paid), actor=None, reason="")
    assert now(paid).status == "refunded"


def test_the_bank_takes_it_back(buyer: Person, seller: Person) -> None:
    paid = held(buyer, seller)
    escrow.take_back(paid, note="dp_1")
    assert (now(paid).status, now(paid).refunded_cents) == ("refunded", 3000)
    assert Told(paid).events() == [*PAID, "taken_back_by_bank held>refunded - dp_1"]


def test_many_are_released_as_one_is(buyer: Person, seller: Person) -> None:
    one, many = held(buyer, seller, "1"), held(buyer, seller, "2")
    told = [Told(one), Told(many)]
    escrow.release(one, actor=None, reason="why")
    first, calls = told[0].postings(), told[0].calls()
    told[1].since += len(first)
    escrow.release_all([many], reason="why")
    assert told[1].postings() == first
    assert told[1].events() == told[0].events()
    assert [line.replace("ch_2", "ch_1") for line in told[1].calls()] == calls
    assert (now(many).released_cents, now(many).refunded_cents) == (3000, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"contested_at": Now()},
        {"suspected_at": Now()},
        {"released_cents": 1},
        {"refunded_cents": 1},
        {"status": "refunded"},
    ],
)
def test_of_many_none_is_released_where_one_is_not_free(
    buyer: Person, seller: Person, change: dict[str, Any]
) -> None:
    paid = [held(buyer, seller, mark) for mark in "12"]
    told = Told(paid[0])
    Escrow.objects.filter(pk=paid[1].pk).update(**change)
    with pytest.raises(WrongState), transaction.atomic():
        escrow.release_all(paid, reason="")
    assert (told.postings(), now(paid[0]).status) == ([], "held")


def test_without_commission_or_proceeds_nothing_of_it_moves(buyer: Person, seller: Person) -> None:
    opened = []
    for number, commission in enumerate((0, 3000)):
        with transaction.atomic():
            one = escrow.open_escrow(
                reference=uuid4(),
                buyer=buyer,
                seller=seller,
                currency="USD",
                price_cents=3000,
                commission_cents=commission,
            )
        opened.append(escrow.record_payment(one.pk, payment(str(number))))
    told = Told(opened[0])
    escrow.release_all(opened, reason="")
    assert [line.split("> ")[1] for line in told.postings()] == [
        "seller:S 3000 USD E",
        "platform:commission 3000 USD I",
    ]
    assert Instruction.objects.count() == 1
    assert ledger.balance(ledger.held(opened[1].pk), "USD") == 0
