"""Calls whose answer is lost, refused or late: the money still moves exactly once."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connections
from django.db.models.functions import Now

from accounts.models import Person
from listings.models import Listing
from orders import completion, transfer
from orders.models import Order
from payments import effects, instructions, ledger
from payments.models import Incident, Instruction, InstructionStatus, LedgerAudit
from tests.sandbox_process import SandboxProcess
from tests.trade import paid, placed


@pytest.fixture
def confirmed(sandbox: SandboxProcess, buyer: Person, listing: Listing) -> Order:
    """An order that the buyer has confirmed: its transfer is written, not yet sent."""
    sandbox.control("DELETE", "faults/")
    order = paid(placed(buyer, listing, 5_000))
    transfer.send(order, actor=order.seller, note="")
    return completion.confirm(order, actor=buyer)


def transfer_of(order: Order) -> Instruction:
    return Instruction.objects.get(escrow=order.escrow, kind="transfer")


def drive(instruction: Instruction, tries: int = 8) -> Instruction:
    """Send it as often as the worker would, without waiting in between."""
    for _ in range(tries):
        Instruction.objects.filter(pk=instruction.pk, due_at__isnull=False).update(due_at=Now())
        instruction = instructions.carry_out(instruction.pk)
        if instruction.status == InstructionStatus.DONE:
            break
    return instruction


def moved_at_sandbox(sandbox: SandboxProcess, order: Order) -> int:
    groups = sandbox.control("GET", "money/")["groups"]
    return int(groups[str(order.pk)]["transferred_cents"])


def test_a_transfer_moves_the_proceeds_once(sandbox: SandboxProcess, confirmed: Order) -> None:
    drive(transfer_of(confirmed))
    again = instructions.carry_out(transfer_of(confirmed).pk)
    assert again.tries == 1
    assert moved_at_sandbox(sandbox, confirmed) == confirmed.proceeds_cents
    assert ledger.balance(ledger.at_processor(confirmed.seller_id), "USD") == (
        confirmed.proceeds_cents
    )


@pytest.mark.parametrize(
    "fault", ["answer_lost", "status_500", "done_then_500", "status_409", "status_429"]
)
@pytest.mark.parametrize("times", [1, 3])
def test_whatever_the_answer_the_money_moves_once(
    sandbox: SandboxProcess, confirmed: Order, fault: str, times: int
) -> None:
    """Case 56."""
    sandbox.control(
        "POST",
        "faults/",
        {"kind": fault, "method": "POST", "path": "/v1/transfers", "times": times},
    )
    done = drive(transfer_of(confirmed), tries=12)
    assert done.status == InstructionStatus.DONE, done.error
    assert moved_at_sandbox(sandbox, confirmed) == confirmed.proceeds_cents
    assert ledger.balance(ledger.owed_to_seller(confirmed.seller_id), "USD") == 0


def test_a_crash_between_answer_and_record_repeats_with_the_same_key(
    sandbox: SandboxProcess, confirmed: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 49."""

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(effects, "record", crash)
        with pytest.raises(KeyboardInterrupt):
            instructions.carry_out(transfer_of(confirmed).pk)
    assert transfer_of(confirmed).status == InstructionStatus.SENT
    done = drive(transfer_of(confirmed))
    assert done.status == InstructionStatus.DONE
    assert moved_at_sandbox(sandbox, confirmed) == confirmed.proceeds_cents


@pytest.mark.parametrize("committed", [True, False])
def test_the_word_of_the_commit_is_lost(
    sandbox: SandboxProcess,
    confirmed: Order,
    monkeypatch: pytest.MonkeyPatch,
    committed: bool,
) -> None:
    """Case 52: the database goes away while the answer is recorded; whether it was, is read again.

    Committed, it is not repeated. Not committed, it is, under the same key.
    """
    database, times = connections["default"], [1]
    commit = database._commit  # type: ignore[attr-defined]

    def fails() -> None:
        recorded = Instruction.objects.filter(kind="transfer", status="done").exists()
        if not (recorded and times):
            commit()
            return
        times.pop()
        if committed:
            commit()
        database.connection.close()
        raise OperationalError("the server closed the connection unexpectedly")

    monkeypatch.setattr(database, "_commit", fails)
    instructions.carry_out_due()
    left = transfer_of(confirmed)
    assert left.status == (InstructionStatus.DONE if committed else InstructionStatus.SENT)
    assert (left.due_at is None) == committed
    assert drive(left).status == InstructionStatus.DONE
    assert transfer_of(confirmed).tries == (1 if committed else 2)
    assert moved_at_sandbox(sandbox, confirmed) == confirmed.proceeds_cents
    assert ledger.balance(ledger.owed_to_seller(confirmed.seller_id), "USD") == 0


def test_once_the_key_is_forgotten_it_is_looked_up_first(
    sandbox: SandboxProcess, confirmed: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 56, a day later."""

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(effects, "record", crash)
        with pytest.raises(KeyboardInterrupt):
            instructions.carry_out(transfer_of(confirmed).pk)
    # A day and an hour later, here and at the processor.
    later = timedelta(hours=25)
    Instruction.objects.filter(pk=transfer_of(confirmed).pk).update(
        created_at=Now() - later, first_sent_at=Now() - later
    )
    sandbox.control("POST", "clock/", {"advance_seconds": int(later.total_seconds())})
    done = drive(transfer_of(confirmed))
    assert done.status == InstructionStatus.DONE
    assert moved_at_sandbox(sandbox, confirmed) == confirmed.proceeds_cents


def test_a_restricted_seller_is_paid_when_they_are_ready_again(
    sandbox: SandboxProcess, confirmed: Order
) -> None:
    """Case 40."""
    account = confirmed.seller.payout_account.remote_id
    sandbox.control("POST", f"accounts/{account}/", {"restricted": True})
    waiting = drive(transfer_of(confirmed), tries=2)
    assert waiting.status == InstructionStatus.READY
    assert Incident.objects.filter(escrow=confirmed.escrow).exists()
    assert ledger.balance(ledger.owed_to_seller(confirmed.seller_id), "USD") == (
        confirmed.proceeds_cents
    )
    sandbox.control("POST", f"accounts/{account}/", {"restricted": False})
    done = drive(waiting)
    assert done.status == InstructionStatus.DONE
    assert moved_at_sandbox(sandbox, confirmed) == confirmed.proceeds_cents


def test_nobody_sends_what_somebody_else_is_sending(confirmed: Order) -> None:
    instruction = transfer_of(confirmed)
    assert instructions._claim(instruction.pk) is not None
    assert instructions._claim(instruction.pk) is None


def test_nothing_is_paid_out_while_the_books_do_not_add_up(confirmed: Order) -> None:
    LedgerAudit.objects.create(is_clean=False)
    assert transfer_of(confirmed).pk not in instructions.due()
    LedgerAudit.objects.create(is_clean=True)
    assert transfer_of(confirmed).pk in instructions.due()
