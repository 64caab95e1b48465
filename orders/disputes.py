"""When the parties do not agree: no money moves until they do, a moderator decides, or time does.

Each state has a clock and a default. A decision moves nothing before the time to appeal has passed
or everybody who could appeal has accepted it: money that has moved cannot be called back.
"""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from accounts import audit, returning
from accounts.models import Person
from accounts.refusals import Invalid, NotAllowed, WrongState
from orders import decisions, dispute_course
from orders.completion import accept_silence
from orders.decisions import REFUND, RELEASE, SPLIT
from orders.dispute_models import UNDECIDED
from orders.models import Decision, Dispute, DisputeStatus, Order, OrderStatus, Verdict
from orders.progress import advance, locked, tell
from orders.settling import moved, settle
from payments import escrow

S, D = OrderStatus, DisputeStatus
OPENED_BY_US = "Opened by Surplus: what is known does not show what was agreed."
REST_NEVER_CAME = "Opened by Surplus: the rest of the credit was not sent in time."
IN_TIME = Q(order__deadline__gt=Now())


@transaction.atomic
def open_dispute(order: Order, *, actor: Person, reason: str, text: str) -> Order:
    """The buyer says that something is wrong; nothing is released from now on.

    Raises NotAllowed for anybody else, WrongState unless the payment is held.
    """
    order = locked(order)
    if actor.pk != order.buyer_id:
        raise NotAllowed("Only the buyer can open a dispute. As the seller you can decline.")
    if order.status not in (S.PAID, S.TRANSFERRED, S.VERIFIED):
        raise WrongState
    begin(order, actor=actor, reason=reason, text=text)
    return order


@transaction.atomic
def inspection_over(order: Order) -> Order:
    """The buyer said nothing in time: that counts as arrived, unless the readings refute it.

    Then a dispute is opened for the buyer; so it is where the rest of it was never sent.
    """
    order = locked(order)
    unsent = order.status == S.TRANSFERRED and order.more_to_come
    if not unsent and (order.status != S.TRANSFERRED or order.verdict != Verdict.REFUTED):
        return accept_silence(order)
    arrived = order.parts_arrived_cents or order.measured_cents
    reason = "less_than_agreed" if arrived else "not_received"
    begin(order, actor=None, reason=reason, text=REST_NEVER_CAME if unsent else OPENED_BY_US)
    return order


def begin(
    order: Order, *, actor: Person | None, reason: str, text: str, claim_cents: int | None = None
) -> Dispute:
    """Open the dispute of an order that is locked; the seller's time to answer begins."""
    dispute = Dispute.objects.create(
        order=order,
        opened_by=actor or order.buyer,
        reason=reason,
        text=text,
        claim_cents=claim_cents,
    )
    dispute_course.machine.begin(dispute, kind="opened", actor=actor)
    advance(
        order,
        S.DISPUTED,
        kind="disputed",
        actor=actor,
        note=reason,
        within_seconds=settings.ANSWER_WITHIN_SECONDS,
    )
    tell(order, order.seller, "order_disputed_seller", text=text)
    tell(order, order.buyer, "order_disputed_buyer")
    return dispute


def _of(order: Order) -> tuple[Order, Dispute]:
    """An order and its dispute, locked. Raises WrongState where there is none that goes on."""
    order = locked(order)
    dispute = dispute_course.locked_of(order)
    if dispute is None or order.status != S.DISPUTED:
        raise WrongState
    return order, dispute


@transaction.atomic
def answer(order: Order, *, actor: Person, text: str) -> Order:
    """The seller answers in time; from now on both can agree, or ask a moderator."""
    order, dispute = _of(order)
    if actor.pk != order.seller_id:
        raise NotAllowed("The seller answers. You can write a message or propose a split.")
    dispute_course.move(
        dispute,
        D.TALKING,
        kind="dispute_answered",
        actor=actor,
        within_seconds=settings.AGREE_WITHIN_SECONDS,
        only_if=IN_TIME,
        answer=text,
        answered_at=Now(),
    )
    tell(order, order.buyer, "dispute_answered", text=text)
    return order


@transaction.atomic
def escalate(order: Order, *, actor: Person | None) -> Order:
    """Either party asks a moderator to decide; so does time."""
    order, dispute = _of(order)
    if actor and actor.pk not in (order.buyer_id, order.seller_id):
        raise NotAllowed
    dispute_course.move(
        dispute,
        D.REVIEWING,
        kind="dispute_escalated",
        actor=actor,
        within_seconds=settings.DECIDE_WITHIN_SECONDS,
    )
    for person in (order.buyer, order.seller):
        tell(order, person, "dispute_escalated")
    return order


@transaction.atomic
def concede(order: Order, *, actor: Person) -> Order:
    """A party gives in: the buyer releases all of it, or the seller refunds all of it."""
    order, dispute = _of(order)
    if actor.pk not in (order.buyer_id, order.seller_id):
        raise NotAllowed
    buys = actor.pk == order.buyer_id
    reason = "The buyer withdrew the complaint." if buys else "The seller agreed to a refund."
    back = 0 if buys else decisions.most_back(order)
    settle(order, dispute, refund_cents=back, kind="conceded", actor=actor, reason=reason)
    return order


def decide(
    dispute: Dispute, *, actor: Person, outcome: str, reason: str, refund_cents: int | None = None
) -> Order:
    """A moderator releases, refunds or splits, with a reason both will read.

    `refund_cents` says how much of a split goes back. A first decision waits for an appeal; the
    one on an appeal moves the money at once. Raises NotAllowed for a party, for anybody who is no
    moderator and for whoever made the decision that is appealed, Invalid for an impossible split,
    WrongState if it was decided, Contested or Suspected while the money may not move that way.
    """
    if not actor.is_staff or actor.pk in (dispute.order.buyer_id, dispute.order.seller_id):
        raise NotAllowed("Nobody decides on their own trade.")
    assert outcome in (RELEASE, REFUND, SPLIT)
    with transaction.atomic():
        order, dispute = _of(dispute.order)
        if dispute.status not in UNDECIDED:
            raise WrongState
        if dispute.status == D.APPEALED and dispute.decided_by_id == actor.pk:
            raise NotAllowed("Somebody else decides on an appeal against your decision.")
        back = _back(order, outcome, refund_cents)
        _decided(order, dispute, refund_cents=back, actor=actor, reason=reason)
        audit.record(
            actor=actor,
            act=f"dispute_{outcome}",
            subject=f"order:{order.pk}",
            reason=reason,
            price_cents=order.price_cents,
            refund_cents=back,
        )
    return order


def _back(order: Order, outcome: str, refund_cents: int | None) -> int:
    most = decisions.most_back(order)
    if outcome != SPLIT:
        return 0 if outcome == RELEASE else most
    if order.sent_at is None:
        raise Invalid("outcome", "Nothing was handed over, so there is nothing to split.")
    if refund_cents is None or not 0 < refund_cents < most:
        text = f"Say how much goes back: more than 0, less than {most / 100:.2f}."
        raise Invalid("refund_cents", text)
    return refund_cents


def _decided(
    order: Order, dispute: Dispute, *, refund_cents: int, actor: Person | None, reason: str
) -> None:
    """Write a decision down; the second one is the last, and moves the money."""
    to_release = decisions.most_back(order) - refund_cents
    escrow.require_free(order.escrow, to_release_cents=to_release)
    is_second = dispute.status == D.APPEALED
    outcome = decisions.outcome_of(order, refund_cents)
    Decision.objects.create(
        dispute=dispute,
        round=2 if is_second else 1,
        by=actor,
        outcome=outcome,
        refund_cents=refund_cents,
        reason=reason,
    )
    known: dict[str, Any] = {"decided_by": actor, "decision": reason, "decided_at": Now()}
    if is_second:
        settle(
            order,
            dispute,
            refund_cents=refund_cents,
            kind="appeal_decided",
            actor=actor,
            reason=reason,
            **known,
        )
        return
    dispute_course.move(
        dispute,
        D.DECIDED,
        kind="dispute_decided",
        actor=actor,
        within_seconds=settings.APPEAL_WITHIN_SECONDS,
        outcome=outcome,
        refund_cents=refund_cents,
        **known,
    )
    for person in (order.buyer, order.seller):
        tell(order, person, "dispute_decided", reason=reason, **moved(order, refund_cents))


def may_appeal(order: Order, dispute: Dispute) -> set[str]:
    """Which roles did not get all of it, and have not accepted that: they can appeal."""
    if dispute.status != D.DECIDED or dispute.refund_cents is None:
        return set()
    open_to = set()
    if dispute.refund_cents < order.price_cents and dispute.buyer_accepted_at is None:
        open_to.add("buyer")
    if dispute.refund_cents > 0 and dispute.seller_accepted_at is None:
        open_to.add("seller")
    return open_to


def _role(order: Order, dispute: Dispute, actor: Person) -> str:
    """The role of somebody who may appeal. Raises WrongState or NotAllowed for anybody else."""
    if dispute.status != D.DECIDED:
        raise WrongState
    role = {order.buyer_id: "buyer", order.seller_id: "seller"}.get(actor.pk, "")
    if role not in may_appeal(order, dispute):
        raise NotAllowed("This decision is not yours to appeal or to accept.")
    return role


@transaction.atomic
def appeal(order: Order, *, actor: Person, text: str) -> Order:
    """Whoever did not get all of it asks a second moderator, once and in time."""
    order, dispute = _of(order)
    _role(order, dispute, actor)
    dispute_course.move(
        dispute,
        D.APPEALED,
        kind="dispute_appealed",
        actor=actor,
        within_seconds=settings.DECIDE_WITHIN_SECONDS,
        only_if=IN_TIME,
        appealed_by=actor,
        appeal=text,
        appealed_at=Now(),
    )
    for person in (order.buyer, order.seller):
        tell(order, person, "dispute_appealed", text=text, by=actor.public_name)
    return order


@transaction.atomic
def accept(order: Order, *, actor: Person) -> Order:
    """Whoever could appeal says that they will not; when nobody is left who could, money moves."""
    order, dispute = _of(order)
    role = _role(order, dispute, actor)
    column = f"{role}_accepted_at"
    returning.update(Dispute.objects.filter(pk=dispute.pk), dispute, **{column: Now()})
    dispute_course.machine.remark(dispute, kind="decision_accepted", actor=actor)
    if not may_appeal(order, dispute):
        _carry_out(order, dispute, kind="accepted", actor=actor)
    return order


def _carry_out(order: Order, dispute: Dispute, *, kind: str, actor: Person | None) -> None:
    """What was decided happens now."""
    assert dispute.refund_cents is not None
    settle(
        order,
        dispute,
        refund_cents=dispute.refund_cents,
        kind=kind,
        actor=actor,
        reason=dispute.decision,
        decided_at=dispute.decided_at,
    )


@transaction.atomic
def time_over(order: Order) -> Order:
    """The clock of the present state has run out: its published default comes about."""
    order, dispute = _of(order)
    if order.escrow.suspected_at is not None:
        reason, back = "Fraud was suspected and not ruled out.", decisions.most_back(order)
        settle(order, dispute, refund_cents=back, kind="suspected", actor=None, reason=reason)
        return order
    match dispute.status:
        case D.TALKING:
            return escalate(order, actor=None)
        case D.DECIDED | D.APPEALED:
            # Nobody appealed, or nobody decided on the appeal: the decision stands.
            _carry_out(order, dispute, kind="stands", actor=None)
        case _:
            answered = dispute.status == D.REVIEWING
            usual = decisions.default(order, dispute, answered=answered)
            lead = "No moderator decided in time." if answered else "The seller did not answer."
            reason = f"{lead} {usual.why}"
            _decided(order, dispute, refund_cents=usual.refund_cents, actor=None, reason=reason)
    return order
