"""Disputes at the buyer's bank: while one is open nothing moves, and a lost one took money away.

Not to be confused with a dispute between buyer and seller, which a moderator decides (`orders`).
"""

from django.db import transaction
from django.db.models.functions import Now

from payments import collection, escrow, failpoints, incidents, instructions, ledger
from payments.models import Chargeback, Escrow, EscrowStatus, Instruction, InstructionStatus
from payments.processor import processor
from payments.processor.interface import CardDispute


def follow(dispute_id: str) -> None:
    """Ask the processor about one dispute and act on it."""
    found = processor().card_dispute(dispute_id)
    failpoints.reached("dispute asked about")
    record(found)


def follow_recent() -> int:
    """Look through the newest disputes for what no webhook announced; returns their number."""
    disputes = processor().recent_card_disputes()
    for dispute in disputes:
        record(dispute)
    return len(disputes)


def record(dispute: CardDispute) -> None:
    """Act on a dispute, forward only: one that was decided is never open again."""
    if not Escrow.objects.filter(charge_id=dispute.charge_id).exists():
        # It came before we noticed the payment it is about.
        found = collection.find(reference=dispute.reference) if dispute.reference else None
        if found is None:
            return
        collection.collect(found.pk)
    with transaction.atomic():
        locked = Escrow.objects.select_for_update(no_key=True)
        disputed = locked.filter(charge_id=dispute.charge_id).first()
        if disputed is not None:
            _record(disputed, dispute)


def _record(disputed: Escrow, dispute: CardDispute) -> None:
    row, new = Chargeback.objects.get_or_create(
        remote_id=dispute.id,
        defaults={"escrow": disputed, "amount_cents": dispute.amount_cents},
    )
    if new:
        escrow.machine.remark(disputed, kind="contested", actor=None, note=dispute.id)
        incidents.report(
            key=f"chargeback:{dispute.id}",
            kind="chargeback",
            text=f"The buyer's bank disputes {dispute.amount_cents} {disputed.currency}.",
            escrow=disputed,
        )
    _record_fee(disputed, row, dispute)
    if dispute.outcome and not row.outcome:
        Chargeback.objects.filter(pk=row.pk).update(outcome=dispute.outcome, decided_at=Now())
        if dispute.outcome == "lost":
            _lose(disputed, dispute)
        else:
            escrow.machine.remark(disputed, kind="dispute_won", actor=None, note=dispute.id)
    open_ones = Chargeback.objects.filter(escrow=disputed, outcome="")
    disputed.contested_at = open_ones.values_list("opened_at", flat=True).first()
    disputed.save(update_fields=["contested_at"])


def _record_fee(disputed: Escrow, row: Chargeback, dispute: CardDispute) -> None:
    """What the processor takes for a dispute, whoever wins."""
    if dispute.fee_cents > row.fee_cents:
        ledger.post(
            key=f"chargeback:{dispute.id}:fee",
            source=ledger.FEES,
            destination=ledger.PROCESSOR,
            amount_cents=dispute.fee_cents,
            currency=disputed.currency,
            escrow=disputed,
        )
        Chargeback.objects.filter(pk=row.pk).update(fee_cents=dispute.fee_cents)


def _lose(disputed: Escrow, dispute: CardDispute) -> None:
    """The bank took the money: what is held, or what was owed to the buyer, or it is our loss."""
    whole = dispute.amount_cents == disputed.price_cents
    if whole and disputed.status == EscrowStatus.HELD:
        _take(disputed, dispute, ledger.held(disputed.pk), disputed.held_cents)
        if disputed.released_cents:
            _lose_to_bank(disputed, dispute, disputed.released_cents, mark=":released")
        escrow.take_back(disputed, note=dispute.id)
        return
    if whole and _call_off_refund(disputed):
        _take(disputed, dispute, ledger.owed_to_buyer(disputed.buyer_id), dispute.amount_cents)
    else:
        _lose_to_bank(disputed, dispute, dispute.amount_cents)
    escrow.machine.remark(disputed, kind="dispute_lost", actor=None, note=dispute.id)


def _lose_to_bank(disputed: Escrow, dispute: CardDispute, cents: int, *, mark: str = "") -> None:
    """What had been paid on is our loss, until the seller has given it back (`recovery`)."""
    Chargeback.objects.filter(remote_id=dispute.id).update(recovery_due=True)
    _take(disputed, dispute, ledger.LOSSES, cents, mark=mark)


def _take(
    disputed: Escrow, dispute: CardDispute, source: str, cents: int, *, mark: str = ""
) -> None:
    ledger.post(
        key=f"chargeback:{dispute.id}:lost{mark}",
        source=source,
        destination=ledger.CARDS,
        amount_cents=cents,
        currency=disputed.currency,
        escrow=disputed,
    )


def _call_off_refund(disputed: Escrow) -> bool:
    """Whether a refund in full was still to be made; the bank has made it instead."""
    waiting = Instruction.objects.filter(
        escrow=disputed, kind="refund", params__amount=disputed.price_cents
    )
    not_sent = waiting.filter(status__in=[InstructionStatus.READY, InstructionStatus.REFUSED])
    return bool(not_sent.update(status=InstructionStatus.CALLED_OFF, due_at=None))


def answer(disputed: Chargeback, *, evidence: dict[str, str] | None) -> None:
    """Send evidence to the bank, or note that there is none."""
    Chargeback.objects.filter(pk=disputed.pk).update(answered=True)
    if evidence is None:
        escrow.machine.remark(
            disputed.escrow, kind="dispute_not_answered", actor=None, note=disputed.remote_id
        )
        return
    instructions.write(
        kind="evidence",
        purpose=f"chargeback:{disputed.remote_id}:evidence",
        escrow=disputed.escrow,
        params={"dispute": disputed.remote_id, "evidence": evidence, "submit": True},
    )
