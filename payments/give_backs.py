"""Giving back what was released: out of what the seller was paid for it, to the buyer's card.

Only while a case holds what the sale brought (`payments.reserve`), and only as much as is still
there. It is taken back from the seller first and refunded once we have it, so the platform pays
nothing in advance; the commission on it goes back as well. The case stays open meanwhile.
"""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F, Q, Sum
from django.db.models.functions import Now

from accounts import audit
from accounts.models import Person
from accounts.notifications import notify
from accounts.refusals import Invalid, NotAllowed, WrongState
from payments import effects, incidents, instructions, ledger, money
from payments.escrow import machine, shares
from payments.models import (
    Escrow,
    EscrowStatus,
    GiveBack,
    Incident,
    Instruction,
    InstructionStatus,
    Posting,
)
from payments.refusals import Contested
from payments.reserve import CREDIT_REVERSED

S = InstructionStatus
NOT_SENT = (S.READY, S.REFUSED)


@dataclass(frozen=True)
class Piece:
    """What is left of one amount that was sent to the seller, or is to be sent."""

    sent: Instruction
    left_cents: int


def pieces(escrow: Escrow, *, lock: bool = False) -> list[Piece]:
    """What the seller was paid for an escrow, less what was taken back of it; locked, so that
    none of it is sent meanwhile.
    """
    rows = Instruction.objects.filter(escrow=escrow, kind__in=["transfer", "reversal"])
    if lock:
        rows = rows.select_for_update(no_key=True)
    back = [row for row in rows if row.kind == "reversal" and row.status not in effects.NOT_DONE]
    paid = [row for row in rows if row.kind == "transfer" and row.status != S.CALLED_OFF]
    return [
        Piece(one, int(one.params["amount"]) - taken)
        for one in sorted(paid, key=lambda row: (row.created_at, row.purpose))
        for taken in [_sum(row for row in back if row.params["transfer"] == one.remote_id)]
    ]


def _sum(rows: Any) -> int:
    return sum(int(row.params["amount"]) for row in rows)


def takes(escrow: Escrow, refund_cents: int) -> tuple[int, int]:
    """Of what goes back: how much from the seller, and how much commission."""
    before = escrow.refunded_cents + escrow.given_back_cents
    now, then = shares(escrow, before), shares(escrow, before + refund_cents)
    return (
        now.to_seller_cents - then.to_seller_cents,
        now.commission_cents - then.commission_cents,
    )


def there_cents(escrow: Escrow) -> int:
    """What is still there of what an escrow brought its seller, sent or not."""
    found = pieces(escrow)
    unsent = sum(piece.left_cents for piece in found if piece.sent.status in NOT_SENT)
    sent = sum(piece.left_cents for piece in found if piece.sent.status == S.DONE)
    lies = ledger.balance(ledger.at_processor(escrow.seller_id), escrow.currency)
    return unsent + max(min(sent, lies), 0)


def most_cents(escrow: Escrow) -> int:
    """The most that can go back to the buyer, commission and all, with what is still there."""
    left = escrow.released_cents - escrow.given_back_cents
    there, proceeds = there_cents(escrow), takes(escrow, left)[0]
    if proceeds <= there:
        return left
    # Rounding may cost a cent or two, and never takes more than is there.
    return left * there // proceeds


def preview(escrow: Escrow, refund_cents: int) -> dict[str, int]:
    """What giving so much back moves, and what the seller then keeps of it."""
    seller, commission = takes(escrow, refund_cents)
    before = shares(escrow, escrow.refunded_cents + escrow.given_back_cents)
    return {
        "to_buyer_cents": refund_cents,
        "from_seller_cents": seller,
        "commission_cents": commission,
        "seller_keeps_cents": before.to_seller_cents - seller,
    }


def may_begin(incident: Incident) -> bool:
    """Whether it is such a case, and nothing is decided yet; asked by pages."""
    is_open = incident.kind == CREDIT_REVERSED and incident.closed_at is None
    return is_open and incident.escrow is not None and not is_under_way(incident)


def suggested(incident: Incident) -> int:
    """What the credit that is gone had cost, as far as it is still there."""
    assert incident.escrow is not None
    most = most_cents(incident.escrow)
    return most if incident.about_cents is None else min(incident.about_cents, most)


def choices(incident: Incident) -> list[dict[str, Any]]:
    """What may be given back, in cents: for what is gone, and all that can be."""
    escrow = incident.escrow
    assert escrow is not None
    columns = {suggested(incident): "What is gone"}
    columns.setdefault(most_cents(escrow), "All")
    return [preview(escrow, cents) | {"heading": text} for cents, text in columns.items()]


def begin(incident: Incident, *, actor: Person, reason: str, refund_cents: int) -> GiveBack:
    """Take it back from the seller, to be refunded once it is here.

    Raises NotAllowed for a party or anybody who is no moderator, Invalid naming `refund_cents`
    where so much is not there, Contested, and WrongState where the case is closed or decided, or
    the money is under way.
    """
    with transaction.atomic():
        of = Escrow.objects.filter(incident=incident)
        escrow = of.select_for_update(no_key=True, of=("self",)).first()
        _require_open(incident, escrow, actor)
        assert escrow is not None
        found = pieces(escrow, lock=True)
        if any(piece.sent.status == S.SENT for piece in found):
            raise WrongState("What it brought is just being sent to the seller. Try again soon.")
        most = most_cents(escrow)
        if not 0 < refund_cents <= most:
            text = f"Say how much goes back: more than 0, at most {most / 100:.2f}."
            raise Invalid("refund_cents", text)
        seller, commission = takes(escrow, refund_cents)
        row = GiveBack.objects.create(
            escrow=escrow,
            incident=incident,
            refund_cents=refund_cents,
            seller_cents=seller,
            commission_cents=commission,
        )
        _take(row, found)
        machine.remark(escrow, kind="giving_back", actor=actor, note=reason)
        audit.record(
            actor=actor,
            act="give_back",
            subject=f"escrow:{escrow.pk}",
            reason=reason,
            **preview(escrow, refund_cents),
        )
    return row


def _require_open(incident: Incident, escrow: Escrow | None, actor: Person) -> None:
    if not actor.is_staff or (escrow and actor.pk in (escrow.buyer_id, escrow.seller_id)):
        raise NotAllowed("Nobody decides on their own money.")
    still = Incident.objects.filter(pk=incident.pk, kind=CREDIT_REVERSED, closed_at=None)
    if escrow is None or not still.exists():
        raise WrongState("This case is closed, or is about something else.")
    if escrow.contested_at:
        raise Contested
    if escrow.chargebacks.filter(outcome="lost").exists():
        raise WrongState("The buyer's bank has taken this payment back already.")
    if escrow.status not in (EscrowStatus.RELEASED, EscrowStatus.SPLIT):
        raise WrongState("This payment is still held: a dispute decides about it.")
    if is_under_way(incident):
        raise WrongState("What was decided is being carried out.")


def is_under_way(incident: Incident) -> bool:
    """Whether something is just being given back by this case."""
    return GiveBack.objects.filter(incident=incident, status=GiveBack.Status.OPEN).exists()


def _take(row: GiveBack, found: list[Piece]) -> None:
    """What was never sent is kept here at once; what was is asked for, the last sent first."""
    left = row.seller_cents
    unsent = [piece for piece in found if piece.sent.status in NOT_SENT]
    sent = [piece for piece in reversed(found) if piece not in unsent]
    for number, piece in enumerate([*unsent, *sent]):
        wanted = min(piece.left_cents, left)
        if wanted and piece.sent.status in NOT_SENT:
            _keep(row, piece, wanted, number)
        elif wanted:
            instructions.write(
                kind="reversal",
                purpose=f"{effects.GIVE_BACK}{row.pk}:reversal:{number}",
                escrow=row.escrow,
                params={"transfer": piece.sent.remote_id, "amount": wanted},
            )
        left -= wanted


def _keep(row: GiveBack, piece: Piece, kept_cents: int, number: int) -> None:
    sent = Instruction.objects.filter(pk=piece.sent.pk, status__in=NOT_SENT)
    assert sent.update(status=S.CALLED_OFF, due_at=None)
    incidents.close(f"refused:{piece.sent.purpose}")
    ledger.post(
        key=f"{effects.GIVE_BACK}{row.pk}:kept:{number}",
        source=ledger.owed_to_seller(row.escrow.seller_id),
        destination=ledger.LOSSES,
        amount_cents=kept_cents,
        currency=row.escrow.currency,
        escrow=row.escrow,
    )
    if piece.left_cents > kept_cents:
        instructions.write_transfer(
            row.escrow,
            piece.left_cents - kept_cents,
            purpose=f"{effects.GIVE_BACK}{row.pk}:transfer:{number}",
        )


def due() -> list[int]:
    """What is being taken back, or has been."""
    rows = GiveBack.objects.filter(status=GiveBack.Status.OPEN).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:100])


@transaction.atomic
def finish(give_back_id: int) -> None:
    """Refund what was taken back, once it is known how much that is; later if it is not."""
    row = GiveBack.objects.select_for_update(no_key=True).get(pk=give_back_id)
    mark = f"{effects.GIVE_BACK}{row.pk}"
    asked = Instruction.objects.filter(kind="reversal", purpose__startswith=f"{mark}:reversal:")
    if row.status != GiveBack.Status.OPEN or asked.filter(status__in=[S.READY, S.SENT]).exists():
        return
    escrow = Escrow.objects.select_for_update(no_key=True).get(pk=row.escrow_id)
    kept = Posting.objects.filter(escrow=escrow, key__startswith=f"{mark}:kept:")
    taken = kept.aggregate(sum=Sum("amount_cents", default=0))["sum"]
    taken += _sum(asked.filter(status=S.DONE))
    if not taken and row.seller_cents:
        _fail(row, escrow)
        return
    _give(row, escrow, taken)


def _fail(row: GiveBack, escrow: Escrow) -> None:
    GiveBack.objects.filter(pk=row.pk).update(status=GiveBack.Status.FAILED, ended_at=Now())
    note = "The processor took nothing back from the seller's account."
    machine.remark(escrow, kind="giving_back_failed", actor=None, note=note)


def _give(row: GiveBack, escrow: Escrow, taken_cents: int) -> None:
    """The buyer is owed what was taken and its commission; the case ends if that is all of it."""
    missing = row.seller_cents - taken_cents
    commission = row.commission_cents
    if missing:
        commission, _ = money.split(commission, [taken_cents, missing])
    mark, refund = f"{effects.GIVE_BACK}{row.pk}", taken_cents + commission
    buyer = ledger.owed_to_buyer(escrow.buyer_id)
    sources = (
        ("seller", ledger.LOSSES, taken_cents),
        ("commission", ledger.COMMISSION, commission),
    )
    for what, source, cents in sources:
        if cents:
            ledger.post(
                key=f"{mark}:{what}",
                source=source,
                destination=buyer,
                amount_cents=cents,
                currency=escrow.currency,
                escrow=escrow,
            )
    instructions.write(
        kind="refund",
        purpose=f"{mark}:refund",
        escrow=escrow,
        params={"charge": escrow.charge_id, "amount": refund},
    )
    GiveBack.objects.filter(pk=row.pk).update(
        status=GiveBack.Status.DONE,
        ended_at=Now(),
        refund_cents=refund,
        seller_cents=taken_cents,
        commission_cents=commission,
    )
    Escrow.objects.filter(pk=escrow.pk).update(given_back_cents=F("given_back_cents") + refund)
    machine.remark(escrow, kind="given_back", actor=None)
    if not missing:
        incidents.close(row.incident.key)
    _tell(row, escrow, refund_cents=refund, seller_cents=taken_cents)


def _tell(row: GiveBack, escrow: Escrow, **cents: int) -> None:
    for person in (escrow.buyer, escrow.seller):
        notify(
            person=person,
            kind="order_given_back",
            key=f"give_back:{row.pk}:{person.pk}",
            url=f"/orders/{escrow.reference}/",
            currency=escrow.currency,
            to_buyer=person.pk == escrow.buyer_id,
            **cents,
        )


def under_way_of(people: Any) -> bool:
    """Whether something is just being given back to or by one of these people."""
    theirs = Q(escrow__buyer__in=people) | Q(escrow__seller__in=people)
    return GiveBack.objects.filter(theirs, status=GiveBack.Status.OPEN).exists()
