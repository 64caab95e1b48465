"""Where money and credit are, from the rows alone: no picture claims what nobody has shown."""

import pytest

from orders import timeline, whereabouts
from orders.models import Order
from orders.verification.models import Watch
from payments.models import Escrow, GiveBack

SPLIT = {"status": "split", "released_cents": 108_00, "refunded_cents": 162_00}
WHOLE = {"status": "released", "released_cents": 270_00}
BACK = {"refunded_cents": 270_00, "status": "refunded"}
GIVEN = WHOLE | {"given_back_cents": 270_00}
IN_PART = WHOLE | {"given_back_cents": 70_00}
PARTS = {"sent_at": "once", "parts_sent_cents": 200_00, "parts_arrived_cents": 200_00}
MORE = PARTS | {"more_to_come": True}


def an_order(status: str, escrow: dict[str, object], **fields: object) -> Order:
    terms = {"price_cents": 270_00, "commission_cents": 21_60, "proceeds_cents": 248_40}
    return Order(
        status=status,
        escrow=Escrow(**({"status": "held"} | terms | escrow)),
        price_cents=270_00,
        face_value_cents=500_00,
        transfer_method=fields.pop("transfer_method", "balance_transfer"),
        **fields,
    )


CASES = [
    ("placed", {"status": "awaiting"}, {}, ("buyer", 270_00), ("seller", 500_00)),
    ("paid", {}, {}, ("held", 270_00), ("seller", 500_00)),
    ("paid", {}, {"transfer_method": "redeem_code"}, ("held", 270_00), ("moving", 500_00)),
    ("transferred", {}, {"sent_at": "once"}, ("held", 270_00), ("moving", 500_00)),
    ("transferred", {"released_cents": 108_00}, MORE, ("held", 162_00), ("moving", 300_00)),
    ("verified", {"released_cents": 108_00}, MORE, ("held", 162_00), ("buyer", 200_00)),
    ("verified", {"released_cents": 108_00}, PARTS, ("held", 162_00), ("buyer", 500_00)),
    ("completed", WHOLE, {"sent_at": "once"}, ("seller", 270_00), ("buyer", 500_00)),
    # All of it came in the end, though not all of it was announced as a part.
    ("completed", WHOLE, MORE, ("seller", 270_00), ("buyer", 500_00)),
    ("completed", SPLIT, MORE, ("seller", 108_00), ("buyer", 200_00)),
    ("completed", SPLIT, {"measured_cents": 150_00}, ("seller", 108_00), ("buyer", 150_00)),
    ("completed", SPLIT, {}, ("seller", 108_00), ("buyer", None)),
    ("cancelled", BACK, {}, ("returned", 270_00), ("seller", 500_00)),
    ("completed", GIVEN, {}, ("returned", 270_00), ("buyer", 500_00)),
    ("completed", IN_PART, {}, ("seller", 200_00), ("buyer", 500_00)),
]


@pytest.mark.parametrize(("status", "escrow", "fields", "money", "credit"), CASES)
def test_the_picture_shows_what_the_rows_say(
    status: str,
    escrow: dict[str, object],
    fields: dict[str, object],
    money: tuple[str, int],
    credit: tuple[str, int | None],
) -> None:
    order = an_order(status, escrow, **fields)
    assert (whereabouts.money_at(order), whereabouts.money_cents(order)) == money
    assert (whereabouts.credit_at(order), whereabouts.credit_cents(order)) == credit


@pytest.mark.parametrize(
    ("outcome", "at"), [("dropped", "gone"), ("stood", "buyer"), ("", "buyer")]
)
def test_what_a_watch_saw_gone_is_gone(outcome: str, at: str) -> None:
    order = an_order("completed", WHOLE)
    order.watch = Watch(outcome=outcome)
    assert whereabouts.credit_at(order) == at


def test_shares_follow_what_was_given_back_to_the_cent() -> None:
    """As it was taken, not as it would be worked out again: less may have been there."""
    back = [GiveBack(refund_cents=54_36, seller_cents=50_01, commission_cents=4_35)]
    order = an_order("completed", IN_PART | {"given_back_cents": 54_36})
    shares = timeline._shares(order, back)
    assert shares is not None
    assert (shares.to_buyer_cents, shares.to_seller_cents) == (54_36, 248_40 - 50_01)
    assert shares.commission_cents == 21_60 - 4_35
    assert timeline._shares(an_order("completed", WHOLE), []) is None
    # Each time says its own amount.
    again = [timeline._given_back(one).cents for one in [*back, GiveBack(refund_cents=1)]]
    assert again == [54_36, 1]
