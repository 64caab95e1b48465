"""Programs trade: buyer and seller by REST only, the card holder by the payment page's form."""

from tests.journeys.program import Program, money, offer, pay, settled, wait_for_money
from tests.journeys.stack import Stack, wait_until


def test_a_balance_transfer(stack: Stack, buyer: Program, seller: Program) -> None:
    before = seller.get("me/")["balances"]
    listing = offer(stack, "Balance for GPU hours")
    assert listing["transfer_method"] == "balance_transfer"

    terms = {"listing": listing["id"], "face_value_cents": 2500, "expected_price_cents": 1500}
    order = buyer.post("orders/", terms, Idempotency_Key="a-trade")
    assert buyer.post("orders/", terms, Idempotency_Key="a-trade") == order
    assert (order["status"], order["price_cents"], order["proceeds_cents"]) == (
        "placed",
        1500,
        1380,
    )
    assert money(stack, order) == {}

    assert pay(order).status_code == 303
    paid = buyer.until(order, "paid")
    assert paid["escrow"] == {
        "status": "held",
        "held_cents": 1500,
        "released_cents": 0,
        "refunded_cents": 0,
    }
    answer = buyer.call("PATCH", f"orders/{order['id']}/", json={"recipient": "bea@vast.example"})
    assert answer.status_code == 200
    sale = next(
        one for one in seller.get("orders/", role="seller")["results"] if one["id"] == order["id"]
    )
    assert sale["transfer"]["recipient"] == "bea@vast.example"
    assert seller.get("me/")["balances"]["pending_cents"] == before["pending_cents"] + 1380

    assert seller.step(order, "transfer", {"note": "Sent $25"})["status"] == "transferred"
    assert buyer.step(order, "confirmation")["status"] in ("verified", "completed")
    done = buyer.until(order, "completed")
    assert done["escrow"] == {
        "status": "released",
        "held_cents": 0,
        "released_cents": 1500,
        "refunded_cents": 0,
    }
    after = seller.get("me/")["balances"]
    assert after["available_cents"] == before["available_cents"] + 1380
    wait_for_money(stack, order, settled(order))
    kinds = [event["kind"] for event in done["events"]]
    assert kinds == ["placed", "recipient_named", "paid", "sent", "confirmed", "completed"] or (
        kinds == ["placed", "paid", "recipient_named", "sent", "confirmed", "completed"]
    )


def test_codes_are_revealed(stack: Stack, buyer: Program, seller: Program) -> None:
    listing = offer(stack, "Coupons of $20 for image")
    order = buyer.buy_and_pay(listing, 2 * listing["step_cents"])
    assert seller.call("POST", f"orders/{order['id']}/reveal/").status_code == 403

    codes = buyer.step(order, "reveal")["codes"]
    assert len(set(codes)) == 2
    assert buyer.step(order, "reveal")["codes"] == codes
    assert buyer.order(order)["status"] == "transferred"
    buyer.step(order, "confirmation")
    buyer.until(order, "completed")
    wait_for_money(stack, order, settled(order))

    left = wait_until(lambda: offer(stack, "Coupons of $20 for image"))
    assert left["available_cents"] == listing["available_cents"] - order["face_value_cents"]
