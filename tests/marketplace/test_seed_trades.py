"""Trades of earlier days: the same from the same seed, and in both books."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum

from accounts.models import Standing
from marketplace import ledger_audit
from marketplace.demo.trades import BLOCK
from orders.models import Order, OrderEvent
from payments import payouts
from payments.models import Payout, Posting
from providers.catalogue import load_catalogue
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db
NUMBER = 5 * BLOCK + 3


def seed(orders: int) -> str:
    out = io.StringIO()
    call_command("seed_demo", stdout=out, orders=orders)
    return out.getvalue()


def test_trades_follow_from_the_seed_and_the_sandbox_has_them_too(sandbox: SandboxProcess) -> None:
    load_catalogue()
    before = sandbox.control("GET", "money/")
    assert f"{NUMBER - 6} new trades" in seed(NUMBER - 6)
    first = set(Order.objects.values_list("pk", "price_cents", "status", "buyer_id"))
    # Repeated, it adds what is missing, across the middle of an offer, and nothing twice.
    assert "6 new trades" in seed(NUMBER)
    postings, money = Posting.objects.count(), sandbox.control("GET", "money/")
    assert "0 new trades" in seed(NUMBER)
    assert "0 new trades" in seed(BLOCK)
    assert Posting.objects.count() == postings
    assert sandbox.control("GET", "money/") == money
    assert first < set(Order.objects.values_list("pk", "price_cents", "status", "buyer_id"))
    assert Order.objects.count() == NUMBER
    assert ledger_audit.findings() == []
    _agree(money, before)
    _are_of_all_kinds()


def _agree(money: dict[str, int], before: dict[str, int]) -> None:
    """The sandbox's own count of every movement is that of the postings."""

    def posted(**columns: str) -> int:
        return int(Posting.objects.filter(**columns).aggregate(n=Sum("amount_cents"))["n"])

    counted = {name: money[name] - before[name] for name in before if name != "groups"}
    assert counted["charged_cents"] == posted(source="outside:cards") > 0
    assert counted["refunded_cents"] == posted(destination="outside:cards") > 0
    assert counted["transferred_cents"] == posted(destination__startswith="account:") > 0
    assert counted["paid_out_cents"] == posted(destination__startswith="bank:") > 0
    for order in Order.objects.select_related("escrow"):
        group = money["groups"][str(order.pk)]  # type: ignore[index]
        assert group["charged_cents"] == order.price_cents
        assert group["refunded_cents"] == order.escrow.refunded_cents


def _are_of_all_kinds() -> None:
    states = set(Order.objects.values_list("status", flat=True))
    assert {"completed", "cancelled"} < states
    assert states & {"paid", "transferred", "verified", "disputed"}
    done = Order.objects.filter(status="completed").count()
    assert sum(Standing.objects.values_list("completed_orders", flat=True)) == done
    assert OrderEvent.objects.filter(kind="completed").count() == done
    assert Payout.objects.filter(status="paid").count() >= 3
    for standing in Standing.objects.select_related("person"):
        assert payouts.balances(standing.person).paid_out_cents > 0


@pytest.mark.parametrize("number", [-1, 1_000_001])
def test_numbers_beyond_reason_are_refused(number: int) -> None:
    with pytest.raises(CommandError, match="--orders"):
        seed(number)
