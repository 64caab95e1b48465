"""Everybody at once: no deadlock, no violation, whatever the interleaving."""

import random
from collections.abc import Callable
from uuid import UUID

from django.db.models.functions import Now

from accounts.models import Person
from accounts.refusals import Refusal
from listings import publishing
from listings.models import Listing
from marketplace import ledger_audit, sweeps
from orders import cancellation, completion, deadlines, disputes, transfer
from orders.models import Order
from payments import collection
from payments.models import LedgerAudit
from tests.trade import an_offer, at_once, paid, placed, settle


def test_a_storm_of_steps_neither_locks_up_nor_looks_like_a_violation(
    buyer: Person, buyer2: Person
) -> None:
    offers = [an_offer(), an_offer(codes=[f"CODE-{n}" for n in range(4)])]
    orders = [
        placed(b, Listing.objects.get(pk=o.pk), 50_00) for o in offers for b in (buyer, buyer2)
    ]
    for order in orders[::2]:
        paid(order)
    Order.objects.update(deadline=Now())

    def again(pk: UUID) -> Order:
        return Order.objects.with_parts().get(pk=pk)

    def acts(pk: UUID) -> list[Callable[[], object]]:
        return [
            lambda: cancellation.withdraw(again(pk), actor=again(pk).buyer),
            lambda: cancellation.decline(again(pk), actor=again(pk).seller),
            lambda: transfer.send(again(pk), actor=again(pk).seller, note="x"),
            lambda: transfer.reveal(again(pk), actor=again(pk).buyer),
            lambda: completion.confirm(again(pk), actor=again(pk).buyer),
            lambda: disputes.open_dispute(
                again(pk), actor=again(pk).buyer, reason="other", text="x"
            ),
            lambda: deadlines.enforce(pk),
            lambda: collection.collect(again(pk).escrow_id),
            lambda: paid(again(pk)) and None,
        ]

    chance = random.Random(3)
    crowd = [act for order in orders for act in acts(order.pk)]
    crowd += [lambda: sweeps.sweep(), lambda: sweeps.poll(), lambda: sweeps.sweep()]
    crowd += [lambda: sweeps.audit() or None] * 3
    crowd += [lambda: placed(buyer, Listing.objects.get(pk=offers[0].pk), 10_00)] * 4
    crowd += [
        lambda o=o: publishing.withdraw(Listing.objects.get(pk=o.pk), actor=o.seller)
        for o in offers
    ]
    chance.shuffle(crowd)
    results = at_once(crowd)
    errors = [
        r
        for r in results
        if isinstance(r, Exception) and not isinstance(r, (Refusal, AssertionError))
    ]
    assert errors == []
    settle()
    assert ledger_audit.violations() == []
    assert not LedgerAudit.objects.filter(is_clean=False).exists()
