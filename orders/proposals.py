"""Splitting the held payment by agreement: one party proposes, the other accepts."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from accounts.models import Person
from accounts.refusals import Invalid, NotAllowed, WrongState
from orders import dispute_course
from orders.decisions import most_back
from orders.models import Dispute, Order, OrderStatus, ProposedSplit, ProposedSplitStatus
from orders.progress import locked, machine, tell
from orders.refusals import ProposalGone, TooManyProposals
from orders.settling import moved, settle
from payments import escrow

OPEN, ACCEPTED = ProposedSplitStatus.OPEN, ProposedSplitStatus.ACCEPTED
REFUSED, REPLACED = ProposedSplitStatus.REFUSED, ProposedSplitStatus.REPLACED
MOST_EACH = 10


@transaction.atomic
def propose(order: Order, *, actor: Person, refund_cents: int) -> ProposedSplit:
    """Propose that the buyer gets `refund_cents` back, and the rest is released.

    It takes the place of an earlier proposal of the same party. Raises NotAllowed, WrongState
    unless the order is in dispute, Contested, Invalid naming `refund_cents`, TooManyProposals.
    """
    order, dispute = _of(order, actor)
    if order.sent_at is None:
        raise WrongState("Nothing was handed over, so there is nothing to split.")
    # Nobody could accept it.
    escrow.require_free(order.escrow, to_release_cents=0)
    if not 0 < refund_cents < most_back(order):
        most = f"{most_back(order) / 100:.2f} {order.currency}"
        raise Invalid("refund_cents", f"Propose more than nothing and less than {most}.")
    mine = ProposedSplit.objects.filter(dispute=dispute, by=actor)
    if mine.count() >= MOST_EACH:
        raise TooManyProposals
    mine.filter(status=OPEN).update(status=REPLACED, closed_at=Now())
    proposal = ProposedSplit.objects.create(
        dispute=dispute,
        by=actor,
        refund_cents=refund_cents,
        expires_at=Now() + timedelta(seconds=settings.PROPOSAL_LASTS_SECONDS),
    )
    machine.remark(order, kind="split_proposed", actor=actor)
    other = order.seller if actor.pk == order.buyer_id else order.buyer
    more = moved(order, refund_cents)
    tell(order, other, "dispute_proposed", again=True, by=actor.public_name, **more)
    proposal.refresh_from_db()
    return proposal


@transaction.atomic
def accept(order: Order, *, actor: Person, proposal_id: int) -> Order:
    """Agree to what the other party proposed: the money moves at once.

    Accepting again what one has accepted changes nothing and is no error. Raises NotAllowed,
    ProposalGone if it was replaced, refused or has expired, WrongState, Contested, Suspected.
    """
    order = locked(order)
    proposal = _theirs(order, actor, proposal_id)
    if proposal.status == ACCEPTED:
        return order
    order, dispute = _of(order, actor)
    in_time = ProposedSplit.objects.filter(pk=proposal.pk, status=OPEN, expires_at__gt=Now())
    if in_time.update(status=ACCEPTED, closed_at=Now()) != 1:
        raise ProposalGone
    settle(
        order,
        dispute,
        refund_cents=proposal.refund_cents,
        kind="agreed",
        actor=actor,
        reason="Both sides agreed on a split.",
    )
    return order


@transaction.atomic
def refuse(order: Order, *, actor: Person, proposal_id: int) -> Order:
    """Say no to what the other party proposed."""
    order = locked(order)
    proposal = _theirs(order, actor, proposal_id)
    order, _dispute = _of(order, actor)
    closed = ProposedSplit.objects.filter(pk=proposal.pk, status=OPEN)
    if closed.update(status=REFUSED, closed_at=Now()) != 1:
        raise ProposalGone
    machine.remark(order, kind="split_refused", actor=actor)
    tell(order, proposal.by, "dispute_refused", again=True, by=actor.public_name)
    return order


def _of(order: Order, actor: Person) -> tuple[Order, Dispute]:
    """An order in dispute, locked, for one of its parties."""
    order = locked(order)
    if actor.pk not in (order.buyer_id, order.seller_id):
        raise NotAllowed
    dispute = dispute_course.locked_of(order)
    if dispute is None or order.status != OrderStatus.DISPUTED:
        raise WrongState
    return order, dispute


def _theirs(order: Order, actor: Person, proposal_id: int) -> ProposedSplit:
    """A proposal of the other party on this order."""
    proposals = ProposedSplit.objects.select_related("by").filter(dispute__order=order)
    proposal = proposals.filter(pk=proposal_id).first()
    if proposal is None:
        raise ProposalGone
    if actor.pk not in (order.buyer_id, order.seller_id) or proposal.is_by(actor):
        raise NotAllowed("The other side accepts or refuses a proposal.")
    return proposal
