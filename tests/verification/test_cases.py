"""Those who lie about a transfer, and providers that do (abuse cases 42, 43 and 45)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import transaction
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Person
from accounts.refusals import Refusal
from marketplace import ledger_audit
from orders import cancellation, completion, deadlines, disputes, proposals, transfer
from orders.models import Order, OrderStatus
from payments.models import Escrow
from tests.factories import a_listing, a_person
from tests.sandbox_process import SandboxProcess
from tests.verification.measured import Measured, paid

Act = Callable[[Order, Person], object]
WORDS = "It is as I say, believe me."
# What a party can try about a trade, whether it is theirs to do or not.
TRIES: dict[str, Act] = {
    "send": lambda order, actor: transfer.send(order, actor=actor, note="Sent, really."),
    "cancel": lambda order, actor: cancellation.cancel(order, actor=actor),
    "confirm": lambda order, actor: completion.confirm(order, actor=actor),
    "accept a part": lambda order, actor: completion.accept_part(order, actor=actor),
    "answer": lambda order, actor: disputes.answer(order, actor=actor, text=WORDS),
    "escalate": lambda order, actor: disputes.escalate(order, actor=actor),
    "propose": lambda order, actor: proposals.propose(order, actor=actor, refund_cents=1),
    "appeal": lambda order, actor: disputes.appeal(order, actor=actor, text=WORDS),
}
SELLERS = st.lists(st.sampled_from([*TRIES, "wait"]), max_size=8)
# A buyer who says that it arrived, or withdraws the complaint, does not lie.
BUYERS = st.lists(st.sampled_from([*sorted(set(TRIES) - {"confirm"}), "wait"]), max_size=8)
CAUTIOUS = settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@contextmanager
def _undone() -> Iterator[None]:
    """Each example in a transaction that is rolled back, its books audited before."""
    with transaction.atomic():
        cache.clear()
        yield
        assert ledger_audit.violations() == []
        transaction.set_rollback(True)


def wait(order: Order) -> None:
    """The clock of the present state runs out."""
    Order.objects.filter(pk=order.pk).update(deadline=F("deadline") - timedelta(days=30))
    deadlines.enforce(order.pk)


def play(order: Order, actor: Person, tries: list[str]) -> tuple[str, int, int]:
    """They try all of that, and then time does the rest: the ending, released and refunded."""
    for name in tries:
        try:
            with transaction.atomic():
                now = Order.objects.with_parts().get(pk=order.pk)
                wait(now) if name == "wait" else TRIES[name](now, actor)
        except Refusal:
            pass
    for _ in range(8):
        wait(order)
    held = Escrow.objects.get(pk=order.escrow_id)
    return Order.objects.get(pk=order.pk).status, held.released_cents, held.refunded_cents


@CAUTIOUS
@given(tries=SELLERS)
def test_a_seller_who_sent_nothing_gets_nothing(sandbox: SandboxProcess, tries: list[str]) -> None:
    """Abuse case 42: the seller claims to have delivered and did not. The escrow holds."""
    with _undone():
        one = Measured(sandbox, "openrouter").baseline(granted=20, used=3)
        one.send().tick(3).wait().tick()
        assert one.order.verdict == "refuted"
        ending = play(one.order, one.order.seller, tries)
        assert ending == (OrderStatus.CANCELLED, 0, one.order.price_cents)


@CAUTIOUS
@given(tries=BUYERS, reason=st.sampled_from(["not_received", "less_than_agreed", "other"]))
def test_a_buyer_who_denies_what_was_measured_gets_nothing_back(
    sandbox: SandboxProcess, tries: list[str], reason: str
) -> None:
    """Abuse case 43: the buyer denies the receipt. The provider's reading decides."""
    with _undone():
        one = Measured(sandbox, "openrouter").baseline(granted=20, used=3)
        one.holds(granted=70, used=69)
        one.send().tick(2)
        disputes.open_dispute(one.order, actor=one.buyer, reason=reason, text=WORDS)
        ending = play(one.order, one.buyer, tries)
        assert ending == (OrderStatus.COMPLETED, one.order.price_cents, 0)


@CAUTIOUS
@given(tries=BUYERS)
def test_a_buyer_who_saw_the_codes_cannot_say_that_none_came(tries: list[str], db: None) -> None:
    """Abuse case 43: the buyer denies the receipt of codes. The log of the reveal decides."""
    with _undone():
        buyer = a_person(name="Bea")
        order = paid(buyer, a_listing(codes=["AAAA-1111-AAAA", "BBBB-2222-BBBB"]))
        transfer.reveal(order, actor=buyer)
        disputes.open_dispute(order, actor=buyer, reason="not_received", text=WORDS)
        ending = play(order, buyer, tries)
        assert ending == (OrderStatus.COMPLETED, order.price_cents, 0)


@pytest.mark.parametrize("fault", ["status_500", "redirect", "garbage", "huge", "reset"])
def test_a_provider_that_fails_for_good_accuses_and_pays_nobody(
    sandbox: SandboxProcess, fault: str
) -> None:
    """Abuse case 45: down, lying or half an answer for good. Inconclusive, and left alone."""
    one = Measured(sandbox, "openrouter").baseline(granted=20, used=0)
    one.holds(granted=70, used=0)
    one.fault(fault, 50)
    one.send().wait().tick(10)
    assert one.outcome[:3] == ("transferred", "inconclusive", None)
    asked = sandbox.control("GET", "requests/?since=0")["results"]
    path = "/providers/openrouter/"
    before = len([row for row in asked if row["path"].startswith(path)])
    other = Measured(sandbox, "openrouter")
    other.lend()
    other.tick()
    asked = sandbox.control("GET", "requests/?since=0")["results"]
    assert other.measuring.readings.get().problem == "resting"
    assert len([row for row in asked if row["path"].startswith(path)]) == before
