"""Arrival is measured: the course from a lent key to a verdict, over the sandbox's HTTP."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.db.models import F

from accounts.encryption import decrypt
from accounts.models import Notification
from accounts.refusals import Invalid, NotAllowed, WrongState
from orders import cancellation, completion, deadlines, disputes, transfer
from orders.models import Order
from orders.refusals import NothingMeasured, NotReadable, TooManyKeys
from orders.verification import lending, report, taking
from orders.verification.models import BalanceReading, Course, Verification
from tests.factories import a_listing, a_provider
from tests.sandbox_process import SandboxProcess
from tests.verification.measured import AMOUNT, Measured, paid


def forgotten(one: Measured) -> bool:
    """Whether the key is gone, with the moment written down."""
    row = one.measuring
    return (row.ciphertext, row.key_id, row.next_at) == (None, "", None) and bool(row.forgotten_at)


def told(person_id: int, kind: str) -> int:
    return Notification.objects.filter(person_id=person_id, kind=kind).count()


def test_an_arrival_verifies_and_releases_without_anybodys_word(sandbox: SandboxProcess) -> None:
    one = Measured(sandbox)
    one.holds(remaining=5)
    assert one.lend().status == Course.WAITING
    assert one.tick().measuring.status == Course.WAITING
    assert one.tick().measuring.status == Course.BASELINE_READY
    assert one.measuring.next_at is None
    assert told(one.order.seller_id, "order_baseline_ready") == 1
    one.holds(remaining=55)
    assert one.send().measuring.status == Course.MEASURING
    assert one.tick().order.verdict == ""
    assert one.tick().outcome == ("verified", "verified", AMOUNT, "arrived")
    assert one.order.rung == "api_balance"
    assert forgotten(one)
    assert told(one.buyer.pk, "order_measured_verified_buyer") == 1
    assert told(one.order.seller_id, "order_measured_verified_seller") == 1
    Order.objects.filter(pk=one.order.pk).update(deadline=F("deadline") - timedelta(days=9))
    deadlines.enforce(one.order.pk)
    assert (one.fresh().order.status, one.order.escrow.status) == ("completed", "released")
    assert one.order.events.filter(actor=one.buyer, kind="confirmed").count() == 0


def test_a_cumulative_figure_is_not_deceived_by_spending(sandbox: SandboxProcess) -> None:
    one = Measured(sandbox, "openrouter").baseline(granted=20, used=3)
    one.holds(granted=70, used=69)
    assert one.send().tick(2).outcome == ("verified", "verified", AMOUNT, "arrived")


def test_spending_behind_a_plain_balance_is_inconclusive_and_never_a_lie(
    sandbox: SandboxProcess,
) -> None:
    one = Measured(sandbox).baseline(remaining=20)
    one.holds(remaining=40)
    one.send().wait().tick(8)
    assert one.outcome == ("transferred", "inconclusive", 20_00, "less_than_agreed")
    assert forgotten(one)


@pytest.mark.parametrize(
    ("granted", "measured", "reason"),
    [(20, 0, "did_not_arrive"), (45, 25_00, "arrived_in_part"), (69.99, 49_99, "arrived_in_part")],
)
def test_too_small_an_arrival_is_refuted_where_the_figure_is_exact(
    sandbox: SandboxProcess, granted: float, measured: int, reason: str
) -> None:
    one = Measured(sandbox, "openrouter").baseline(granted=20, used=3)
    one.holds(granted=granted, used=5)
    one.send().tick(3)
    assert one.order.verdict == ""
    one.wait().tick()
    assert one.outcome == ("transferred", "refuted", measured, reason)
    assert told(one.buyer.pk, "order_measured_refuted_buyer") == 1


def test_late_figures_are_waited_for(sandbox: SandboxProcess) -> None:
    one = Measured(sandbox, "openrouter").baseline(granted=20, used=0)
    one.holds(granted=70, used=0)
    one.fault("lag", 3)
    one.send().tick(3)
    assert one.order.verdict == ""
    assert one.tick(2).order.verdict == "verified"


def test_a_row_that_was_not_there_before_is_an_arrival(sandbox: SandboxProcess) -> None:
    one = Measured(sandbox, "scaleway", currency="EUR").baseline(granted=100, used=10)
    one.holds(granted=150, used=30)
    one.send().tick(2)
    assert one.outcome == ("verified", "verified", AMOUNT, "arrived")
    assert one.order.rung == "api_grant_row"


def test_another_currency_is_never_compared(sandbox: SandboxProcess) -> None:
    one = Measured(sandbox, "scaleway").baseline(granted=0, used=0)
    one.holds(granted=5000, used=0)
    one.send().wait().tick(6)
    assert one.outcome == ("transferred", "inconclusive", None, "other_currency")


@pytest.mark.parametrize("fault", ["status_500", "redirect", "garbage", "huge", "reset"])
def test_a_provider_that_fails_is_asked_again_and_proves_nothing(
    sandbox: SandboxProcess, fault: str
) -> None:
    one = Measured(sandbox).baseline(remaining=0)
    one.holds(remaining=50)
    one.fault(fault, 2)
    one.send().tick(2)
    assert one.order.verdict == ""
    assert set(one.measuring.readings.filter(before=False).values_list("problem", flat=True)) != {
        ""
    }
    assert one.tick(2).order.verdict == "verified"


def test_a_provider_that_stays_away_leaves_it_to_the_buyer(sandbox: SandboxProcess) -> None:
    one = Measured(sandbox, "openrouter").baseline(granted=0)
    one.fault("status_500", 20)
    one.send().tick(10)
    sandbox.control("DELETE", "providers/openrouter/faults/")
    assert one.outcome[:3] == ("transferred", "inconclusive", None)
    assert forgotten(one)


def test_a_refused_key_ends_it_and_another_can_be_lent(sandbox: SandboxProcess) -> None:
    one = Measured(sandbox)
    one.lend()
    one.tick(2)
    assert one.outcome == ("paid", "inconclusive", None, "key_refused")
    assert forgotten(one)
    assert told(one.buyer.pk, "order_measured_inconclusive_buyer") == 1
    one.baseline(remaining=1)
    assert (one.measuring.status, one.order.verdict) == ("baseline_ready", "")
    assert one.measuring.attempt == 2


def test_sent_too_early_can_still_be_seen_to_arrive_but_not_refuted(
    sandbox: SandboxProcess,
) -> None:
    for arrives, outcome in ((50, "verified"), (0, "inconclusive")):
        one = Measured(sandbox, "openrouter")
        one.holds(granted=10, used=0)
        one.lend()
        one.tick()
        one.holds(granted=10 + arrives, used=0)
        one.send().wait().tick(6)
        assert one.order.verdict == outcome


def test_sent_before_anything_was_read(sandbox: SandboxProcess) -> None:
    one = Measured(sandbox)
    one.lend()
    assert one.send().measuring.reason == "nothing_read_before"
    assert forgotten(one)


def test_one_arrival_does_not_verify_two_orders(sandbox: SandboxProcess) -> None:
    """Whoever lies about one order must not ride on the credit of another."""
    first = Measured(sandbox, "openrouter")
    second = Measured(sandbox, "openrouter", key=first.key)
    first.baseline(granted=0, used=0)
    second.lend()
    second.tick(2)
    first.holds(granted=50, used=0)
    for one in (first, second):
        one.send()
    for one in (first, second):
        one.tick(3)
    assert (first.order.verdict, second.order.verdict) == ("", "")
    for one in (first, second):
        one.wait().tick()
    assert "verified" not in (first.order.verdict, second.order.verdict)
    assert "refuted" not in (first.order.verdict, second.order.verdict)


def test_two_keys_of_one_account_are_noticed(sandbox: SandboxProcess) -> None:
    """Vast.ai says whose account it is."""
    first, second = Measured(sandbox).baseline(remaining=0), Measured(sandbox).baseline(remaining=0)
    marks = first.measuring.account_marks
    Verification.objects.filter(order=second.order).update(account_marks=marks)
    second.send()
    first.holds(remaining=50)
    assert first.send().tick(2).order.verdict == ""
    first.holds(remaining=100)
    assert first.tick(2).order.verdict == "verified"


def test_a_silent_buyer_after_a_refutation_gets_a_moderator(sandbox: SandboxProcess) -> None:
    one = Measured(sandbox, "openrouter").baseline(granted=20)
    one.send().wait().tick(6)
    assert one.order.verdict == "refuted"
    Order.objects.filter(pk=one.order.pk).update(deadline=F("deadline") - timedelta(days=9))
    deadlines.enforce(one.order.pk)
    one.fresh()
    assert (one.order.status, one.order.escrow.status) == ("disputed", "held")
    assert one.order.dispute.reason == "not_received"


def test_both_sides_may_settle_for_a_part_and_the_rest_goes_back(sandbox: SandboxProcess) -> None:
    one = Measured(sandbox, "openrouter").baseline(granted=20)
    one.holds(granted=45)
    one.send().wait().tick(6)
    assert one.outcome[1:3] == ("refuted", 25_00)
    with pytest.raises(NotAllowed):
        completion.accept_part(one.order, actor=one.order.seller)
    for _ in range(2):
        completion.accept_part(one.order, actor=one.buyer)
        assert one.fresh().order.escrow.status == "held"
    assert told(one.order.seller_id, "order_part_offered") == 1
    completion.accept_part(one.order, actor=one.order.seller)
    escrow = one.fresh().order.escrow
    assert (one.order.status, escrow.status) == ("completed", "split")
    assert (escrow.released_cents, escrow.refunded_cents) == (15_00, 15_00)
    listing = one.order.listing
    listing.refresh_from_db()
    assert (listing.reserved_cents, listing.sold_cents) == (0, AMOUNT)
    with pytest.raises(WrongState):
        completion.accept_part(one.order, actor=one.buyer)


def test_there_is_no_part_where_nothing_or_everything_was_measured(
    sandbox: SandboxProcess,
) -> None:
    one = Measured(sandbox, "openrouter").baseline(granted=20)
    one.send()
    with pytest.raises(NothingMeasured):
        completion.accept_part(one.order, actor=one.buyer)
    one.wait().tick(6)
    with pytest.raises(NothingMeasured):
        completion.accept_part(one.order, actor=one.buyer)
    assert one.fresh().order.escrow.status == "held"


def test_a_dispute_waits_for_the_readings_and_they_move_nothing(sandbox: SandboxProcess) -> None:
    one = Measured(sandbox).baseline(remaining=0)
    one.send()
    disputes.open_dispute(one.order, actor=one.buyer, reason="other", text="I am not sure.")
    one.holds(remaining=50)
    one.tick(2)
    assert one.outcome == ("disputed", "verified", AMOUNT, "arrived")
    assert one.order.escrow.status == "held"


@pytest.mark.parametrize(
    ("stage", "end"),
    [
        ("waiting", "declined"),
        ("ready", "not_delivered"),
        ("ready", "disputed_unsent"),
        ("measuring", "confirmed"),
        ("measuring", "accepted"),
    ],
)
def test_no_key_outlives_its_order(sandbox: SandboxProcess, stage: str, end: str) -> None:
    """Abuse case 48: whatever ends the order, or leaves nothing to measure, ends the key."""
    one = Measured(sandbox)
    one.holds(remaining=0)
    one.lend()
    one.tick(1 if stage == "waiting" else 2)
    if stage == "measuring":
        one.send()
    assert one.measuring.ciphertext is not None
    {
        "declined": lambda: cancellation.decline(one.order, actor=one.order.seller),
        "not_delivered": lambda: cancellation.give_up_waiting(one.order),
        "disputed_unsent": lambda: disputes.open_dispute(
            one.order, actor=one.buyer, reason="other", text="Nobody answers."
        ),
        "confirmed": lambda: completion.confirm(one.order, actor=one.buyer),
        "accepted": lambda: completion.accept_silence(one.order),
    }[end]()
    assert forgotten(one.fresh())
    assert told(one.buyer.pk, "order_key_forgotten") == 1
    assert one.order.verdict
    readings = one.measuring.readings.count()
    assert one.tick(2).measuring.readings.count() == readings


def test_the_database_refuses_a_key_that_has_no_more_purpose(sandbox: SandboxProcess) -> None:
    one = Measured(sandbox)
    one.lend()
    with pytest.raises(DatabaseError), transaction.atomic():
        Verification.objects.filter(order=one.order).update(status=Course.DONE)
    one.tick()
    reading = BalanceReading.objects.first()
    assert reading is not None
    with pytest.raises(DatabaseError), transaction.atomic():
        BalanceReading.objects.filter(pk=reading.pk).update(problem="none")


def test_who_may_lend_and_when(sandbox: SandboxProcess) -> None:
    one = Measured(sandbox)
    with pytest.raises(NotAllowed):
        lending.lend(one.order, actor=one.order.seller, key=one.key)
    for wrong in ("", "two words", "bad\nkey", "k" * 5000):
        with pytest.raises(Invalid):
            lending.lend(one.order, actor=one.buyer, key=wrong)
    assert not Verification.objects.exists()
    one.send()
    with pytest.raises(WrongState):
        one.lend()
    assert not Verification.objects.exists()


def test_a_provider_without_a_reader_takes_no_key(sandbox: SandboxProcess) -> None:
    one = Measured(sandbox)
    acme = paid(one.buyer, a_listing(provider=a_provider("acme")))
    with pytest.raises(NotReadable):
        lending.lend(acme, actor=one.buyer, key=one.key)


def test_keys_cannot_be_tried_out_by_the_hundred(sandbox: SandboxProcess) -> None:
    one = Measured(sandbox)
    for _ in range(lending.MOST_KEYS):
        one.lend()
    with pytest.raises(TooManyKeys):
        one.lend()


def test_readings_of_an_earlier_key_are_not_compared_with_those_of_a_later(
    sandbox: SandboxProcess,
) -> None:
    one = Measured(sandbox).baseline(remaining=0)
    one.key = f"{one.key}-other"
    one.baseline(remaining=500)
    one.send().wait().tick(6)
    assert one.outcome[:3] == ("transferred", "inconclusive", 0)


def test_a_worker_that_dies_in_the_middle_loses_nothing(sandbox: SandboxProcess) -> None:
    one = Measured(sandbox)
    one.holds(remaining=5)
    row = one.lend()
    # Claimed, and then nothing: due again when the lease is over.
    assert taking.due() == [row.pk]
    Verification.objects.filter(pk=row.pk).update(next_at=F("next_at") + taking.LEASE)
    assert taking.due() == []
    assert not taking.take(row.pk)
    one.tick(2)
    assert one.measuring.status == Course.BASELINE_READY


def test_codes_are_measured_too_and_never_refuted(sandbox: SandboxProcess) -> None:
    one = Measured(
        sandbox, "scaleway", currency="EUR", codes=("GIFT-0001-AAAA",), step_cents=AMOUNT
    )
    one.baseline(granted=10)
    transfer.reveal(one.order, actor=one.buyer)
    one.tick(6)
    assert one.order.verdict == ""
    Order.objects.filter(pk=one.order.pk).update(sent_at=F("sent_at") - timedelta(days=3))
    one.tick()
    assert one.outcome[:3] == ("transferred", "inconclusive", 0)


def test_the_key_can_be_read_only_while_it_is_needed(sandbox: SandboxProcess) -> None:
    one = Measured(sandbox)
    row = one.lend()
    assert row.ciphertext is not None
    assert one.key.encode() not in bytes(row.ciphertext)
    assert decrypt(row.key_id, bytes(row.ciphertext)) == one.key


def test_the_report_is_signed_and_names_nobody(sandbox: SandboxProcess) -> None:
    one = Measured(sandbox).baseline(remaining=5)
    one.holds(remaining=55)
    document = report.signed(one.send().tick(2).order)
    assert report.is_ours(document)
    told_all = str(document)
    assert document["report"]["verdict"] == "verified"
    assert [row["counted"] for row in document["report"]["readings"]] == ["5.0"] * 2 + ["55.0"] * 2
    assert one.key not in told_all
    assert one.buyer.email not in told_all
    document["report"]["measured_cents"] += 1
    assert not report.is_ours(document)
