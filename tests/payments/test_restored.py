"""The books come back from a backup and the processor has moved on: nothing moves twice."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from accounts.models import Person
from orders import cancellation, completion, transfer
from orders.models import Order
from payments import escrow, incidents, instructions, ledger, payouts, reconciliation, restored
from payments.models import (
    Difference,
    Escrow,
    Instruction,
    Payout,
    Reconciliation,
    Restore,
)
from payments.processor import processor
from tests.sandbox_process import SandboxProcess
from tests.trade import an_escrow, an_offer, paid, placed

TABLES = (
    "payments_posting",
    "payments_instruction",
    "payments_payout",
    "payments_escrowevent",
    "payments_escrow",
    "payments_balanceline",
    "orders_orderevent",
    "orders_order",
    "listings_listing",
    "accounts_notification",
    "accounts_standing",
)


class Backup:
    """A copy of the tables of a trade, and the way back to it."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            for table in TABLES:
                cursor.execute(f"DROP TABLE IF EXISTS backup_{table}")
                cursor.execute(f"CREATE TABLE backup_{table} AS TABLE {table}")

    def come_back(self) -> Restore:
        """As after a restore: what happened since is forgotten, and that is noted."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            for table in TABLES:
                cursor.execute(f"DELETE FROM {table}")
                cursor.execute(
                    "SELECT string_agg(quote_ident(column_name), ',') FROM"
                    " information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'",
                    [table],
                )
                (columns,) = cursor.fetchone()
                cursor.execute(
                    f"INSERT INTO {table} ({columns}) SELECT {columns} FROM backup_{table}"
                )
                cursor.execute(f"DROP TABLE backup_{table}")
        return restored.mark()


@pytest.fixture
def sent(sandbox: SandboxProcess, buyer: Person) -> Order:
    """A trade that its buyer is about to confirm; the processor knows of no other."""
    sandbox.forget()
    order = paid(placed(buyer, an_offer(), 50_00))
    return transfer.send(order, actor=order.seller, note="")


def carry_out_all() -> None:
    Instruction.objects.filter(due_at__isnull=False).update(due_at=Now())
    instructions.carry_out_due()


def confirm(order: Order) -> Instruction:
    order = Order.objects.get(pk=order.pk)
    completion.confirm(order, actor=order.buyer)
    carry_out_all()
    return Instruction.objects.get(escrow=order.escrow_id, kind="transfer")


def look_away() -> None:
    """A person has decided on everything that the comparison found."""
    Difference.objects.update(decided_at=Now())


def transferred(sandbox: SandboxProcess, order: Order) -> int:
    group = sandbox.control("GET", "money/")["groups"][str(order.pk)]
    return int(group["transferred_cents"])


def test_the_same_decision_takes_over_what_was_done(sandbox: SandboxProcess, sent: Order) -> None:
    backup = Backup()
    done = confirm(sent)
    backup.come_back()
    reconciliation.run()
    assert [row.source for row in Difference.objects.filter(kind="extra")] == [done.remote_id]
    look_away()
    again = confirm(sent)
    assert again.pk != done.pk
    assert (again.status, again.remote_id) == ("done", done.remote_id)
    assert transferred(sandbox, sent) == sent.proceeds_cents
    # Here and there agree again.
    assert reconciliation.run(whole=True).found == 0


def test_without_the_note_it_would_be_asked_for_again(
    sent: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the idempotency key is all that is left, and it does not fit any more."""
    backup = Backup()
    confirm(sent)
    backup.come_back()
    reconciliation.run()
    look_away()
    monkeypatch.setattr(restored, "done_before", lambda instruction: None)
    assert confirm(sent).status != "done"


def test_another_decision_waits_for_a_person(sandbox: SandboxProcess, sent: Order) -> None:
    """It was delivered and released; restored, its seller declines: the money is gone already."""
    order = paid(placed(sent.buyer, an_offer(), 50_00))
    backup = Backup()
    transfer.send(order, actor=order.seller, note="")
    done = confirm(order)
    backup.come_back()
    reconciliation.run()
    look_away()
    order = Order.objects.get(pk=order.pk)
    cancellation.decline(order, actor=order.seller)
    carry_out_all()
    refund = Instruction.objects.get(escrow=order.escrow_id, kind="refund")
    assert refund.status == "refused"
    assert done.remote_id in refund.error
    group = sandbox.control("GET", "money/")["groups"][str(order.pk)]
    assert group["refunded_cents"] == 0


def test_a_payout_is_not_repeated(sandbox: SandboxProcess, sent: Order) -> None:
    confirm(sent)
    sandbox.control("POST", "clock/", {"advance_seconds": 3 * 86400})
    backup = Backup()
    first = payouts.request_payout(sent.seller)
    carry_out_all()
    remote = Payout.objects.get(pk=first.pk).remote_id
    assert remote
    backup.come_back()
    reconciliation.run()
    look_away()
    again = payouts.request_payout(sent.seller)
    carry_out_all()
    again.refresh_from_db()
    assert again.remote_id == remote
    account = sent.seller.payout_account.remote_id
    assert [one.remote_id for one in processor().payouts(account=account)] == [remote]
    assert ledger.balance(ledger.at_processor(sent.seller_id), "USD") == 0


def test_nothing_is_paid_out_before_everything_was_compared(sent: Order) -> None:
    assert not incidents.payouts_frozen()
    restored.mark()
    assert incidents.payouts_frozen()
    assert reconciliation.is_due()
    # A run of the daily kind reads everything now, and nothing counts as just happening.
    row = reconciliation.run()
    assert row.since is None
    assert "just happening" not in row.explained
    assert Restore.objects.get().compared_at
    assert not incidents.payouts_frozen()


def test_lost_numbers_are_not_given_again(buyer: Person) -> None:
    before = Reconciliation.objects.create().pk
    restored.mark()
    assert Reconciliation.objects.create().pk > before + 1000


def test_what_moved_belongs_to_one_instruction(sent: Order) -> None:
    done = confirm(sent)
    with pytest.raises(IntegrityError), transaction.atomic():
        Instruction.objects.create(
            kind="transfer", purpose="another", params={}, remote_id=done.remote_id
        )


def test_what_is_just_under_way_is_not_forgotten(sandbox: SandboxProcess, buyer: Person) -> None:
    """Of a split, the answer to the transfer is lost: the refund goes out all the same."""
    sandbox.forget()
    held = an_escrow(buyer)
    restored.mark()
    reconciliation.run()
    look_away()
    lost = {"kind": "answer_lost", "method": "POST", "path": "/v1/transfers", "times": 1}
    sandbox.control("POST", "faults/", lost)
    with transaction.atomic():
        escrow.settle(held, seller_share_cents=20_00, actor=None, reason="Agreed")
    for kind, status in (("transfer", "sent"), ("refund", "done")):
        assert instructions.carry_out(held.instructions.get(kind=kind).pk).status == status
    carry_out_all()
    group = sandbox.control("GET", "money/")["groups"][str(held.reference)]
    assert (group["transferred_cents"], group["refunded_cents"]) == (18_00, 10_00)


def test_trades_after_the_restore_ask_nobody(
    sandbox: SandboxProcess, buyer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    restored.mark()
    reconciliation.run()
    order_money = an_escrow(buyer)
    asked: list[str] = []
    monkeypatch.setattr(restored, "_moved", lambda instruction: asked.append(instruction.kind))
    with transaction.atomic():
        escrow.refund(Escrow.objects.get(pk=order_money.pk), actor=None, reason="Asked for")
    carry_out_all()
    assert asked == []
