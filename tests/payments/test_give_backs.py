"""A give-back through the sandbox: what Stripe's stand-in moved, and in which order."""

from django.db.models.functions import Now
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import Person
from listings.models import Listing
from orders import completion, transfer
from orders.tranches import price_of
from payments import give_backs, incidents, ledger, payouts, reserve
from payments.models import Escrow, GiveBack, Incident, Instruction
from tests.factories import a_moderator
from tests.sandbox_process import SandboxProcess
from tests.trade import paid, placed, settle


def test_the_money_comes_from_the_seller_and_goes_to_the_card(
    sandbox: SandboxProcess, listing: Listing, buyer: Person
) -> None:
    order = paid(placed(buyer, listing, 50_00))
    transfer.send(order, actor=order.seller, note="Sent.")
    completion.confirm(order, actor=buyer)
    settle()
    incidents.report(
        key=f"reversed:{order.pk}",
        kind=reserve.CREDIT_REVERSED,
        text="Half of it is gone.",
        escrow=order.escrow,
        about_cents=order.price_cents - price_of(order, 25_00),
    )
    case = Incident.objects.get(key=f"reversed:{order.pk}")
    half = give_backs.suggested(case)
    assert half == 15_00
    give_backs.begin(case, actor=a_moderator(), reason="It is gone.", refund_cents=half)
    settle()
    # What was sent is not available yet: it is waited for, and nothing is refunded in advance.
    moved = sandbox.control("GET", "money/")["groups"][str(order.pk)]
    assert (moved["reversed_cents"], moved["refunded_cents"]) == (0, 0)
    for _ in range(10):
        sandbox.control("POST", "clock/", {"advance_seconds": 86_400})
        Instruction.objects.filter(kind="reversal", status="ready").update(due_at=Now())
        settle(2)
        if GiveBack.objects.get().status != "open":
            break
    moved = sandbox.control("GET", "money/")["groups"][str(order.pk)]
    assert {kind: cents for kind, cents in moved.items() if cents} == {
        "charged_cents": 30_00,
        "transferred_cents": 27_60,
        "reversed_cents": 13_80,
        "refunded_cents": 15_00,
    }
    order.escrow.refresh_from_db()
    assert (order.escrow.given_back_cents, order.escrow.status) == (15_00, "released")
    assert Incident.objects.get(pk=case.pk).closed_at is not None
    assert ledger.balance(ledger.at_processor(order.seller_id), "USD") == 13_80
    assert payouts.balances(order.seller).reserved_cents < 13_80
    assert ledger.balance(ledger.owed_to_buyer(buyer.pk), "USD") == 0


@settings(max_examples=40)
@given(
    commission=st.integers(0, 5_000),
    proceeds=st.integers(1, 50_000),
    parts=st.lists(st.integers(1, 20_000), max_size=4),
)
def test_parts_given_back_sum_to_what_was_released(
    commission: int, proceeds: int, parts: list[int]
) -> None:
    sale = Escrow(
        price_cents=commission + proceeds, commission_cents=commission, proceeds_cents=proceeds
    )
    sale.released_cents, seller, platform = sale.price_cents, 0, 0
    for part in [*parts, sale.price_cents]:
        cents = min(part, sale.released_cents - sale.given_back_cents)
        if cents:
            taken, returned = give_backs.takes(sale, cents)
            assert taken + returned == cents
            assert min(taken, returned) >= 0
            seller, platform = seller + taken, platform + returned
            sale.given_back_cents += cents
    assert (seller, platform) == (proceeds, commission)
