"""Every way in which a trade ends, and that each ends once, with the money in the right place."""

from collections.abc import Callable

import pytest
from django.db.models.functions import Now

from accounts.models import Person, Standing
from accounts.refusals import NotAllowed, Refusal, WrongState
from listings.models import Listing
from orders import cancellation, completion, deadlines, disputes, follow, transfer
from orders.models import Order
from payments import ledger
from tests.sandbox_process import SandboxProcess
from tests.trade import an_offer, at_once, paid, pay, placed, settle

Act = Callable[[Order], object]
ACTS: dict[str, tuple[str, Act]] = {
    "withdraw": ("buyer", lambda o: cancellation.withdraw(o, actor=o.buyer)),
    "decline": ("seller", lambda o: cancellation.decline(o, actor=o.seller)),
    "send": ("seller", lambda o: transfer.send(o, actor=o.seller, note="sent")),
    "confirm": ("buyer", lambda o: completion.confirm(o, actor=o.buyer)),
    "dispute": (
        "buyer",
        lambda o: disputes.open_dispute(o, actor=o.buyer, reason="other", text="No"),
    ),
}
POSSIBLE = {
    "placed": {"withdraw"},
    "paid": {"decline", "send", "dispute"},
    "transferred": {"confirm", "dispute"},
    "disputed": set(),
    "completed": set(),
    "cancelled": set(),
}


@pytest.fixture
def order(sandbox: SandboxProcess, buyer: Person, listing: Listing) -> Order:
    return placed(buyer, listing, 50_00)


def bring(order: Order, status: str) -> Order:
    if status != "placed":
        order = paid(order)
    if status == "cancelled":
        ACTS["decline"][1](order)
    elif status in ("transferred", "completed"):
        ACTS["send"][1](order)
    elif status == "disputed":
        ACTS["dispute"][1](order)
    if status == "completed":
        ACTS["confirm"][1](order)
    return now(order)


def now(order: Order) -> Order:
    return Order.objects.with_parts().get(pk=order.pk)


def make_due(order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(deadline=Now())
    deadlines.enforce(order.pk)


def moved(sandbox: SandboxProcess, order: Order) -> dict[str, int]:
    settle()
    group: dict[str, int] = sandbox.control("GET", "money/")["groups"][str(order.pk)]
    return {name: group[f"{name}_cents"] for name in ("charged", "refunded", "transferred")}


@pytest.mark.parametrize("status", POSSIBLE)
@pytest.mark.parametrize("act", ACTS)
def test_a_step_that_does_not_fit_the_state_changes_nothing(
    order: Order, status: str, act: str
) -> None:
    order = bring(order, status)
    assert order.status == status
    if act in POSSIBLE[status]:
        ACTS[act][1](order)
        assert now(order).status != status
        return
    before = Order.objects.values().get(pk=order.pk), order.events.count()
    with pytest.raises(WrongState):
        ACTS[act][1](order)
    assert (Order.objects.values().get(pk=order.pk), order.events.count()) == before


@pytest.mark.parametrize(("status", "act"), [(s, a) for s in POSSIBLE for a in sorted(POSSIBLE[s])])
def test_nobody_but_the_right_party_takes_a_step(
    order: Order, status: str, act: str, buyer2: Person, moderator: Person
) -> None:
    order = bring(order, status)
    right = getattr(order, ACTS[act][0])
    wrong = {order.buyer, order.seller, buyer2, moderator} - {right}
    calls: dict[str, Callable[[Order, Person], object]] = {
        "withdraw": lambda o, p: cancellation.withdraw(o, actor=p),
        "decline": lambda o, p: cancellation.decline(o, actor=p),
        "send": lambda o, p: transfer.send(o, actor=p, note=""),
        "confirm": lambda o, p: completion.confirm(o, actor=p),
        "dispute": lambda o, p: disputes.open_dispute(o, actor=p, reason="other", text=""),
    }
    for person in wrong:
        with pytest.raises(NotAllowed):
            calls[act](order, person)
    assert now(order).status == status


@pytest.mark.core
def test_confirmed_the_seller_is_paid(sandbox: SandboxProcess, order: Order) -> None:
    bring(order, "completed")
    assert moved(sandbox, order) == {"charged": 30_00, "refunded": 0, "transferred": 27_60}
    assert ledger.balance(ledger.at_processor(order.seller_id), "USD") == 27_60
    assert ledger.balance(ledger.COMMISSION, "USD") == 2_40
    assert Standing.objects.get(person=order.seller).completed_orders == 1
    order.listing.refresh_from_db()
    assert (order.listing.available_cents, order.listing.sold_cents) == (50_00, 50_00)


def test_declined_the_buyer_gets_all_of_it_back(sandbox: SandboxProcess, order: Order) -> None:
    bring(order, "cancelled")
    assert moved(sandbox, order) == {"charged": 30_00, "refunded": 30_00, "transferred": 0}
    order.listing.refresh_from_db()
    assert order.listing.available_cents == 100_00
    assert order.listing.status == "live"


def test_unpaid_in_time_it_lapses_and_the_stock_is_back(order: Order) -> None:
    make_due(order)
    assert now(order).status == "cancelled"
    assert now(order).escrow.status == "lapsed"
    order.listing.refresh_from_db()
    assert order.listing.available_cents == 100_00


def test_paid_in_the_last_second_it_goes_on(order: Order) -> None:
    pay(order)
    make_due(order)
    assert now(order).status == "paid"


def test_never_delivered_the_buyer_gets_it_back_and_the_offer_pauses(
    sandbox: SandboxProcess, order: Order
) -> None:
    make_due(bring(order, "paid"))
    assert moved(sandbox, order) == {"charged": 30_00, "refunded": 30_00, "transferred": 0}
    assert now(order).status == "cancelled"
    order.listing.refresh_from_db()
    assert order.listing.status == "paused"
    assert Standing.objects.get(person=order.seller).failed_orders == 1


def test_silence_after_the_time_to_inspect_counts_as_arrived(
    sandbox: SandboxProcess, order: Order
) -> None:
    make_due(bring(order, "transferred"))
    assert now(order).status == "completed"
    assert now(order).verdict == "inconclusive"
    assert moved(sandbox, order)["transferred"] == 27_60


def test_a_deadline_that_is_not_over_brings_about_nothing(order: Order) -> None:
    deadlines.enforce(order.pk)
    assert now(order).status == "placed"


@pytest.mark.parametrize(
    ("outcome", "status", "expected"),
    [
        ("release", "completed", {"charged": 30_00, "refunded": 0, "transferred": 27_60}),
        ("refund", "cancelled", {"charged": 30_00, "refunded": 30_00, "transferred": 0}),
    ],
)
def test_a_moderator_decides_a_dispute(
    sandbox: SandboxProcess,
    order: Order,
    moderator: Person,
    outcome: str,
    status: str,
    expected: dict[str, int],
) -> None:
    bring(order, "transferred")
    ACTS["dispute"][1](order)
    still = moved(sandbox, order)
    assert still["transferred"] == still["refunded"] == 0
    disputes.decide(now(order).dispute, actor=moderator, outcome=outcome, reason="Seen the proof")
    still = moved(sandbox, order)
    assert still["transferred"] == still["refunded"] == 0
    make_due(order)
    assert now(order).status == status
    assert moved(sandbox, order) == expected
    with pytest.raises(WrongState):
        disputes.decide(now(order).dispute, actor=moderator, outcome=outcome, reason="Again")


def test_no_party_decides_their_own_dispute(order: Order) -> None:
    bring(order, "disputed")
    for person in (order.buyer, order.seller):
        Person.objects.filter(pk=person.pk).update(is_staff=True)
        person.refresh_from_db()
        with pytest.raises(NotAllowed):
            disputes.decide(now(order).dispute, actor=person, outcome="release", reason="mine")
    assert now(order).status == "disputed"


def test_a_dispute_that_nobody_decides_goes_to_the_buyer(
    sandbox: SandboxProcess, order: Order
) -> None:
    make_due(bring(order, "disputed"))
    assert now(order).status == "disputed"
    make_due(order)
    assert now(order).status == "cancelled"
    assert moved(sandbox, order)["refunded"] == 30_00


def test_confirming_disputing_and_time_race_and_one_wins(order: Order) -> None:
    bring(order, "transferred")
    Order.objects.filter(pk=order.pk).update(deadline=Now())
    acts: list[Act] = [
        ACTS["confirm"][1],
        ACTS["dispute"][1],
        lambda o: completion.accept_silence(o),
    ]
    results = at_once([lambda act=act: act(now(order)) for act in acts * 3])
    assert sum(not isinstance(result, Exception) for result in results) == 1
    assert all(isinstance(r, Refusal) for r in results if isinstance(r, Exception)), results


class TestCodes:
    """Codes are shown to their buyer, after payment, and to nobody else."""

    @pytest.fixture
    def order(self, sandbox: SandboxProcess, buyer: Person) -> Order:
        return placed(buyer, an_offer(codes=["AAAA-1111", "BBBB-2222", "CCCC-3333"]), 100_00)

    def test_paid_they_are_revealed_and_time_begins(self, order: Order, buyer: Person) -> None:
        paid(order)
        codes = transfer.reveal(order, actor=buyer)
        assert len(codes) == 2
        assert set(codes) < {"AAAA-1111", "BBBB-2222", "CCCC-3333"}
        assert now(order).status == "transferred"
        deadline = now(order).deadline
        assert transfer.reveal(order, actor=buyer) == codes
        assert now(order).deadline == deadline

    def test_unpaid_they_stay_hidden(self, order: Order, buyer: Person) -> None:
        with pytest.raises(WrongState):
            transfer.reveal(order, actor=buyer)
        assert order.listing.codes.filter(status="revealed").count() == 0

    def test_nobody_else_sees_them(self, order: Order, buyer2: Person, moderator: Person) -> None:
        paid(order)
        for person in (order.seller, buyer2, moderator):
            with pytest.raises(NotAllowed):
                transfer.reveal(order, actor=person)
        assert now(order).status == "paid"

    def test_never_revealed_they_are_for_sale_again(self, order: Order) -> None:
        make_due(paid(order))
        assert now(order).status == "cancelled"
        assert order.listing.codes.filter(status="available").count() == 3
        order.listing.refresh_from_db()
        assert order.listing.status == "live"

    def test_seen_and_refunded_they_are_not(
        self, order: Order, buyer: Person, moderator: Person
    ) -> None:
        paid(order)
        transfer.reveal(order, actor=buyer)
        ACTS["dispute"][1](now(order))
        disputes.decide(now(order).dispute, actor=moderator, outcome="refund", reason="used")
        make_due(order)
        order.listing.refresh_from_db()
        assert (order.listing.available_cents, order.listing.sold_cents) == (50_00, 100_00)
        assert order.listing.codes.filter(status="available").count() == 1

    def test_revealing_and_declining_race_and_one_wins(self, order: Order, buyer: Person) -> None:
        paid(order)
        results = at_once(
            [
                lambda: transfer.reveal(now(order), actor=buyer),
                lambda: cancellation.decline(now(order), actor=now(order).seller),
            ]
            * 3
        )
        revealed = any(isinstance(result, list) for result in results)
        declined = any(isinstance(result, Order) for result in results)
        assert revealed != declined, results


def test_an_order_follows_its_escrow_once(order: Order) -> None:
    pay(order)
    settle(1)
    settle(1)
    assert now(order).status == "paid"
    assert now(order).events.filter(kind="paid").count() == 1
    follow.follow(order)
    assert now(order).events.filter(kind="paid").count() == 1
