"""What the steps of one trade leave in the tables, from its placing to its end."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.db import models

from accounts.models import Person
from listings.models import Listing
from orders.models import Dispute, Order, OrderEvent, Verdict
from payments import ledger
from payments.models import Escrow, EscrowEvent, Instruction, InstructionStatus, Posting

PAID_AFTER = timedelta(minutes=4)
SENT_AFTER = timedelta(minutes=20)
CONFIRMED_AFTER = timedelta(minutes=50)
ENDED_AFTER = timedelta(hours=20)
# Long enough for whoever looks at the demo to find them still under way.
WAIT = timedelta(days=3)
WHY = {
    "completed": "The buyer confirmed the arrival.",
    "declined": "The seller declined.",
    "dispute_refunded": "The credit cannot be found in the buyer's account.",
}


@dataclass
class Trade:
    """A trade as the demo tells it. `fate` is its state, or how it came to be cancelled."""

    id: UUID
    escrow_id: UUID
    listing: Listing
    buyer: Person
    moderator: Person
    account: str
    face_value_cents: int
    price_cents: int
    commission_cents: int
    fate: str
    placed_at: datetime
    now: datetime
    ids: dict[str, Any] = field(default_factory=dict)

    @property
    def proceeds_cents(self) -> int:
        return self.price_cents - self.commission_cents

    @property
    def paid_at(self) -> datetime:
        return self.placed_at + PAID_AFTER

    @property
    def ended_at(self) -> datetime:
        return self.placed_at + (SENT_AFTER if self.fate == "declined" else ENDED_AFTER)

    @property
    def status(self) -> str:
        """The order's."""
        return "cancelled" if self.fate in ("declined", "dispute_refunded") else self.fate

    @property
    def was_sent(self) -> bool:
        return self.fate not in ("paid", "declined")

    @property
    def is_over(self) -> bool:
        return self.fate in WHY

    @property
    def escrow_status(self) -> str:
        if not self.is_over:
            return "held"
        return "released" if self.fate == "completed" else "refunded"

    def mark(self, kind: str) -> UUID:
        """The id of the trade's instruction of a kind."""
        return uuid5(self.id, kind)

    def at_sandbox(self) -> dict[str, Any]:
        """What the sandbox is told of it."""
        told: dict[str, Any] = {
            "transfer_group": str(self.id),
            "client_reference_id": str(self.id),
            "amount_cents": self.price_cents,
            "currency": "usd",
            "description": self.listing.title,
            "name": self.buyer.public_name,
            "at": self.paid_at.timestamp(),
            "metadata": {"order": str(self.id)},
        }
        if self.escrow_status == "released":
            told |= {"destination": self.account, "transfer_cents": self.proceeds_cents}
            told |= {"transfer_metadata": {"instruction": str(self.mark("transfer"))}}
        elif self.escrow_status == "refunded":
            told |= {"refund_cents": self.price_cents}
            told |= {"refund_metadata": {"instruction": str(self.mark("refund"))}}
        return told


def rows_of(trade: Trade) -> Iterator[models.Model]:
    """Every row of a trade, in an order in which they may be loaded."""
    escrow = _escrow(trade)
    order = _order(trade, escrow)
    yield escrow
    yield order
    yield from _escrow_events(trade, escrow)
    yield from _order_events(trade, order)
    yield from _instructions(trade, escrow)
    yield from _postings(trade, escrow)
    if trade.fate in ("disputed", "dispute_refunded"):
        yield _dispute(trade, order)


def _escrow(trade: Trade) -> Escrow:
    over, released = trade.is_over, trade.escrow_status == "released"
    return Escrow(
        id=trade.escrow_id,
        reference=str(trade.id),
        buyer=trade.buyer,
        seller=trade.listing.seller,
        currency="USD",
        price_cents=trade.price_cents,
        commission_cents=trade.commission_cents,
        proceeds_cents=trade.proceeds_cents,
        released_cents=trade.price_cents if released else 0,
        refunded_cents=trade.price_cents if over and not released else 0,
        status=trade.escrow_status,
        status_since=trade.ended_at if over else trade.paid_at,
        created_at=trade.placed_at,
        checkout_id=trade.ids["session"],
        payment_id=trade.ids["payment_intent"],
        charge_id=trade.ids["charge"],
        fee_cents=trade.ids["fee_cents"],
        poll_due_at=None,
    )


def _order(trade: Trade, escrow: Escrow) -> Order:
    since, confirmed = _since(trade), trade.fate in ("verified", "completed")
    return Order(
        id=trade.id,
        listing=trade.listing,
        buyer=trade.buyer,
        seller=trade.listing.seller,
        escrow=escrow,
        title=trade.listing.title,
        currency="USD",
        face_value_cents=trade.face_value_cents,
        discount_bp=trade.listing.discount_bp,
        price_cents=trade.price_cents,
        commission_cents=trade.commission_cents,
        proceeds_cents=trade.proceeds_cents,
        transfer_method=trade.listing.transfer_method,
        deliver_within_seconds=int(WAIT.total_seconds()),
        inspect_within_seconds=int(WAIT.total_seconds()),
        cooling_off_seconds=int(WAIT.total_seconds()),
        placed_at=trade.placed_at,
        pay_before=trade.placed_at + timedelta(seconds=settings.PAY_WITHIN_SECONDS),
        status=trade.status,
        status_since=since,
        deadline=None if trade.is_over else trade.now + WAIT,
        recipient=trade.buyer.email,
        paid_at=trade.paid_at,
        sent_at=trade.placed_at + SENT_AFTER if trade.was_sent else None,
        sent_note="Sent from the billing page." if trade.was_sent else "",
        verdict=Verdict.VERIFIED if confirmed else "",
        ended_at=trade.ended_at if trade.is_over else None,
    )


def _since(trade: Trade) -> datetime:
    if trade.is_over:
        return trade.ended_at
    after = {"paid": PAID_AFTER, "transferred": SENT_AFTER}.get(trade.fate, CONFIRMED_AFTER)
    return trade.placed_at + after


def _escrow_events(trade: Trade, escrow: Escrow) -> Iterator[EscrowEvent]:
    steps = [
        ("opened", "", "awaiting", trade.placed_at, ""),
        ("paid", "awaiting", "held", None, ""),
    ]
    if trade.is_over:
        end = trade.escrow_status
        steps.append((end, "held", end, trade.ended_at, WHY[trade.fate]))
    for kind, before, after, at, note in steps:
        yield EscrowEvent(
            escrow=escrow,
            at=at or trade.paid_at,
            kind=kind,
            from_status=before,
            to_status=after,
            actor=_decider(trade) if before == "held" else trade.buyer,
            note=note,
        )


def _decider(trade: Trade) -> Person:
    if trade.fate == "declined":
        return trade.listing.seller
    return trade.buyer if trade.fate == "completed" else trade.moderator


def _order_events(trade: Trade, order: Order) -> Iterator[OrderEvent]:
    buyer, seller = trade.buyer, trade.listing.seller
    steps = [("placed", "placed", buyer, timedelta(0)), ("paid", "paid", buyer, PAID_AFTER)]
    if trade.was_sent:
        steps.append(("sent", "transferred", seller, SENT_AFTER))
    if trade.fate in ("verified", "completed"):
        steps.append(("confirmed", "verified", buyer, CONFIRMED_AFTER))
    if trade.fate in ("disputed", "dispute_refunded"):
        steps.append(("disputed", "disputed", buyer, CONFIRMED_AFTER))
    if trade.is_over:
        steps.append((trade.fate, trade.status, _decider(trade), ENDED_AFTER))
    before = ""
    for kind, after, actor, passed in steps:
        yield OrderEvent(
            order=order,
            at=min(trade.placed_at + passed, _since(trade)),
            kind=kind,
            from_status=before,
            to_status=after,
            actor=actor,
        )
        before = after


def _instructions(trade: Trade, escrow: Escrow) -> Iterator[Instruction]:
    yield _done(trade, escrow, "checkout", trade.ids["session"], trade.placed_at, {})
    if trade.escrow_status == "released":
        params = {
            "amount": trade.proceeds_cents,
            "currency": "usd",
            "destination": trade.account,
            "source_transaction": trade.ids["charge"],
            "transfer_group": str(trade.id),
        }
        yield _done(trade, escrow, "transfer", trade.ids["transfer"], trade.ended_at, params)
    elif trade.escrow_status == "refunded":
        params = {"charge": trade.ids["charge"], "amount": trade.price_cents}
        yield _done(trade, escrow, "refund", trade.ids["refund"], trade.ended_at, params)


def _done(
    trade: Trade, escrow: Escrow, kind: str, remote_id: str, at: datetime, params: dict[str, Any]
) -> Instruction:
    mark = trade.mark(kind)
    marked = {"metadata": {"instruction": str(mark)}} if params else {}
    return Instruction(
        id=mark,
        kind=kind,
        purpose=f"escrow:{escrow.pk}:{kind}",
        params=params | marked,
        escrow=escrow,
        status=InstructionStatus.DONE,
        tries=1,
        created_at=at,
        first_sent_at=at,
        done_at=at,
        due_at=None,
        remote_id=remote_id,
    )


def _postings(trade: Trade, escrow: Escrow) -> Iterator[Posting]:
    held, charge, fee = ledger.held(escrow.pk), trade.ids["charge"], trade.ids["fee_cents"]
    seller, buyer = trade.listing.seller_id, trade.buyer.pk
    price, proceeds, commission = trade.price_cents, trade.proceeds_cents, trade.commission_cents
    paid, ended = trade.paid_at, trade.ended_at
    moves = [
        (f"charge:{charge}", ledger.CARDS, held, price, paid),
        (f"charge:{charge}:fee", ledger.FEES, ledger.PROCESSOR, fee, paid),
    ]
    if trade.escrow_status == "released":
        owed, there = ledger.owed_to_seller(seller), ledger.at_processor(seller)
        moves += [
            (f"escrow:{escrow.pk}:commission", held, ledger.COMMISSION, commission, ended),
            (f"escrow:{escrow.pk}:release", held, owed, proceeds, ended),
            (f"instruction:{trade.mark('transfer')}", owed, there, proceeds, ended),
        ]
    elif trade.escrow_status == "refunded":
        owed = ledger.owed_to_buyer(buyer)
        moves += [
            (f"escrow:{escrow.pk}:refund", held, owed, price, ended),
            (f"instruction:{trade.mark('refund')}", owed, ledger.CARDS, price, ended),
        ]
    for key, source, destination, cents, at in moves:
        if cents:
            yield Posting(
                key=key,
                source=source,
                destination=destination,
                amount_cents=cents,
                currency="USD",
                escrow=escrow,
                at=at,
            )


def _dispute(trade: Trade, order: Order) -> Dispute:
    decided = trade.fate == "dispute_refunded"
    return Dispute(
        order=order,
        opened_by=trade.buyer,
        reason="not_received",
        text="The credit did not show up in my account.",
        opened_at=trade.placed_at + CONFIRMED_AFTER,
        decided_by=trade.moderator if decided else None,
        outcome="refund" if decided else "",
        decision=WHY["dispute_refunded"] if decided else "",
        decided_at=trade.ended_at if decided else None,
        refund_cents=trade.price_cents if decided else None,
        status="ended" if decided else "reviewing",
        status_since=trade.ended_at if decided else trade.placed_at + CONFIRMED_AFTER,
    )
