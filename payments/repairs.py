"""What a moderator does about money matters that got stuck: try again, or let them be.

Each act has a reason and an audit entry, and nobody repairs what concerns their own money.
"""

from django.db import transaction
from django.db.models import F, Q, Sum
from django.db.models.functions import Now

from accounts import audit
from accounts.models import Person
from accounts.refusals import NotAllowed, WrongState
from payments import give_backs, incidents, instructions, ledger, returns, suspicions
from payments.escrow import machine
from payments.models import (
    Escrow,
    Incident,
    Instruction,
    InstructionStatus,
    Payout,
    Posting,
    WebhookEvent,
)

# What is still owed after a refusal. A payout that was refused has ended: its seller asks for
# another. A checkout ends with its order.
REPEATABLE = ("refund", "transfer", "account")


def refused() -> Q:
    """Instructions that wait for a person: refused, or set aside because our code broke."""
    set_aside = Q(status=InstructionStatus.SENT, due_at=None)
    return Q(status=InstructionStatus.REFUSED, kind__in=REPEATABLE) | set_aside


def waits_for_person(instruction: Instruction) -> bool:
    """The same, of one row."""
    if instruction.status == InstructionStatus.SENT:
        return instruction.due_at is None
    return instruction.status == InstructionStatus.REFUSED and instruction.kind in REPEATABLE


def set_aside() -> Q:
    """Events of the processor that nobody follows up any more."""
    return Q(processed_at=None, due_at=None)


def concerns(escrow: Escrow | None, person: Person) -> bool:
    """Whether it is this person's own money."""
    return escrow is not None and person.pk in (escrow.buyer_id, escrow.seller_id)


def _require_moderator(actor: Person, *, own: bool) -> None:
    if not actor.is_staff or own:
        raise NotAllowed("Nobody decides on their own money.")


def close_incident(incident: Incident, *, actor: Person, reason: str) -> None:
    """Say that an incident was looked at and what came of it. Raises NotAllowed or WrongState."""
    _require_moderator(actor, own=concerns(incident.escrow, actor))
    with transaction.atomic():
        open_one = Incident.objects.filter(pk=incident.pk, closed_at=None)
        if give_backs.is_under_way(incident):
            raise WrongState("What was decided is being carried out; it closes with that.")
        if not open_one.update(closed_at=Now()):
            raise WrongState("This incident is closed already.")
        audit.record(
            actor=actor,
            act="incident_closed",
            subject=f"incident:{incident.pk}",
            reason=reason,
            key=incident.key,
        )


def send_again(instruction: Instruction, *, actor: Person, reason: str) -> None:
    """Try a refused call once more, as a new attempt with a key of its own; one that was set
    aside under its old key, since it may have been done.

    Raises NotAllowed, or WrongState unless it was refused and is still owed, or set aside.
    """
    own = concerns(instruction.escrow, actor) or instruction.person_id == actor.pk
    _require_moderator(actor, own=own)
    with transaction.atomic():
        stuck = Instruction.objects.filter(refused(), pk=instruction.pk)
        set_aside = stuck.filter(status=InstructionStatus.SENT)
        # At least one try is counted, so that what it did is looked up where the key is old.
        again = set_aside.update(due_at=Now(), tries=1) or stuck.update(
            status=InstructionStatus.READY,
            attempt=F("attempt") + 1,
            first_sent_at=None,
            due_at=Now(),
            error="",
        )
        if not again:
            raise WrongState
        incidents.close(f"refused:{instruction.purpose}")
        incidents.close(f"set_aside:{instruction.purpose}")
        audit.record(
            actor=actor,
            act="instruction_sent_again",
            subject=f"instruction:{instruction.pk}",
            reason=reason,
            error=instruction.error,
        )


def pay_elsewhere(instruction: Instruction, *, actor: Person, reason: str) -> None:
    """Say that a refused refund was paid in another way. Raises NotAllowed or WrongState."""
    _require_moderator(actor, own=concerns(instruction.escrow, actor))
    returns.pay_elsewhere(instruction, actor=actor, reason=reason)


def quarantined_cents(escrow: Escrow) -> int:
    """How much of what arrived for an order lies apart."""
    apart = ledger.quarantine(escrow.pk)
    arrived = Posting.objects.filter(destination=apart).aggregate(sum=Sum("amount_cents"))["sum"]
    left = Posting.objects.filter(source=apart).aggregate(sum=Sum("amount_cents"))["sum"]
    return (arrived or 0) - (left or 0)


def return_quarantined(escrow: Escrow, *, actor: Person, reason: str) -> None:
    """Send back what arrived, but not as agreed. Raises NotAllowed or WrongState."""
    _require_moderator(actor, own=concerns(escrow, actor))
    send_back(escrow, actor=actor, reason=reason)


def send_back(escrow: Escrow, *, actor: Person | None, reason: str) -> None:
    """Send back what is kept apart, by a moderator or by its time. Raises WrongState."""
    with transaction.atomic():
        quarantined = Escrow.objects.filter(pk=escrow.pk, quarantined_at__isnull=False)
        if not quarantined.update(quarantined_at=None):
            raise WrongState("Nothing of this payment is kept apart any more.")
        for arrived in Posting.objects.filter(destination=ledger.quarantine(escrow.pk)):
            _return_charge(escrow, arrived)
        machine.remark(escrow, kind="quarantine_returned", actor=actor, note=reason)
        audit.record(
            actor=actor,
            act="quarantine_returned",
            subject=f"escrow:{escrow.pk}",
            reason=reason,
        )


def _return_charge(escrow: Escrow, arrived: Posting) -> None:
    returned = ledger.post(
        key=f"{arrived.key}:returned",
        source=ledger.quarantine(escrow.pk),
        destination=ledger.owed_to_buyer(escrow.buyer_id),
        amount_cents=arrived.amount_cents,
        currency=arrived.currency,
        escrow=escrow,
    )
    if returned:
        charge = arrived.key.removeprefix("charge:")
        instructions.write(
            kind="refund",
            purpose=f"{arrived.key}:refund",
            escrow=escrow,
            params={"charge": charge, "amount": arrived.amount_cents},
        )
        incidents.close(f"quarantine:{charge}")


def clear_suspicion(escrow: Escrow, *, actor: Person, reason: str) -> None:
    """Say that a payment is no fraud, so that it goes on. Raises NotAllowed or WrongState."""
    _require_moderator(actor, own=concerns(escrow, actor))
    with transaction.atomic():
        if not suspicions.clear(escrow):
            raise WrongState("Nothing speaks against this payment any more.")
        machine.remark(escrow, kind="suspicion_cleared", actor=actor, note=reason)
        audit.record(
            actor=actor,
            act="suspicion_cleared",
            subject=f"escrow:{escrow.pk}",
            reason=reason,
        )


def follow_up_again(event: WebhookEvent, *, actor: Person, reason: str) -> None:
    """Take an event that was set aside up again. Raises NotAllowed or WrongState."""
    _settle_event(event, actor=actor, act="event_followed_up_again", reason=reason, again=True)


def dismiss(event: WebhookEvent, *, actor: Person, reason: str) -> None:
    """Leave an event that was set aside as it is. Raises NotAllowed or WrongState."""
    _settle_event(event, actor=actor, act="event_dismissed", reason=reason, again=False)


def _settle_event(
    event: WebhookEvent, *, actor: Person, act: str, reason: str, again: bool
) -> None:
    _require_moderator(actor, own=False)
    with transaction.atomic():
        stuck = WebhookEvent.objects.filter(set_aside(), pk=event.pk)
        changed = stuck.update(due_at=Now(), tries=0) if again else stuck.update(processed_at=Now())
        if not changed:
            raise WrongState
        incidents.close(f"webhook:{event.event_id}")
        audit.record(
            actor=actor,
            act=act,
            subject=f"webhookevent:{event.pk}",
            reason=reason,
            key=event.event_id,
        )


def close_payout(payout: Payout, *, actor: Person, reason: str) -> None:
    """Say that a failed payout was looked after. Raises NotAllowed, or WrongState if it waits
    for nothing."""
    _require_moderator(actor, own=payout.person_id == actor.pk)
    with transaction.atomic():
        waiting = Payout.objects.filter(pk=payout.pk, failed_at__isnull=False, looked_at=None)
        if not waiting.update(looked_at=Now()):
            raise WrongState
        subject = f"payout:{payout.pk}"
        audit.record(actor=actor, act="payout_looked_after", subject=subject, reason=reason)
