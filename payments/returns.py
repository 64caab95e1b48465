"""Refunds that did not arrive: owed again, until a person sends them once more or another way."""

from django.db import transaction

from accounts import audit
from accounts.models import Person
from accounts.refusals import WrongState
from payments import effects, incidents, ledger
from payments.models import Instruction, InstructionStatus

S = InstructionStatus


@transaction.atomic
def come_back(refund: Instruction) -> None:
    """The buyer's bank sent the money back. What is to be done now is for a person to say."""
    assert refund.escrow is not None
    back = Instruction.objects.filter(pk=refund.pk, status=S.DONE)
    if not back.update(status=S.RETURNED):
        return
    escrow, times = refund.escrow, _times(refund)
    ledger.post(
        key=f"instruction:{refund.pk}:failed",
        source=ledger.CARDS,
        destination=ledger.owed_to_buyer(escrow.buyer_id),
        amount_cents=refund.params["amount"],
        currency=effects.currency(refund),
        escrow=escrow,
    )
    purpose = f"{refund.purpose.partition(':again:')[0]}:again:{times + 1}"
    again = Instruction(purpose=purpose, kind="refund", escrow=escrow, status=S.REFUSED)
    again.params = {**refund.params, "metadata": {"instruction": str(again.pk)}}
    again.due_at = None
    again.error = "came_back: The refund did not reach the buyer's card."
    again.save(force_insert=True)
    incidents.report(
        key=f"refused:{purpose}",
        kind="refund_failed",
        text="The refund did not reach the buyer's card. Send it again, or pay it another way.",
        escrow=escrow,
    )


def _times(refund: Instruction) -> int:
    """How often it came back before."""
    return int(refund.purpose.partition(":again:")[2] or 0)


def pay_elsewhere(refund: Instruction, *, actor: Person, reason: str) -> None:
    """A person paid the buyer by another way, such as a bank transfer; `reason` says by which.

    Raises WrongState unless the refund waits for a person.
    """
    assert refund.escrow is not None
    with transaction.atomic():
        waiting = Instruction.objects.filter(pk=refund.pk, kind="refund", status=S.REFUSED)
        if not waiting.update(status=S.CALLED_OFF, due_at=None):
            raise WrongState
        ledger.post(
            key=f"instruction:{refund.pk}:elsewhere",
            source=ledger.owed_to_buyer(refund.escrow.buyer_id),
            destination=ledger.ELSEWHERE,
            amount_cents=refund.params["amount"],
            currency=effects.currency(refund),
            escrow=refund.escrow,
        )
        incidents.close(f"refused:{refund.purpose}")
        audit.record(
            actor=actor,
            act="refund_paid_elsewhere",
            subject=f"instruction:{refund.pk}",
            reason=reason,
            amount_cents=refund.params["amount"],
        )
