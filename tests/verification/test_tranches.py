"""A large transfer in parts: each is paid for when it has arrived, and the rest stays held."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from django.test import Client

from accounts.models import Notification, Person
from accounts.refusals import Invalid, NotAllowed, WrongState
from marketplace import ledger_audit
from orders import cancellation, casefile, completion, deadlines, disputes, proposals, transfer
from orders import tranches as parts
from orders.models import Order, OrderStatus
from payments import chargebacks, effects, escrow, ledger, payouts, recovery, statements
from payments.models import Escrow, Instruction, InstructionStatus, Posting
from payments.processor.interface import Answer, CardDispute
from payments.refusals import Contested, Suspected
from tests.factories import a_listing, a_moderator
from tests.sandbox_process import SandboxProcess
from tests.verification.measured import AMOUNT, Measured, paid

# At 40 % off: a price of $360.01 with a commission of $28.80, so that no part is a round sum.
WHOLE, PRICE = 600_02, 360_01


@pytest.fixture(autouse=True)
def _audited() -> Iterator[None]:
    """The books of each test hold."""
    yield
    assert ledger_audit.violations() == []


@pytest.fixture
def order(buyer: Person, settings: Any) -> Order:
    settings.COOLING_OFF_SECONDS = 3600
    offer = a_listing(face_value_cents=WHOLE, min_order_cents=WHOLE, step_cents=1)
    found = paid(buyer, offer, WHOLE)
    assert found.price_cents == PRICE
    return found


def fresh(order: Order) -> Order:
    return Order.objects.with_parts().get(pk=order.pk)


def send(order: Order, part_cents: int | None = None) -> Order:
    return transfer.send(fresh(order), actor=order.seller, note="", part_cents=part_cents)


def confirm(order: Order) -> Order:
    return completion.confirm(fresh(order), actor=order.buyer)


def money(order: Order) -> tuple[str, int, int, int]:
    held = Escrow.objects.get(pk=order.escrow_id)
    return held.status, held.held_cents, held.released_cents, held.refunded_cents


def sent_to_seller(order: Order) -> list[int]:
    rows = Instruction.objects.filter(escrow=order.escrow_id, kind="transfer")
    return [row.params["amount"] for row in rows.order_by("created_at")]


def test_each_part_is_paid_for_and_parts_sum_to_the_whole(order: Order) -> None:
    send(order, 100_01)
    confirm(order)
    assert fresh(order).status == OrderStatus.TRANSFERRED
    assert money(order) == ("held", PRICE - 60_01, 60_01, 0)
    send(order, 200_00)
    confirm(order)
    assert money(order) == ("held", PRICE - 180_01, 180_01, 0)
    send(order)
    confirm(order)
    assert fresh(order).status == OrderStatus.COMPLETED
    assert money(order) == ("released", 0, PRICE, 0)
    assert sum(sent_to_seller(order)) == order.proceeds_cents
    assert sent_to_seller(order) == [55_21, 110_40, 165_60]
    kept = Posting.objects.filter(escrow=order.escrow_id, destination=ledger.COMMISSION)
    assert sum(kept.values_list("amount_cents", flat=True)) == order.commission_cents
    params = Instruction.objects.filter(escrow=order.escrow_id, kind="transfer")
    assert {row.params["source_transaction"] for row in params} == {order.escrow.charge_id}


@pytest.mark.parametrize("part_cents", [1, 60_00, 540_02, 600_02, 700_00])
def test_a_part_is_at_least_a_tenth_and_leaves_a_tenth(order: Order, part_cents: int) -> None:
    with pytest.raises(Invalid, match="at least 60"):
        send(order, part_cents)
    assert fresh(order).status == OrderStatus.PAID


def test_small_orders_and_codes_and_strangers_send_no_parts(order: Order, settings: Any) -> None:
    with pytest.raises(NotAllowed):
        transfer.send(order, actor=order.buyer, note="", part_cents=100_00)
    settings.PARTS_FROM_CENTS = WHOLE + 1
    with pytest.raises(Invalid, match="sent all at once"):
        send(order, 100_00)
    assert not order.tranches.exists()


def test_confirming_again_pays_nothing_again(order: Order) -> None:
    send(order, 100_00)
    confirm(order)
    before = money(order)
    with pytest.raises(WrongState):
        confirm(order)
    parts.release_due(order.pk)
    assert money(order) == before
    with pytest.raises(WrongState), transaction.atomic():
        escrow.release_part(
            fresh(order).escrow, number=1, released_cents=before[2], actor=None, reason=""
        )


def test_a_measured_part_waits_for_its_cooling_off_time(order: Order) -> None:
    send(order, 100_00)
    with transaction.atomic():
        assert not parts.arrived(fresh(order), cents=99_99, rung="api_balance")
        assert parts.arrived(fresh(order), cents=150_00, rung="api_balance")
    assert parts.due() == []
    parts.release_due(order.pk)
    assert money(order)[2] == 0
    order.tranches.update(release_at=F("release_at") - timedelta(hours=1))
    assert parts.due() == [order.pk]
    parts.release_due(order.pk)
    assert money(order)[2] == 60_00
    assert parts.due() == []
    told = Notification.objects.filter(kind="order_part_released")
    assert {note.person_id for note in told} == {order.buyer_id, order.seller_id}


def test_the_buyers_word_makes_a_measured_part_due(order: Order) -> None:
    send(order, 100_00)
    with transaction.atomic():
        parts.arrived(fresh(order), cents=100_00, rung="api_balance")
    confirm(order)
    assert money(order)[2] == 60_00


def test_silence_pays_for_no_part(order: Order) -> None:
    send(order, 100_00)
    confirm(order)
    send(order, 100_00)
    Order.objects.filter(pk=order.pk).update(deadline=F("deadline") - timedelta(days=9))
    deadlines.enforce(order.pk)
    found = fresh(order)
    assert (found.status, found.dispute.reason) == ("disputed", "less_than_agreed")
    assert found.dispute.text == disputes.REST_NEVER_CAME
    assert parts.due() == []
    Order.objects.filter(pk=order.pk).update(deadline=F("deadline") - timedelta(days=9))
    deadlines.enforce(order.pk)
    assert fresh(order).dispute.refund_cents == PRICE - 60_00
    disputes.accept(fresh(order), actor=order.buyer)
    disputes.accept(fresh(order), actor=order.seller)
    assert money(order) == ("split", 0, 60_00, PRICE - 60_00)
    assert fresh(order).status == OrderStatus.COMPLETED


def test_where_no_part_arrived_all_of_it_goes_back(order: Order) -> None:
    send(order, 100_00)
    for _ in range(2):
        Order.objects.filter(pk=order.pk).update(deadline=F("deadline") - timedelta(days=9))
        deadlines.enforce(order.pk)
    assert fresh(order).dispute.refund_cents == PRICE
    disputes.accept(fresh(order), actor=order.seller)
    assert money(order) == ("refunded", 0, 0, PRICE)


def test_after_the_rest_silence_counts_as_always(order: Order) -> None:
    send(order, 100_00)
    assert fresh(order).more_to_come
    send(order)
    assert not fresh(order).more_to_come
    with pytest.raises(WrongState):
        send(order)
    Order.objects.filter(pk=order.pk).update(deadline=F("deadline") - timedelta(days=9))
    deadlines.enforce(order.pk)
    assert money(order) == ("released", 0, PRICE, 0)


@pytest.mark.parametrize("ending", ["concede", "refund", "split"])
def test_a_dispute_is_about_what_is_still_held(order: Order, ending: str) -> None:
    send(order, 100_00)
    confirm(order)
    with pytest.raises(WrongState):
        cancellation.cancel(fresh(order), actor=order.seller)
    disputes.open_dispute(fresh(order), actor=order.buyer, reason="other", text="No more came.")
    left = PRICE - 60_00
    with pytest.raises(Invalid):
        proposals.propose(fresh(order), actor=order.buyer, refund_cents=left)
    moves = casefile.preview(fresh(order), None)
    assert [column["to_buyer_cents"] for column in moves] == [0, left]
    if ending == "concede":
        disputes.concede(fresh(order), actor=order.seller)
    else:
        back = {"refund": None, "split": left - 1}[ending]
        with pytest.raises(Invalid):
            disputes.decide(
                fresh(order).dispute,
                actor=a_moderator(),
                outcome="split",
                reason="Seen",
                refund_cents=left,
            )
        disputes.decide(
            fresh(order).dispute,
            actor=a_moderator(),
            outcome=ending,
            reason="Seen",
            refund_cents=back,
        )
        for party in (order.buyer, order.seller):
            if fresh(order).status == OrderStatus.DISPUTED:
                disputes.accept(fresh(order), actor=party)
    back = left - 1 if ending == "split" else left
    assert money(order) == ("split", 0, PRICE - back, back)
    assert fresh(order).status == OrderStatus.COMPLETED


def test_a_dispute_for_the_seller_releases_the_rest(order: Order) -> None:
    send(order, 100_00)
    confirm(order)
    disputes.open_dispute(fresh(order), actor=order.buyer, reason="other", text="No more came.")
    disputes.concede(fresh(order), actor=order.buyer)
    assert money(order) == ("released", 0, PRICE, 0)
    assert sum(sent_to_seller(order)) == order.proceeds_cents


def test_while_the_bank_disputes_no_part_is_paid(order: Order) -> None:
    send(order, 100_00)
    dispute = CardDispute("dp_parts", order.escrow.charge_id, PRICE, outcome="")
    chargebacks.record(dispute)
    with pytest.raises(Contested):
        confirm(order)
    assert fresh(order).parts_arrived_cents == 0
    with transaction.atomic():
        parts.arrived(fresh(order), cents=100_00, rung="api_balance")
    order.tranches.update(release_at=F("release_at") - timedelta(hours=1))
    assert parts.due() == []


def test_suspected_money_goes_back_and_what_was_paid_stays(order: Order) -> None:
    send(order, 100_00)
    confirm(order)
    send(order, 100_00)
    Escrow.objects.filter(pk=order.escrow_id).update(suspected_at=F("created_at"))
    with pytest.raises(Suspected):
        confirm(order)
    cancellation.give_back_suspected(fresh(order))
    assert money(order) == ("split", 0, 60_00, PRICE - 60_00)
    assert fresh(order).status == OrderStatus.COMPLETED


@pytest.mark.parametrize("status", [InstructionStatus.READY, InstructionStatus.DONE])
def test_a_chargeback_takes_what_is_held_and_recovers_the_parts(order: Order, status: str) -> None:
    for _ in range(2):
        send(order, 100_00)
        confirm(order)
    if status == InstructionStatus.DONE:
        _arrive_at_processor(order)
    chargebacks.record(CardDispute("dp_parts", order.escrow.charge_id, PRICE, outcome="lost"))
    assert money(order) == ("split", 0, 120_00, PRICE - 120_00)
    assert ledger.balance(ledger.LOSSES, "USD") == -120_00
    lost = order.escrow.chargebacks.get()
    assert recovery.due() == [lost.pk]
    recovery.begin(lost.pk)
    assert recovery.due() == []
    reversals = Instruction.objects.filter(escrow=order.escrow_id, kind="reversal")
    back = [row.params["amount"] for row in reversals.order_by("purpose")]
    if status == InstructionStatus.DONE:
        assert back == [55_20, 55_20]
    else:
        assert back == []
        assert ledger.balance(ledger.LOSSES, "USD") == -120_00 + 2 * 55_20
        assert ledger.balance(ledger.owed_to_seller(order.seller_id), "USD") == 0


def _arrive_at_processor(order: Order) -> None:
    """As the processor's answers would have it."""
    for row in Instruction.objects.filter(escrow=order.escrow_id, kind="transfer"):
        with transaction.atomic():
            Instruction.objects.filter(pk=row.pk).update(
                status="done",
                first_sent_at=F("created_at"),
                done_at=F("created_at"),
                due_at=None,
                remote_id=f"tr_{row.pk}",
            )
            effects.record(row, Answer(f"tr_{row.pk}"))


def test_a_debt_is_kept_back_from_each_part_and_is_open_again(order: Order) -> None:
    owed = ledger.debt(order.seller_id)
    with transaction.atomic():
        ledger.post(
            key="a-debt", source=owed, destination=ledger.LOSSES, amount_cents=70_00, currency="USD"
        )
    for _ in range(2):
        send(order, 100_00)
        confirm(order)
    assert sent_to_seller(order) == [2 * 55_20 - 70_00]
    assert recovery.owed_cents(order.seller_id, "USD") == 0
    chargebacks.record(CardDispute("dp_parts", order.escrow.charge_id, PRICE, outcome="lost"))
    recovery.begin(order.escrow.chargebacks.get().pk)
    assert recovery.owed_cents(order.seller_id, "USD") == 70_00


def test_papers_show_each_part_with_its_commission(order: Order) -> None:
    send(order, 100_00)
    confirm(order)
    assert payouts.balances(order.seller).pending_cents == order.proceeds_cents - 55_20
    send(order)
    confirm(order)
    assert payouts.balances(order.seller).pending_cents == 0
    month = f"{Posting.objects.latest('id').at:%Y-%m}"
    sales = [row for row in statements.statement(order.seller, month).rows if row[3]]
    assert [(row[3].cents, row[4].cents, row[5].cents) for row in sales] == [
        (60_00, -4_80, 55_20),
        (300_01, -24_00, 276_01),
    ]
    rows = statements.commission_invoice(order.seller, month).rows
    assert [(row[2].cents, row[3].cents) for row in rows] == [(60_00, 4_80), (300_01, 24_00)]


def test_by_page_and_by_rest(order: Order, client: Client) -> None:
    client.force_login(order.seller)
    page = f"/orders/{order.pk}/"
    assert "Only part of it" in client.get(page).content.decode()
    refused = client.post(f"{page}transfer/", {"note": "x", "part_cents": "1"})
    assert refused.status_code == 400
    assert "A part is at least" in refused.content.decode()
    client.post(f"{page}transfer/", {"note": "The first hundred.", "part_cents": "100"})
    assert "Send the rest of" in client.get(page).content.decode()
    buying = Client()
    buying.force_login(order.buyer)
    assert "This part arrived" in buying.get(page).content.decode()
    answer = buying.post(f"/api/v1/orders/{order.pk}/confirmation/").json()
    assert (answer["status"], answer["escrow"]["released_cents"]) == ("transferred", 60_00)
    told = {"sent_cents": 100_00, "arrived_cents": 100_00, "more_to_come": True}
    assert answer["transfer"]["parts"] == told
    assert "This part arrived" not in buying.get(page).content.decode()
    rest = client.post(f"/api/v1/orders/{order.pk}/transfer/", {"note": "The rest."})
    assert rest.json()["transfer"]["parts"]["more_to_come"] is False


def test_readings_verify_part_after_part_and_then_the_whole(
    sandbox: SandboxProcess, settings: Any
) -> None:
    settings.PARTS_FROM_CENTS = AMOUNT
    one = Measured(sandbox).baseline(remaining=5)
    one.holds(remaining=15)
    transfer.send(one.order, actor=one.order.seller, note="", part_cents=10_00)
    one.fresh().wait().tick(6)
    assert (one.order.verdict, one.order.parts_arrived_cents) == ("", 10_00)
    one.holds(remaining=34.99)
    transfer.send(one.order, actor=one.order.seller, note="", part_cents=20_00)
    assert one.tick(6).order.parts_arrived_cents == 10_00
    one.holds(remaining=35)
    assert one.tick(2).order.parts_arrived_cents == 30_00
    parts.release_due(one.order.pk)
    assert money(one.order)[2] == 0
    one.order.tranches.update(release_at=F("release_at") - timedelta(days=9))
    parts.release_due(one.order.pk)
    assert money(one.order)[2] == 18_00
    one.holds(remaining=55)
    assert one.send().tick(2).outcome == ("verified", "verified", AMOUNT, "arrived")
    completion.complete_verified(one.order)
    assert money(one.order) == ("released", 0, one.order.price_cents, 0)


def test_a_key_that_fails_ends_the_measuring_and_not_the_parts(
    sandbox: SandboxProcess, settings: Any
) -> None:
    settings.PARTS_FROM_CENTS = AMOUNT
    one = Measured(sandbox).baseline(remaining=5)
    one.holds(remaining=15)
    transfer.send(one.order, actor=one.order.seller, note="", part_cents=10_00)
    one.fresh().tick(2)
    one.fault("status_500", 20)
    one.tick(20)
    assert (one.order.status, one.order.verdict) == ("transferred", "inconclusive")
    assert one.order.parts_arrived_cents == 10_00
    assert completion.part_price(one.order) == 6_00
