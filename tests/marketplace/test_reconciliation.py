"""The processor's balance transactions against postings: agreed, explained, or found and named."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import transaction

from accounts.models import AuditEntry
from accounts.refusals import NotAllowed, WrongState
from marketplace import sweeps
from marketplace.demo.people import CROWD, create_people, onboard_sellers
from marketplace.demo.trades import TradeLoader
from payments import incidents, instructions, ledger, reconciliation
from payments.models import Difference, Instruction, PayoutAccount, Reconciliation
from tests.factories import a_moderator, a_person, a_provider
from tests.sandbox_process import SandboxProcess

NONE = timedelta(0)
TRADES = 24


@pytest.fixture
def seeded(db: None, sandbox: SandboxProcess) -> Iterator[sqlite3.Connection]:
    """Trades in both books, and a way into the sandbox's own."""
    sandbox.forget()
    a_provider()
    people = create_people()
    onboard_sellers(people)
    TradeLoader(people, create_people(CROWD), seed=7).load(TRADES)
    path = Path(os.environ["DATA_DIR"]) / "sandbox" / "sandbox.sqlite3"
    with closing(sqlite3.connect(path, timeout=20)) as theirs:
        yield theirs
    sandbox.forget()


def found(**options: object) -> list[tuple[str, str]]:
    row = reconciliation.run(grace=NONE, **options)  # type: ignore[arg-type]
    assert row.finished_at is not None
    return sorted(row.differences.filter(decided_at=None).values_list("kind", "source"))


def a_line(theirs: sqlite3.Connection, kind: str) -> tuple[str, str]:
    row = theirs.execute(
        "SELECT key, source FROM sandbox_balancetransaction WHERE account = '' AND kind = ?"
        " ORDER BY n LIMIT 1",
        [kind],
    ).fetchone()
    return row[0], row[1]


def test_nothing_is_unmatched_and_what_is_seeded_is_named(
    seeded: sqlite3.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    """Case 57."""
    call_command("reconcile")
    assert "objects agree" in capsys.readouterr().out
    row = Reconciliation.objects.get()
    assert row.matched > 2 * TRADES
    assert row.matched == row.lines
    assert row.is_clean
    # One line gone, one more, one other, and a payout of a seller that is another.
    missing, gone = a_line(seeded, "transfer")
    altered, other = a_line(seeded, "charge")
    seeded.execute("DELETE FROM sandbox_balancetransaction WHERE key = ?", [missing])
    seeded.execute(
        "INSERT INTO sandbox_balancetransaction (key, account, kind, category, amount, fee, net,"
        " currency, description, source, created, available_at) SELECT 'txn_extra', account, kind,"
        " category, amount, fee, net, currency, description, 'ch_nobodys', created, available_at"
        " FROM sandbox_balancetransaction WHERE key = ?",
        [altered],
    )
    seeded.execute(
        "UPDATE sandbox_balancetransaction SET amount = amount + 1, net = net + 1 WHERE key = ?",
        [altered],
    )
    paid_out = seeded.execute(
        "SELECT source FROM sandbox_balancetransaction WHERE kind = 'payout' LIMIT 1"
    ).fetchone()[0]
    seeded.execute(
        "UPDATE sandbox_balancetransaction SET amount = -5, net = -5 WHERE source = ?", [paid_out]
    )
    seeded.commit()
    assert found(whole=True) == sorted(
        [("missing", gone), ("extra", "ch_nobodys"), ("altered", other), ("altered", paid_out)]
    )
    named = Difference.objects.get(source=gone)
    assert gone in named.text
    assert named.posted_cents < 0 == named.line_cents
    # Found again, it is the same difference; by hand, it fails.
    with pytest.raises(SystemExit):
        call_command("reconcile")
    assert f"DIFFERENCE missing: {gone}" in capsys.readouterr().out
    assert Difference.objects.count() == 4


def test_drift_freezes_payouts_until_a_person_decides(seeded: sqlite3.Connection) -> None:
    """Case 57: payouts are frozen."""
    seller = PayoutAccount.objects.order_by("pk")[0]
    waiting = Instruction.objects.create(
        kind="payout",
        purpose="payout:test",
        params={"amount": 1, "currency": "usd"},
        account=seller.remote_id,
        person=seller.person,
    )
    assert waiting.pk in instructions.due()
    missing, _ = a_line(seeded, "transfer")
    seeded.execute("DELETE FROM sandbox_balancetransaction WHERE key = ?", [missing])
    seeded.commit()
    assert sweeps.reconcile() == {"differences": 1}
    assert sweeps.reconcile() == {}, "once a day"
    assert incidents.payouts_frozen()
    assert waiting.pk not in instructions.due()
    difference = Difference.objects.get()
    with pytest.raises(NotAllowed):
        reconciliation.decide(difference, actor=a_person(), reason="Looks fine.")
    assert incidents.payouts_frozen()
    moderator = a_moderator()
    reconciliation.decide(difference, actor=moderator, reason="The processor says: restored.")
    entry = AuditEntry.objects.get(act="difference_decided")
    assert (entry.actor, entry.reason) == (moderator, "The processor says: restored.")
    assert waiting.pk in instructions.due()
    with pytest.raises(WrongState):
        reconciliation.decide(difference, actor=moderator, reason="Again.")
    # What was decided does not freeze anew.
    assert found(whole=True) == []
    assert not incidents.payouts_frozen()
    # What is just happening is left alone, and named once that is no explanation any more.
    with transaction.atomic():
        ledger.post(
            key="charge:ch_unknown",
            source=ledger.CARDS,
            destination=ledger.COMMISSION,
            amount_cents=5,
            currency="USD",
        )
    fresh = reconciliation.run()
    assert fresh.is_clean
    assert fresh.explained == {"just happening": 1}
    assert fresh.lines < Reconciliation.objects.order_by("pk")[0].lines, "only what is new"
    assert found() == [("missing", "ch_unknown")]
