"""Calls to the processor, as rows: written first, made outside any transaction, then recorded.

A lost answer leaves a row that says "sent": whoever finds it due repeats the call with the same
key, and looks at the processor first once the key may have been forgotten there.
"""

import logging
import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now

from accounts import bulk
from payments import effects, failpoints, incidents, restored
from payments.models import Escrow, Instruction, InstructionStatus, PayoutAccount
from payments.processor import processor
from payments.processor.interface import Answer, OutcomeUnknown, ProcessorRefused

log = logging.getLogger(__name__)

# Longer than a call may last, so that nobody repeats a call that is still under way.
LEASE = timedelta(seconds=20)
LONGEST_WAIT = timedelta(hours=1)
# So often our own code may break over an instruction before it is set aside.
TRIES = 10
# Stripe forgets keys after 24 hours; an hour of margin.
KEY_LIFE = timedelta(hours=23)
REPLAYED = "replayed: "
PAYING = ("transfer", "payout")
# Reasons that pass by themselves: the same wish is tried again later, under a new key.
PASSING = {
    "balance_insufficient",
    "insufficient_funds",
    "insufficient_capabilities_for_transfer",
    "charge_disputed",
    "account_closed",
    "lock_timeout",
    "idempotency_key_in_use",
}


def write(*, kind: str, purpose: str, params: dict[str, Any], **links: Any) -> None:
    """Record an intended call; once per purpose. It is made after the transaction.

    What it brings about at the processor carries the instruction's id, for look-ups.
    """
    assert connection.in_atomic_block, "an instruction belongs to the decision it carries out"
    mark, params = _marked(kind, params)
    instruction = Instruction(id=mark, purpose=purpose, kind=kind, params=params, **links)
    bulk.add(instruction, ignore_conflicts=True)


def _marked(kind: str, params: dict[str, Any]) -> tuple[UUID, dict[str, Any]]:
    mark = uuid4()
    if kind in effects.MARKED:
        params = {**params, "metadata": {**params.get("metadata", {}), "instruction": str(mark)}}
    return mark, params


def transfer_purpose(escrow: Escrow) -> str:
    """Of what a release sends to the seller."""
    return f"escrow:{escrow.pk}:transfer"


def write_transfer(escrow: Escrow, amount_cents: int, *, purpose: str) -> None:
    """Have proceeds sent to the seller's account, out of the charge they come from."""
    account = PayoutAccount.objects.get(person=escrow.seller)
    params = _transfer_params(escrow, amount_cents, destination=account.remote_id)
    write(kind="transfer", purpose=purpose, escrow=escrow, params=params)


def write_transfers(released: Sequence[tuple[Escrow, int]]) -> None:
    """`write_transfer` for many escrows, released just now, with what each seller is sent."""
    assert connection.in_atomic_block, "an instruction belongs to the decision it carries out"
    sellers = {escrow.seller_id for escrow, _ in released}
    accounts = dict(
        PayoutAccount.objects.filter(person__in=sellers).values_list("person", "remote_id")
    )
    rows = []
    for escrow, amount_cents in released:
        params = _transfer_params(escrow, amount_cents, destination=accounts[escrow.seller_id])
        mark, params = _marked("transfer", params)
        purpose = transfer_purpose(escrow)
        row = {"id": mark, "kind": "transfer", "purpose": purpose, "params": params}
        rows.append(row | {"escrow_id": escrow.pk})
    bulk.insert(Instruction, rows)


def _transfer_params(escrow: Escrow, amount_cents: int, *, destination: str) -> dict[str, Any]:
    return {
        "amount": amount_cents,
        "currency": escrow.currency.lower(),
        "destination": destination,
        "source_transaction": escrow.charge_id,
        "transfer_group": escrow.reference,
    }


def call_off(escrow: Escrow, *, kind: str) -> None:
    """What was never sent need not be sent any more."""
    never_sent = Instruction.objects.filter(escrow=escrow, kind=kind, tries=0)
    never_sent.filter(status=InstructionStatus.READY).update(
        status=InstructionStatus.CALLED_OFF, due_at=None
    )


def due() -> list[UUID]:
    """What is to be sent now: new, unanswered, or refused for a passing reason."""
    rows = Instruction.objects.filter(due_at__lte=Now()).order_by("due_at")
    if incidents.payouts_frozen():
        rows = rows.exclude(kind__in=PAYING)
    # What the bank may yet take back stays here until it has decided.
    rows = rows.exclude(kind="transfer", escrow__contested_at__isnull=False)
    return [row.pk for row in rows.only("pk")[:100]]


def carry_out_due() -> int:
    """Make every call that is due; one that breaks does not stop the others. Returns how many."""
    done = 0
    for instruction_id in due():
        try:
            carry_out(instruction_id)
            done += 1
        except Exception as error:
            log.exception("instruction %s broke", instruction_id)
            _set_back(instruction_id, error)
    return done


def _set_back(instruction_id: UUID, error: Exception) -> None:
    """What breaks our own code waits longer each time, and in the end for a person.

    It stays "sent": what it did at the processor is not known.
    """
    instruction = Instruction.objects.get(pk=instruction_id)
    poison = instruction.tries >= TRIES
    with transaction.atomic():
        rows = Instruction.objects.filter(pk=instruction_id, status=InstructionStatus.SENT)
        due_at = None if poison else Now() + _wait(instruction)
        if rows.update(due_at=due_at, error=repr(error)) and poison:
            incidents.report(
                key=f"set_aside:{instruction.purpose}",
                kind="instruction_set_aside",
                text=f"{instruction.get_kind_display()} broke {TRIES} times: {error!r}",
                escrow=instruction.escrow,
            )


def carry_out(instruction_id: UUID) -> Instruction:
    """Make the call if it is due and nobody else is making it, and record what came of it."""
    instruction = _claim(instruction_id)
    if instruction is None:
        return Instruction.objects.get(pk=instruction_id)
    failpoints.reached("instruction claimed")
    try:
        answer = (
            _already_done(instruction) or restored.done_before(instruction) or _send(instruction)
        )
    except ProcessorRefused as refusal:
        _record_refusal(instruction, refusal)
    except OutcomeUnknown as doubt:
        _record_doubt(instruction, doubt)
    else:
        failpoints.reached("instruction answered")
        if answer is None:
            _leave(instruction)
        else:
            _record(instruction, answer)
    failpoints.reached("instruction recorded")
    instruction.refresh_from_db()
    return instruction


def _send(instruction: Instruction) -> Answer | None:
    """Make the call; of a charge that nobody waits for any more, only look whether it was made."""
    call: dict[str, Any] = {"params": instruction.params, "account": instruction.account}
    if effects.is_moot(instruction):
        return processor().find(instruction.kind, instruction=str(instruction.pk), **call)
    return processor().send(instruction.kind, key=instruction.key, **call)


def _leave(instruction: Instruction) -> None:
    row = Instruction.objects.filter(pk=instruction.pk, status=InstructionStatus.SENT)
    row.update(status=InstructionStatus.CALLED_OFF, due_at=None)


def _claim(instruction_id: UUID) -> Instruction | None:
    claimed = Instruction.objects.filter(pk=instruction_id, due_at__lte=Now()).update(
        status=InstructionStatus.SENT,
        tries=F("tries") + 1,
        first_sent_at=Coalesce("first_sent_at", Now()),
        due_at=Now() + LEASE,
    )
    return Instruction.objects.get(pk=instruction_id) if claimed else None


def _already_done(instruction: Instruction) -> Answer | None:
    """What an earlier try brought about, where the key alone no longer tells."""
    if instruction.tries == 1:
        return None
    forgotten = Instruction.objects.filter(
        pk=instruction.pk, first_sent_at__lt=Now() - KEY_LIFE
    ).exists()
    new_key = instruction.attempt > 1
    replayed = instruction.error.startswith(REPLAYED)
    if not (forgotten or new_key or replayed):
        return None
    try:
        return processor().find(
            instruction.kind,
            instruction=str(instruction.pk),
            params=instruction.params,
            account=instruction.account,
        )
    except ProcessorRefused as refusal:
        # It refused to look, not to do.
        raise OutcomeUnknown(str(refusal)) from refusal


def _wait(instruction: Instruction) -> timedelta:
    """Twice as long each time, up to an hour; many that failed together do not return together."""
    longest = min(timedelta(seconds=1) * 2 ** min(instruction.tries, 12), LONGEST_WAIT)
    return longest * random.uniform(0.75, 1.25)  # noqa: S311


def _record(instruction: Instruction, answer: Answer) -> None:
    with transaction.atomic():
        done = Instruction.objects.filter(pk=instruction.pk, status=InstructionStatus.SENT).update(
            status=InstructionStatus.DONE,
            remote_id=answer.remote_id,
            done_at=Now(),
            due_at=None,
            error="",
        )
        if done:
            effects.record(instruction, answer)
            failpoints.reached("instruction recording")


def _record_refusal(instruction: Instruction, refusal: ProcessorRefused) -> None:
    with transaction.atomic():
        passing = refusal.code in PASSING and effects.may_still_come_true(instruction)
        text = f"{refusal.code}: {refusal}"
        changes: dict[str, Any] = {"status": InstructionStatus.REFUSED, "due_at": None}
        if passing:
            # Refusals are stored under the key, so the next deliberate attempt needs another.
            changes = {
                "status": InstructionStatus.READY,
                "attempt": F("attempt") + 1,
                "first_sent_at": None,
                "due_at": Now() + _wait(instruction),
            }
        row = Instruction.objects.filter(pk=instruction.pk, status=InstructionStatus.SENT)
        # Where somebody else has recorded its outcome meanwhile, this refusal means nothing.
        if row.update(error=text, **changes):
            effects.record_refusal(instruction, text, final=not passing)


def _record_doubt(instruction: Instruction, doubt: OutcomeUnknown) -> None:
    log.warning("%s: outcome not known: %s", instruction.purpose, doubt)
    changes: dict[str, Any] = {"due_at": Now() + _wait(instruction), "error": str(doubt)}
    if doubt.replayed:
        # The failure is stored under this key. Looked up before the next try (`_already_done`);
        # if nothing is found then, that try goes out under a new key.
        again = instruction.error.startswith(REPLAYED)
        changes |= {"error": REPLAYED + str(doubt)} | (
            {"attempt": F("attempt") + 1} if again else {}
        )
    Instruction.objects.filter(pk=instruction.pk, status=InstructionStatus.SENT).update(**changes)
