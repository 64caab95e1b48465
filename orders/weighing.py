"""A moderator compares what was handed in, and concludes: verified, inconclusive or refuted.

Only where no reading says it: what a provider's own figures show counts for more than pictures.
"""

from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from accounts import audit, returning
from accounts.models import Person
from accounts.refusals import NotAllowed, WrongState
from orders import conversation, handing_in
from orders.models import EvidenceKind, Order, OrderStatus, Verdict, Weighing
from orders.progress import advance, locked, machine, tell
from orders.verification.models import Course
from orders.verification.rungs import LADDER, Case
from providers.vocabulary import PAPER_RUNGS, Rung

S = OrderStatus
# Whose account it is, and what the provider says of it: one without the other shows little.
COMPARED = {EvidenceKind.OWNER, EvidenceKind.DOCUMENT}


@transaction.atomic
def conclude(order: Order, *, actor: Person, verdict: str, reason: str) -> Weighing:
    """Write down what the documents show, and move the order on if that is the arrival.

    Raises NotAllowed for a party, for anybody who is no moderator and for whoever has not looked
    at all of it; WrongState where nothing can be compared, or readings come first.
    """
    if not actor.is_staff or actor.pk in (order.buyer_id, order.seller_id):
        raise NotAllowed("Nobody concludes on their own trade.")
    order = locked(order)
    shown = list(handing_in.of(order).exclude(key_id=""))
    rung = rung_of(order, {one.kind for one in shown})
    if order.status not in (S.TRANSFERRED, S.DISPUTED) or rung is None:
        raise WrongState("Documents are compared once it was sent and something was handed in.")
    if is_read(order):
        raise WrongState("The provider's own figures come first, and they are read here.")
    # What another moderator concluded meanwhile is not overwritten by one who has not seen it.
    before = Weighing.objects.filter(order=order).exclude(by=actor).values_list("at", flat=True)
    newest = max([shown[-1].at, *before])
    if not conversation.has_looked_since(order, newest, actor=actor):
        raise NotAllowed("Read what the parties handed in first: there may be something new.")
    finding = LADDER[rung].finding(Case(order.face_value_cents, order.currency, weighed=verdict))
    weighing = Weighing.objects.create(
        order=order,
        by=actor,
        rung=rung,
        verdict=finding.verdict,
        reason=reason,
        digests=[one.digest for one in shown],
    )
    _write_down(order, weighing)
    audit.record(
        actor=actor, act=f"documents_{verdict}", subject=f"order:{order.pk}", reason=reason
    )
    more: dict[str, Any] = {
        "verdict": verdict,
        "reason": reason,
        "disputed": order.status == S.DISPUTED,
    }
    for person in (order.buyer, order.seller):
        tell(order, person, "order_weighed", again=True, **more)
    return weighing


def _write_down(order: Order, weighing: Weighing) -> None:
    kind = f"documents_{weighing.verdict}"
    known: dict[str, Any] = {
        "rung": weighing.rung,
        "verdict": weighing.verdict,
        "weighed_at": Now(),
    }
    if weighing.verdict == Verdict.VERIFIED and order.status == S.TRANSFERRED:
        within = order.cooling_off_seconds
        advance(order, S.VERIFIED, kind=kind, actor=weighing.by, within_seconds=within, **known)
    else:
        returning.update(Order.objects.filter(pk=order.pk), order, **known)
        machine.remark(order, kind=kind, actor=weighing.by)


def rung_of(order: Order, kinds: set[str]) -> Rung | None:
    """The strongest rung of the provider's ladder that pictures of these kinds can show."""
    ladder = order.listing.provider.ladder
    if kinds >= COMPARED and Rung.IDENTITY_AND_DOCUMENT in ladder:
        return Rung.IDENTITY_AND_DOCUMENT
    return Rung.EVIDENCE_UPLOAD if kinds and Rung.EVIDENCE_UPLOAD in ladder else None


def is_read(order: Order) -> bool:
    """Whether the provider's figures settle it, or still may."""
    measuring = getattr(order, "verification", None)
    if measuring is not None and measuring.status != Course.DONE:
        return True
    return bool(
        measuring
        and order.rung not in PAPER_RUNGS
        and order.verdict in (Verdict.VERIFIED, Verdict.REFUTED)
    )


def may_conclude(order: Order) -> bool:
    """Whether there is something to conclude on; asked by pages, and again when it is done."""
    kinds = handing_in.of(order).exclude(key_id="").values_list("kind", flat=True)
    is_sent = order.status in (S.TRANSFERRED, S.DISPUTED)
    return is_sent and not is_read(order) and rung_of(order, set(kinds)) is not None
