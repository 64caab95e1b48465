"""What a dispute looks like to one of its parties. Names only; the words are in the templates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from accounts.models import Person
from orders import decisions, timeline
from orders.disputes import may_appeal
from orders.models import Dispute, DisputeStatus, Order, ProposedSplit, ProposedSplitStatus
from orders.settling import moved

D = DisputeStatus


@dataclass(frozen=True)
class Ending:
    """A way in which the dispute may end, and what each would get, in cents."""

    kind: str
    shares: dict[str, Any]


@dataclass(frozen=True)
class DisputePage:
    """An order's dispute as its reader sees it; `may` names what they can do now."""

    order: Order
    dispute: Dispute
    role: str
    record: str
    default: decisions.Default | None
    endings: Sequence[Ending]
    theirs: ProposedSplit | None
    mine: ProposedSplit | None
    may: set[str]


def picture(order: Order, *, viewer: Person) -> DisputePage:
    """All of it, in one query beyond the order with its parts."""
    dispute: Dispute = order.dispute
    viewer = order.party(viewer)
    role = timeline.role_of(order, viewer)
    open_now = _open(dispute)
    mine = next((proposal for proposal in open_now if proposal.is_by(viewer)), None)
    theirs = next((proposal for proposal in open_now if not proposal.is_by(viewer)), None)
    default = timeline.time_decides(order, dispute)
    return DisputePage(
        order=order,
        dispute=dispute,
        role=role,
        record=decisions.table_for(dispute).records[decisions.record_of(order, dispute)],
        default=default,
        endings=_endings(order, dispute, default, theirs, mine),
        theirs=theirs,
        mine=mine,
        may=_may(order, dispute, role, theirs),
    )


def _open(dispute: Dispute) -> list[ProposedSplit]:
    if dispute.status == D.ENDED:
        return []
    # What is shown as open may have expired a moment ago; accepting it asks the database's clock.
    still = dispute.proposals.filter(status=ProposedSplitStatus.OPEN, expires_at__gt=timezone.now())
    return list(still.select_related("by"))


def _may(order: Order, dispute: Dispute, role: str, theirs: ProposedSplit | None) -> set[str]:
    if dispute.status == D.ENDED:
        return set()
    if dispute.status == D.DECIDED:
        return {"appeal", "accept"} if role in may_appeal(order, dispute) else set()
    may = {"concede"}
    if order.sent_at is not None:
        may |= {"propose"} | ({"agree"} if theirs else set())
    if dispute.status == D.ANSWERING and role == "seller":
        may |= {"answer"}
    if dispute.status == D.TALKING:
        may |= {"escalate"}
    return may


def _endings(
    order: Order,
    dispute: Dispute,
    default: decisions.Default | None,
    theirs: ProposedSplit | None,
    mine: ProposedSplit | None,
) -> list[Ending]:
    ways: list[tuple[str, int]] = []
    if dispute.refund_cents is not None:
        kind = "ended" if dispute.status == D.ENDED else "decided"
        ways.append((kind, dispute.refund_cents))
    elif dispute.status == D.ENDED:
        ways.append(("ended", order.escrow.refunded_cents))
    if default:
        ways.append(("default", default.refund_cents))
    if theirs:
        ways.append(("theirs", theirs.refund_cents))
    if mine:
        ways.append(("mine", mine.refund_cents))
    return [Ending(kind, moved(order, back)) for kind, back in ways]
