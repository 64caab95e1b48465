"""After the database came back from a backup: the processor remembers what the books forgot.

What was moved after the backup has no row here, so the same decision would be made, and paid, once
more. Idempotency keys do not help: they live for a day, and a number that was lost may be given
again. So after a restore nobody moves money before looking: what the processor has already done for
this escrow or account, and no row here knows of, is taken over as this instruction's own outcome,
or, where it is something else, left for a person.
"""

from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from payments import effects, incidents
from payments.models import Instruction, Restore
from payments.processor import processor
from payments.processor.interface import Answer, Moved, ProcessorRefused

# More numbers than any backup can be behind by.
GAP = 1_000_000


@transaction.atomic
def mark() -> Restore:
    """Note that this database was restored: before anything else is started on it.

    Payouts wait until a whole reconciliation has been made. Numbers go on after a gap, so that no
    number which was lost, and stands in somebody's mail or at the processor, is given again.
    """
    restore = Restore.objects.create()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(format('%%I.%%I', schemaname, sequencename)::regclass,"
            " coalesce(last_value, 0) + %s) FROM pg_sequences WHERE schemaname = current_schema()",
            [GAP],
        )
    incidents.report(
        key=f"restored:{restore.pk}",
        kind="restored",
        text="The database came back from a backup. Payouts wait for `manage.py reconcile`; what "
        "it names was moved after the backup.",
    )
    return restore


def compared(before: Restore | None) -> None:
    """A whole reconciliation has found what there is to find about restores up to this one."""
    if before is not None:
        Restore.objects.filter(pk__lte=before.pk, compared_at=None).update(compared_at=Now())


def done_before(instruction: Instruction) -> Answer | None:
    """What the processor has done of this already. Raises ProcessorRefused for a person to look.

    Asks the processor only where the books of this escrow or account may have forgotten something.
    """
    if instruction.kind not in effects.MARKED or not _may_have_forgotten(instruction):
        return None
    if instruction.kind == "charge":
        return processor().find(
            "charge", instruction=str(instruction.pk), params=instruction.params, account=""
        )
    amount = instruction.params["amount"]
    unknown = _forgotten(_moved(instruction), instruction)
    for one in unknown:
        if one.mark == str(instruction.pk):
            return Answer(one.remote_id)
    for one in unknown:
        if (one.kind, one.amount_cents) == (instruction.kind, amount):
            return Answer(one.remote_id)
    if unknown:
        listed = ", ".join(f"{one.kind} {one.remote_id} of {one.amount_cents}" for one in unknown)
        raise ProcessorRefused(
            "forgotten",
            f"The books were restored, and the processor has what they have not: {listed} (cents)."
            " Nothing more is moved here before somebody has looked.",
        )
    return None


def _may_have_forgotten(instruction: Instruction) -> bool:
    restores = Restore.objects.all()
    if instruction.escrow is not None:
        restores = restores.filter(at__gt=instruction.escrow.created_at)
    return restores.exists()


def _moved(instruction: Instruction) -> list[Moved]:
    if instruction.escrow is None:
        return processor().payouts(account=instruction.account)
    escrow = instruction.escrow
    return processor().moved(group=str(escrow.reference), charge=escrow.charge_id)


def _forgotten(moved: list[Moved], instruction: Instruction) -> list[Moved]:
    """What no other instruction here has brought about, nor is just bringing about."""
    remote_ids = {one.remote_id for one in moved}
    others = Instruction.objects.exclude(pk=instruction.pk).filter(
        Q(remote_id__in=remote_ids) | Q(escrow=instruction.escrow, person=instruction.person)
    )
    rows = list(others.values_list("pk", "remote_id"))
    known = {str(pk) for pk, _ in rows} | {remote_id for _, remote_id in rows if remote_id}
    return [one for one in moved if not {one.mark, one.remote_id} & known]
