"""The course of a dispute: its transition table, and the only module that assigns its status."""

from typing import Any

from django.db import models
from django.db.models.functions import Now

from accounts.machines import Machine
from accounts.models import Person
from orders.dispute_models import (
    Dispute,
    DisputeEvent,
    DisputeStatus,
    ProposedSplit,
    ProposedSplitStatus,
)
from orders.models import Order
from orders.progress import wait

ANSWERING, TALKING = DisputeStatus.ANSWERING, DisputeStatus.TALKING
REVIEWING, DECIDED = DisputeStatus.REVIEWING, DisputeStatus.DECIDED
APPEALED, ENDED = DisputeStatus.APPEALED, DisputeStatus.ENDED

machine = Machine(
    model=Dispute,
    events=DisputeEvent,
    link="dispute",
    table={
        ANSWERING: {TALKING, DECIDED, ENDED},
        TALKING: {REVIEWING, DECIDED, ENDED},
        REVIEWING: {DECIDED, ENDED},
        DECIDED: {APPEALED, ENDED},
        APPEALED: {ENDED},
        ENDED: set(),
    },
)


def locked_of(order: Order) -> Dispute | None:
    """The dispute of an order that is locked, as it is now.

    Asked anew: what was read in the statement that waited for the order's lock may be older than
    the lock, for only the locked row itself is read again.
    """
    dispute = Dispute.objects.select_for_update(no_key=True).filter(order=order).first()
    if dispute is not None:
        dispute.order = order
    return dispute


def move(
    dispute: Dispute,
    to: str,
    *,
    kind: str,
    actor: Person | None,
    within_seconds: int,
    only_if: models.Q | None = None,
    **changes: Any,
) -> None:
    """Move a dispute on, with the next deadline on its order. Raises WrongState."""
    machine.advance(dispute, to, kind=kind, actor=actor, only_if=only_if, **changes)
    wait(dispute.order, kind=kind, actor=actor, within_seconds=within_seconds)


def end(dispute: Dispute, *, kind: str, actor: Person | None, **changes: Any) -> None:
    """End a dispute, and with it every proposal that nobody accepted."""
    machine.advance(dispute, ENDED, kind=kind, actor=actor, **changes)
    ProposedSplit.objects.filter(dispute=dispute, status=ProposedSplitStatus.OPEN).update(
        status=ProposedSplitStatus.LAPSED, closed_at=Now()
    )


def end_with(order: Order, *, reason: str) -> None:
    """The money went another way: what was still disputed is over."""
    dispute = locked_of(order)
    if dispute is None or dispute.status == ENDED:
        return
    decided = {
        "decided_by": None,
        "outcome": "split" if order.escrow.released_cents else "refund",
        "refund_cents": order.price_cents - order.escrow.released_cents,
        "decision": reason,
        "decided_at": Now(),
    }
    end(dispute, kind="ended_elsewhere", actor=None, **decided)
