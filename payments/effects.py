"""What an instruction's answer means here. Runs in the transaction that marks it done."""

from django.db.models import QuerySet
from django.db.models.functions import Now

from payments import incidents, ledger
from payments.models import (
    Basket,
    Chargeback,
    Escrow,
    EscrowStatus,
    Instruction,
    InstructionStatus,
    Payout,
    PayoutAccount,
    PayoutStatus,
    Posting,
)
from payments.processor import processor
from payments.processor.interface import Answer

# What begins the purposes of all that carries out a give-back (`give_backs`).
GIVE_BACK = "give-back:"
# By these nothing was moved.
NOT_DONE = (InstructionStatus.REFUSED, InstructionStatus.CALLED_OFF)
# What these bring about carries the instruction's id as metadata, so that it can be looked up.
MARKED = {"refund", "transfer", "payout", "reversal", "charge"}


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
            _ask_again(instruction)
        case "setup":
            Basket.objects.filter(instructions=instruction, checkout_id="").update(
                checkout_id=answer.remote_id
            )
            Basket.objects.filter(instructions=instruction, checkout_url="").update(
                checkout_url=answer.url, poll_due_at=Now()
            )
        case "charge":
            # Booked once it was asked about, as every payment.
            Escrow.objects.filter(instructions=instruction, charge_id="").update(
                payment_id=answer.remote_id, poll_due_at=Now()
            )
        case "transfer":
            escrow = _escrow(instruction)
            seller = escrow.seller_id
            _post(instruction, ledger.owed_to_seller(seller), ledger.at_processor(seller))
        case "refund":
            _post(instruction, ledger.owed_to_buyer(_escrow(instruction).buyer_id), ledger.CARDS)
        case "reversal":
            seller = _escrow(instruction).seller_id
            _post(instruction, ledger.at_processor(seller), ledger.LOSSES)
        case "payout":
            person = instruction.person_id
            assert person is not None
            _post(instruction, ledger.at_processor(person), ledger.bank(person))
            Payout.objects.filter(instruction=instruction).update(remote_id=answer.remote_id)


def may_still_come_true(instruction: Instruction) -> bool:
    """Whether a refusal that passes by itself is worth waiting for.

    A payout is not once the books no longer hold its amount, nor what is taken back from a seller
    to be given to a buyer, nor a refund once a dispute about its charge is lost: nothing can be
    refunded of that any more. What a lost dispute takes back from a seller is not waited for: they
    owe it from now on. A card is not tried twice: its owner pays that order on a page.
    """
    if instruction.kind == "reversal" and _is_for_buyer(instruction):
        escrow = _escrow(instruction)
        there = ledger.balance(ledger.at_processor(escrow.seller_id), escrow.currency)
        return there >= instruction.params["amount"]
    if instruction.kind in ("reversal", "charge"):
        return False
    if instruction.kind == "refund":
        return not _lost_disputes(instruction).exists()
    if instruction.kind == "payout":
        assert instruction.person_id is not None
        amount, currency = instruction.params["amount"], instruction.params["currency"].upper()
        return ledger.balance(ledger.at_processor(instruction.person_id), currency) >= amount
    return True


def record_refusal(instruction: Instruction, text: str, *, final: bool) -> None:
    """Tell the console; what is refused for good ends here."""
    if instruction.kind == "expire":
        # It closed by itself, or was paid a moment before: ask which.
        _ask_again(instruction)
        return
    if instruction.kind == "reversal" and _is_for_buyer(instruction):
        return
    if instruction.kind == "reversal":
        _owe(instruction)
        return
    if instruction.kind == "charge":
        _open_own_page(_escrow(instruction))
        return
    if instruction.kind in ("evidence", "detach", "forget"):
        # The bank has decided meanwhile; the card or its customer is gone already.
        return
    if instruction.kind == "refund" and (lost := _given_back_by_bank(instruction)):
        _leave_to_bank(instruction, lost)
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


def _ask_again(instruction: Instruction) -> None:
    Escrow.objects.filter(instructions=instruction).update(poll_due_at=Now())
    Basket.objects.filter(instructions=instruction).update(poll_due_at=Now())


def is_moot(instruction: Instruction) -> bool:
    """Whether this is the charge of an order that has ended, or was paid, before it was made."""
    if instruction.kind != "charge":
        return False
    awaiting = EscrowStatus.AWAITING
    return not Escrow.objects.filter(instructions=instruction, status=awaiting).exists()


def _open_own_page(escrow: Escrow) -> None:
    """The basket's card was declined for this order: it is paid on a page of its own, if at all."""
    escrow = Escrow.objects.select_for_update(no_key=True).get(pk=escrow.pk)
    page = Instruction.objects.filter(escrow=escrow, kind="checkout", tries=0).first()
    if page and escrow.basket and escrow.status == EscrowStatus.AWAITING:
        now = Escrow.objects.annotate(now=Now()).values_list("now", flat=True).get(pk=escrow.pk)
        closes = processor().earliest_expiry(escrow.basket.pay_before, now)
        page.params["expires_at"] = int(closes.timestamp())
        Instruction.objects.filter(pk=page.pk, status=InstructionStatus.READY).update(
            params=page.params, due_at=Now()
        )


def _lost_disputes(refund: Instruction) -> QuerySet[Chargeback]:
    """Those about the charge which this was to be refunded from."""
    charge = refund.params["charge"]
    return Chargeback.objects.filter(escrow=refund.escrow, escrow__charge_id=charge, outcome="lost")


def _given_back_by_bank(refund: Instruction) -> Chargeback | None:
    """The lost dispute that took all of the charge which this was to be refunded from."""
    charge = Posting.objects.get(key=f"charge:{refund.params['charge']}")
    return _lost_disputes(refund).filter(amount_cents__gte=charge.amount_cents).first()


def _leave_to_bank(refund: Instruction, lost: Chargeback) -> None:
    """Whether the refund had been made was not known when the bank took the money: it had not.

    So that was no loss of ours: it is what the buyer was owed.
    """
    ledger.post(
        key=f"chargeback:{lost.remote_id}:instead:{refund.pk}",
        source=ledger.owed_to_buyer(_escrow(refund).buyer_id),
        destination=ledger.LOSSES,
        amount_cents=refund.params["amount"],
        currency=currency(refund),
        escrow=refund.escrow,
    )
    Instruction.objects.filter(pk=refund.pk).update(status=InstructionStatus.CALLED_OFF)


def _is_for_buyer(reversal: Instruction) -> bool:
    """Whether it takes back what is then given to the buyer; else it makes good a loss of ours."""
    return reversal.purpose.startswith(GIVE_BACK)


def _owe(reversal: Instruction) -> None:
    """The seller's account holds too little: they owe it, and it is kept back from later sales."""
    escrow = _escrow(reversal)
    ledger.post(
        key=f"instruction:{reversal.pk}:owed",
        source=ledger.debt(escrow.seller_id),
        destination=ledger.LOSSES,
        amount_cents=reversal.params["amount"],
        currency=escrow.currency,
        escrow=escrow,
    )
    Instruction.objects.filter(pk=reversal.pk).update(status=InstructionStatus.CALLED_OFF)


def _escrow(instruction: Instruction) -> Escrow:
    assert instruction.escrow is not None
    return instruction.escrow


def _post(instruction: Instruction, source: str, destination: str) -> None:
    escrow = instruction.escrow
    ledger.post(
        key=f"instruction:{instruction.pk}",
        source=source,
        destination=destination,
        amount_cents=instruction.params["amount"],
        currency=currency(instruction),
        escrow=escrow,
    )


def currency(instruction: Instruction) -> str:
    """A refund is in the currency of its charge, which need not be the one agreed on."""
    if instruction.kind == "refund":
        return Posting.objects.get(key=f"charge:{instruction.params['charge']}").currency
    escrow = instruction.escrow
    return escrow.currency if escrow else str(instruction.params["currency"]).upper()
