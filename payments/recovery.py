"""Getting back what a seller was paid for a trade whose payment the buyer's bank then took.

First their account at the processor is asked for it. Where it holds too little, the seller owes
the rest, and it is kept back from what is released to them later.
"""

import logging

from django.db import connection, transaction
from django.db.models import Sum

from accounts.models import Person
from payments import instructions, ledger
from payments.effects import GIVE_BACK, NOT_DONE
from payments.models import (
    Chargeback,
    Escrow,
    EscrowStatus,
    Instruction,
    InstructionStatus,
    PayoutAccount,
    Posting,
)

log = logging.getLogger(__name__)
S = InstructionStatus


def due() -> list[int]:
    """Lost chargebacks whose recovery has not begun."""
    rows = Chargeback.objects.filter(recovery_due=True).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:100])


@transaction.atomic
def begin(chargeback_id: int) -> None:
    """Keep back what was not sent yet, or ask for what was; later if that is not known yet."""
    lost = Chargeback.objects.select_for_update(no_key=True).get(pk=chargeback_id)
    if not lost.recovery_due or lost.escrow.status == EscrowStatus.HELD:
        return
    sent = _transfers(lost)
    if any(paid.status == S.SENT for paid in sent):
        return
    left = lost.amount_cents
    for number, paid in enumerate(sent):
        wanted = min(int(paid.params["amount"]) - _given_back(paid), left)
        if wanted and paid.status in (S.READY, S.REFUSED):
            _keep(lost, paid, wanted, mark=_mark(number))
        elif wanted and paid.status == S.DONE:
            _ask_back(lost, paid, wanted, mark=_mark(number))
        left -= wanted
    _owe_again(lost, left)
    Chargeback.objects.filter(pk=lost.pk).update(recovery_due=False)


def _transfers(lost: Chargeback) -> list[Instruction]:
    """What was or is to be sent to the seller, part by part; locked, so that none is sent
    meanwhile. What was kept once is not there to be kept again.
    """
    rows = Instruction.objects.filter(escrow=lost.escrow, kind="transfer")
    rows = rows.exclude(status=S.CALLED_OFF)
    return list(rows.select_for_update(no_key=True).order_by("created_at", "purpose"))


def _given_back(paid: Instruction) -> int:
    """What was taken back of it before, and given to the buyer (`give_backs`)."""
    back = Instruction.objects.filter(
        kind="reversal",
        escrow=paid.escrow,
        purpose__startswith=GIVE_BACK,
        params__transfer=paid.remote_id,
    )
    return sum(int(row.params["amount"]) for row in back.exclude(status__in=NOT_DONE))


def _mark(number: int) -> str:
    """Of keys: nothing for the first, which mostly is the only one."""
    return f":{number}" if number else ""


def _keep(lost: Chargeback, paid: Instruction, kept: int, *, mark: str) -> None:
    """What was released and never sent covers the loss. What is left of it is sent after all."""
    escrow, amount_cents = lost.escrow, int(paid.params["amount"])
    Instruction.objects.filter(pk=paid.pk).update(status=S.CALLED_OFF, due_at=None)
    ledger.post(
        key=f"chargeback:{lost.remote_id}:kept{mark}",
        source=ledger.owed_to_seller(escrow.seller_id),
        destination=ledger.LOSSES,
        amount_cents=kept,
        currency=escrow.currency,
        escrow=escrow,
    )
    if amount_cents > kept:
        instructions.write_transfer(
            escrow, amount_cents - kept, purpose=f"chargeback:{lost.remote_id}:transfer{mark}"
        )


def _ask_back(lost: Chargeback, paid: Instruction, amount_cents: int, *, mark: str) -> None:
    instructions.write(
        kind="reversal",
        purpose=f"chargeback:{lost.remote_id}:reversal{mark}",
        escrow=lost.escrow,
        params={"transfer": paid.remote_id, "amount": amount_cents},
    )


def _owe_again(lost: Chargeback, left_cents: int) -> None:
    """What was kept back for an older debt had been the seller's too: that debt is open again."""
    escrow = lost.escrow
    # By this escrow, for debts of any account that the seller has merged into theirs.
    netted = Posting.objects.filter(
        escrow=escrow,
        source=ledger.owed_to_seller(escrow.seller_id),
        key__startswith=f"escrow:{escrow.pk}:netted",
    )
    again = min(netted.aggregate(sum=Sum("amount_cents", default=0))["sum"], left_cents)
    if again > 0:
        ledger.post(
            key=f"chargeback:{lost.remote_id}:owed",
            source=ledger.debt(escrow.seller_id),
            destination=ledger.LOSSES,
            amount_cents=again,
            currency=escrow.currency,
            escrow=escrow,
        )


def net(escrow: Escrow, proceeds_cents: int, *, part: str = "") -> int:
    """Keep what the seller owes out of their proceeds; returns what is left to be sent.

    `part` marks the key where an escrow is released in several. Called with the posting that
    releases them, in its transaction.
    """
    assert connection.in_atomic_block
    left, seller = proceeds_cents, escrow.seller_id
    for debtor in _debtors({seller}):
        if not owed_cents(debtor, escrow.currency):
            continue
        # Two releases at once would both pay the same debt.
        PayoutAccount.objects.select_for_update(no_key=True).get(person=seller)
        if kept := min(left, owed_cents(debtor, escrow.currency)):
            mark = "" if debtor == seller else f":{debtor}"
            ledger.post(
                key=f"escrow:{escrow.pk}:netted{part}{mark}",
                source=ledger.owed_to_seller(seller),
                destination=ledger.debt(debtor),
                amount_cents=kept,
                currency=escrow.currency,
                escrow=escrow,
            )
            left -= kept
    return left


def _debtors(seller_ids: set[int]) -> dict[int, int]:
    """By account that may owe, which of these sellers pays: themselves, or whom it was merged into.

    The sellers come first, so that everybody pays their own debt first.
    """
    rows = Person.objects.filter(merged_into__in=seller_ids).order_by("pk")
    merged = rows.values_list("pk", "merged_into")
    return {one: one for one in seller_ids} | {pk: into for pk, into in merged if into}


def ever_owed(seller_ids: set[int]) -> set[int]:
    """Which of these sellers owe something, or once did."""
    payers = _debtors(seller_ids)
    accounts = {ledger.debt(one): payer for one, payer in payers.items()}
    rows = Posting.objects.filter(source__in=accounts).values_list("source", flat=True)
    return {accounts[source] for source in rows.distinct()}


def owed_cents(seller_id: int, currency: str) -> int:
    """What a seller owes the platform."""
    return -ledger.balance(ledger.debt(seller_id), currency)
