"""What a trade looks like to one of its parties: where things are, what happened, what is next.

Names only; the words for them are in `templates/orders/`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Person
from orders import decisions, whereabouts
from orders.code_reports import is_open
from orders.completion import part_price
from orders.disputes import may_appeal
from orders.models import (
    OPEN,
    Dispute,
    DisputeStatus,
    Order,
    OrderEvent,
    OrderStatus,
    Tranche,
    Weighing,
)
from orders.tranches import may_come_in_parts
from orders.verification.lending import reader_for
from orders.verification.models import Course, Verification
from orders.verification.reasons import explain
from payments import escrow, reserve
from payments.models import EscrowStatus, GiveBack
from providers.catalogue_reader import Reader
from providers.vocabulary import TransferMethod

S, D = OrderStatus, DisputeStatus
DONE = Course.DONE

# What is still to come, the present step first.
AHEAD: dict[str, tuple[str, ...]] = {
    S.PLACED: ("payment", "handover", "inspection", "release"),
    S.PAID: ("handover", "inspection", "release"),
    S.TRANSFERRED: ("inspection", "release"),
    S.VERIFIED: ("cooling_off", "release"),
    S.DISPUTED: ("settlement",),
    "more_to_come": ("rest", "inspection", "release"),
    D.ANSWERING: ("answer", "agreement", "decision", "settlement"),
    D.TALKING: ("agreement", "decision", "settlement"),
    D.REVIEWING: ("decision", "appeal", "settlement"),
    D.DECIDED: ("appeal", "settlement"),
    D.APPEALED: ("second_decision", "settlement"),
}
# Kinds of events with which a trade did not go on.
STOPS = {
    "withdrawn",
    "not_paid_in_time",
    "declined",
    "not_delivered",
    "never_revealed",
    "dispute_refunded",
    "taken_back_by_bank",
    "fraud_suspected",
}
# Kinds that a trade's stages name although the order stays as it is.
ALSO = {"credit_reversed"}
# What the reader is asked to do, as opposed to what they wait for.
TASKS = {
    "pay",
    "reveal",
    "name_recipient",
    "send",
    "send_rest",
    "inspect",
    "inspect_part",
    "answer_dispute",
    "agree",
    "read_decision",
}
# What a reader may do, by role and state. Refused again, in earnest, where it is done.
BUYER_MAY: dict[str, set[str]] = {
    S.PLACED: {"pay", "withdraw", "name_recipient"},
    S.PAID: {"reveal", "name_recipient", "dispute"},
    S.TRANSFERRED: {"confirm", "dispute"},
    S.VERIFIED: {"confirm", "dispute"},
}
SELLER_MAY: dict[str, set[str]] = {S.PAID: {"send", "decline"}}
MORE_MAY: dict[str, set[str]] = {"buyer": {"dispute"}, "seller": {"send"}}
ONLY_BY_CODE, NEVER_BY_CODE = {"reveal"}, {"name_recipient", "send"}


@dataclass(frozen=True)
class Step:
    """A stage of a trade: `state` is done, current, next or stopped."""

    kind: str
    state: str
    at: datetime | None = None
    by: datetime | None = None
    note: str = ""
    cents: int = 0


@dataclass(frozen=True)
class Trade:
    """An order as its `role`, buyer or seller, sees it.

    `money_at` and `credit_at`, and how much of it is there, are as in `orders.whereabouts`.
    `version` changes whenever something on the page would.
    """

    order: Order
    role: str
    other: Person
    money_at: str
    money_cents: int
    credit_at: str
    credit_cents: int | None
    next: str
    may: set[str]
    steps: Sequence[Step]
    history: Sequence[tuple[OrderEvent, str]]
    dispute: Dispute | None
    version: str
    measuring: Verification | None = None
    reader: Reader | None = None
    part_cents: int = 0
    default: decisions.Default | None = None
    weighing: Weighing | None = None
    parts: Sequence[Tranche] = ()
    shares: escrow.Shares | None = None

    @property
    def why(self) -> str:
        """Why the measuring ended as it did."""
        return explain(self.measuring.reason) if self.measuring else ""

    @property
    def key_words(self) -> str:
        """The parts of a key, in the order in which they are pasted."""
        parts = (*self.reader.key_parts, "key") if self.reader else ()
        return ", ".join(part.replace("_", " ") for part in parts)

    @property
    def is_over(self) -> bool:
        return self.order.status not in OPEN

    @property
    def is_yours(self) -> bool:
        """Whether the reader is the one to act."""
        return self.next in TASKS


def trade(order: Order, *, viewer: Person) -> Trade:
    """The whole picture, for the order's page. One query beyond the order with its parts,
    one more where documents were compared, one where it comes in parts, and where the credit is
    gone again one for the case and one for what was given back."""
    events = list(order.events.all())
    dispute: Dispute | None = getattr(order, "dispute", None)
    goes_on = dispute is not None and order.status == S.DISPUTED
    viewer = order.party(viewer)
    role = role_of(order, viewer)
    back = (
        list(order.escrow.give_backs.filter(status=GiveBack.Status.DONE))
        if order.escrow.given_back_cents
        else []
    )
    return Trade(
        order=order,
        role=role,
        other=order.seller if role == "buyer" else order.buyer,
        money_at=whereabouts.money_at(order),
        money_cents=whereabouts.money_cents(order),
        credit_at=whereabouts.credit_at(order),
        credit_cents=whereabouts.credit_cents(order),
        next=next_step(order, role=role) or _afterwards(order),
        may=_may(order, role),
        steps=[*_steps(order, events), *map(_given_back, back)],
        history=[(event, _by(order, event, viewer)) for event in reversed(events)],
        dispute=dispute,
        version=_version(order, events),
        measuring=getattr(order, "verification", None),
        reader=reader_for(order),
        part_cents=part_price(order),
        default=time_decides(order, dispute) if dispute and goes_on else None,
        weighing=order.weighings.last() if order.weighed_at else None,
        parts=list(order.tranches.all()) if order.parts_sent_cents else (),
        shares=_shares(order, back),
    )


def time_decides(order: Order, dispute: Dispute) -> decisions.Default | None:
    """What the published table says of an open dispute; None once it was decided."""
    if dispute.status in (D.DECIDED, D.APPEALED, D.ENDED):
        return None
    return decisions.default(order, dispute, answered=dispute.status != D.ANSWERING)


def role_of(order: Order, viewer: Person) -> str:
    """Which party the reader is."""
    return "buyer" if viewer.pk == order.buyer_id else "seller"


def next_step(order: Order, *, role: str) -> str:
    """What is next, as the name of a task or of something to wait for; "" when all is over."""
    buys = role == "buyer"
    match order.status:
        case S.PLACED if buys and order.escrow.is_charged_soon:
            return "await_charge"
        case S.PLACED:
            return "pay" if buys else "await_payment"
        case S.PAID if order.transfer_method == TransferMethod.REDEEM_CODE:
            return "reveal" if buys else "await_reveal"
        case S.PAID if order.recipient:
            return "await_credit" if buys else "send"
        case S.PAID:
            return "name_recipient" if buys else "await_recipient"
        case S.TRANSFERRED if order.more_to_come:
            is_new = order.parts_arrived_cents < order.parts_sent_cents
            return ("inspect_part" if is_new else "await_rest") if buys else "send_rest"
        case S.TRANSFERRED:
            return "inspect" if buys else "await_inspection"
        case S.VERIFIED:
            return "await_release"
        case S.DISPUTED:
            return _next_in_dispute(order, role)
    return ""


def _afterwards(order: Order) -> str:
    """What there is to say of a trade that was complete, and whose credit is gone again."""
    if whereabouts.credit_at(order) != "gone":
        return ""
    if reserve.is_in_question(order.escrow):
        return "await_finding"
    return "given_back" if order.escrow.given_back_cents else ""


def _shares(order: Order, back: Sequence[GiveBack]) -> escrow.Shares | None:
    """Who got what of a payment of which a part went back; None where it went one way."""
    held = order.escrow
    if held.status != EscrowStatus.SPLIT and not back:
        return None
    ended = escrow.shares(held, held.refunded_cents)
    return escrow.Shares(
        ended.to_buyer_cents + sum(one.refund_cents for one in back),
        ended.to_seller_cents - sum(one.seller_cents for one in back),
        ended.commission_cents - sum(one.commission_cents for one in back),
    )


def _next_in_dispute(order: Order, role: str) -> str:
    dispute: Dispute | None = getattr(order, "dispute", None)
    match dispute and dispute.status:
        case D.ANSWERING:
            return "answer_dispute" if role == "seller" else "await_answer"
        case D.TALKING:
            return "agree"
        case D.DECIDED if dispute and role in may_appeal(order, dispute):
            return "read_decision"
        case D.DECIDED:
            return "await_appeal"
        case D.APPEALED:
            return "await_second_decision"
    return "await_decision"


def _may(order: Order, role: str) -> set[str]:
    by_code = order.transfer_method == TransferMethod.REDEEM_CODE
    may = (BUYER_MAY if role == "buyer" else SELLER_MAY).get(order.status, set())
    may = may - (NEVER_BY_CODE if by_code else ONLY_BY_CODE)
    if order.status == S.TRANSFERRED and order.more_to_come:
        is_new = role == "buyer" and order.parts_arrived_cents < order.parts_sent_cents
        may = MORE_MAY[role] | ({"confirm"} if is_new else set())
    if "send" in may and may_come_in_parts(order):
        may = may | {"send_part"}
    may = may - {"pay"} if order.escrow.is_charged_soon else may
    if role == "buyer" and order.status == S.PAID and reader_for(order) is not None:
        measuring = getattr(order, "verification", None)
        may = may | ({"lend_key"} if measuring is None or measuring.status == DONE else set())
    if order.status == S.TRANSFERRED and part_price(order):
        offered = order.verification.part_offered_at is not None
        may = may | ({"accept_part"} if offered == (role == "seller") else set())
    if role == "buyer" and (order.revealed_at or (by_code and order.status == S.COMPLETED)):
        may = may | {"see_codes"}
    return may | {"report_codes"} if role == "buyer" and is_open(order) else may


def _steps(order: Order, events: Sequence[OrderEvent]) -> list[Step]:
    past = [
        Step(
            kind=event.kind,
            state="stopped" if event.kind in STOPS else "done",
            at=event.at,
            note=event.note,
        )
        for event in events
        if event.from_status != event.to_status or event.kind in ALSO
    ]
    stage = order.status
    if stage == S.TRANSFERRED and order.more_to_come:
        stage = "more_to_come"
    if stage == S.DISPUTED and (dispute := getattr(order, "dispute", None)):
        stage = dispute.status
    ahead = [
        Step(kind=kind, state="next" if later else "current", by=None if later else order.deadline)
        for later, kind in enumerate(AHEAD.get(stage, ()))
    ]
    return past + ahead


def _given_back(row: GiveBack) -> Step:
    return Step("given_back", "done", at=row.ended_at, cents=row.refund_cents)


def _by(order: Order, event: OrderEvent, viewer: Person) -> str:
    """Who did it, without giving a moderator's name away."""
    if event.actor_id is None:
        return "Surplus"
    if event.actor_id == viewer.pk:
        return "You"
    for party in (order.buyer, order.seller):
        if event.actor_id == party.pk:
            return party.public_name
    return "A moderator"


def _version(order: Order, events: Sequence[OrderEvent]) -> str:
    escrow = order.escrow
    marks = (escrow.checkout_url, escrow.contested_at, escrow.is_charged_soon)
    flags = "".join("01"[bool(flag)] for flag in marks)
    return f"{events[-1].pk if events else 0}-{escrow.status}-{flags}"
