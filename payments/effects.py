"""What an instruction's answer means here. Runs in the transaction that marks it done."""

from django.db.models.functions import Now

from payments import incidents, ledger
from payments.models import Escrow, Instruction, Payout, PayoutAccount, PayoutStatus
from payments.processor.interface import Answer

# What these bring about carries the instruction's id as metadata, so that it can be looked up.
MARKED = {"refund", "transfer", "payout"}


def record(instruction: Instruction, answer: Answer) -> None:
    """Post the money that moved and keep the new object's id."""
    match instruction.kind:
        case "account":
            PayoutAccount.objects.filter(person=instruction.person, remote_id="").update(
                remote_id=answer.remote_id
            )
        case "checkout":
            Escrow.objects.filter(instructions=instruction, checkout_id="").update(
                checkout_id=answer.remote_id, checkout_url=answer.url, poll_due_at=Now()
            )
        case "expire":
            Escrow.objects.filter(instructions=instruction).update(poll_due_at=Now())
        case "transfer":
            escrow = _escrow(instruction)
            seller = escrow.seller_id
            _post(instruction, ledger.owed_to_seller(seller), ledger.at_processor(seller))
        case "refund":
            _post(instruction, ledger.owed_to_buyer(_escrow(instruction).buyer_id), ledger.CARDS)
        case "payout":
            person = instruction.person_id
            assert person is not None
            _post(instruction, ledger.at_processor(person), ledger.bank(person))
            Payout.objects.filter(instruction=instruction).update(remote_id=answer.remote_id)


def record_refusal(instruction: Instruction, text: str, *, final: bool) -> None:
    """Tell the console; what is refused for good ends here."""
    if instruction.kind == "expire":
        # It closed by itself, or was paid a moment before: ask which.
        Escrow.objects.filter(instructions=instruction).update(poll_due_at=Now())
        return
    if final and instruction.kind == "payout":
        Payout.objects.filter(instruction=instruction).update(
            status=PayoutStatus.FAILED, failure=text
        )
    incidents.report(
        key=f"refused:{instruction.purpose}",
        kind="refused_by_processor",
        text=f"{instruction.get_kind_display()} was refused: {text}",
        escrow=instruction.escrow,
    )


def _escrow(instruction: Instruction) -> Escrow:
    assert instruction.escrow is not None
    return instruction.escrow


def _post(instruction: Instruction, source: str, destination: str) -> None:
    escrow = instruction.escrow
    params = instruction.params
    ledger.post(
        key=f"instruction:{instruction.pk}",
        source=source,
        destination=destination,
        amount_cents=params["amount"],
        currency=escrow.currency if escrow else params["currency"].upper(),
        escrow=escrow,
    )
