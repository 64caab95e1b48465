"""The audit of what has changed, the chain over postings, and the published total."""

import json
import runpy
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models.functions import Now
from django.test import Client

from accounts.models import Person
from marketplace import audit_scope, ledger_audit, sweeps
from orders import checkout
from payments import escrow, open_total, seals
from payments.models import Escrow, LedgerAudit, PublishedTotal, Seal
from payments.processor.interface import Payment
from tests.factories import a_listing

pytestmark = pytest.mark.django_db


def held(buyer: Person, seller: Person, price_cents: int = 30_00) -> Escrow:
    """Money held, without a processor."""
    with transaction.atomic():
        opened = escrow.open_escrow(
            reference=uuid4(),
            buyer=buyer,
            seller=seller,
            currency="USD",
            price_cents=price_cents,
            commission_cents=price_cents // 10,
        )
    payment = Payment(f"pi_{opened.pk}", f"ch_{opened.pk}", price_cents, "USD", 100)
    return escrow.record_payment(opened.pk, payment)


def by_sql(statement: str, *values: Any) -> None:
    """What somebody does who owns the database."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(statement, values)
        cursor.execute("SET session_replication_role = DEFAULT")


@pytest.fixture
def checkpoint(buyer: Person, seller: Person) -> Escrow:
    """An old clean audit, with a trade that it has seen."""
    old = held(buyer, seller)
    assert ledger_audit.run() == []
    LedgerAudit.objects.update(at=Now() - timedelta(minutes=30))
    return old


def newest() -> LedgerAudit:
    return LedgerAudit.objects.all()[0]


def test_only_what_changed_is_looked_at_again(
    checkpoint: Escrow, buyer: Person, seller: Person
) -> None:
    held(buyer, seller)
    assert ledger_audit.run(whole=False) == []
    assert not newest().is_whole
    # Of what was seen before, only a whole audit reads again: that is what makes it quick.
    by_sql("UPDATE payments_escrow SET released_cents = 5 WHERE id = %s", checkpoint.pk)
    assert ledger_audit.run(whole=False) == []
    assert ledger_audit.run() != []
    assert newest().is_whole


@pytest.mark.parametrize(
    "crime",
    [
        "UPDATE payments_escrow SET released_cents = 5 WHERE id = %s",
        "DELETE FROM payments_posting WHERE escrow_id = %s AND key LIKE 'charge:%%'"
        " AND source = 'outside:cards'",
        "UPDATE payments_escrow SET status = 'released' WHERE id = %s",
        "INSERT INTO payments_posting (key, source, destination, amount_cents, currency, escrow_id)"
        " VALUES ('x', 'seller:1', 'account:1', 5, 'USD', %s)",
        "INSERT INTO payments_posting (key, source, destination, amount_cents, currency, escrow_id)"
        " VALUES ('x', 'platform:commission', 'seller:1', 5, 'USD', %s)",
    ],
)
def test_what_is_wrong_with_something_new_is_found_and_confirmed(
    checkpoint: Escrow, buyer: Person, seller: Person, crime: str
) -> None:
    new = held(buyer, seller)
    by_sql(crime, new.pk)
    assert [row["invariant"] for row in ledger_audit.run(whole=False) if row["freezes"]]
    assert newest().is_whole, "confirmed over everything"
    assert not newest().is_clean
    assert ledger_audit.run(whole=False), "and nothing is taken for seen until it is clean"


def test_once_a_day_all_of_it_is_read(checkpoint: Escrow) -> None:
    LedgerAudit.objects.update(at=Now() - timedelta(hours=25))
    assert ledger_audit.is_overdue()
    sweeps.audit()
    assert newest().is_whole
    assert not ledger_audit.is_overdue()


def test_the_scope_names_invariants_and_tables_that_exist() -> None:
    assert set(audit_scope.BY_ACCOUNT) <= set(ledger_audit.INVARIANTS)
    real = set(connection.introspection.table_names())
    made = {name for name, _ in (*audit_scope.ROWS, *audit_scope.ACCOUNTS)}
    assert {name for name in made if not name.startswith("changed_")} <= real


def test_rewritten_history_breaks_the_chain(
    buyer: Person, seller: Person, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    monkeypatch.setattr(seals, "BATCH", 3)
    assert sweeps.audit()["sealed"] == 0
    for _ in range(3):
        held(buyer, seller)
    assert seals.seal_new() == 6
    held(buyer, seller)
    assert seals.seal_new() == 2
    heads = {seal.number: seal.digest for seal in Seal.objects.all()}
    assert len(heads) == 3
    assert list(seals.broken(heads)) == []
    second = Seal.objects.get(number=2)
    by_sql("UPDATE payments_posting SET at = at - interval '1 day' WHERE id = %s", second.last_id)
    (found,) = seals.broken()
    assert found.startswith(f"seal 2 (postings {second.first_id} to {second.last_id})")
    assert "the postings are what was sealed" in str(ledger_audit.violations())
    # Whoever makes the chain anew as well is found by a head that was kept elsewhere.
    by_sql("DELETE FROM payments_seal WHERE number >= 2")
    seals.seal_new()
    assert list(seals.broken()) == []
    assert "seal 2" in next(seals.broken(heads))
    capsys.readouterr()
    call_command("verify_chain")
    assert "the chain holds" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        call_command("verify_chain", head=[f"2:{heads[2]}"])
    assert "BROKEN seal 2" in capsys.readouterr().out


def test_each_open_order_is_provably_in_the_published_total(buyer: Person, seller: Person) -> None:
    check = runpy.run_path(str(Path("docs/verify_proof.py")))["check"]
    amounts = [30_00 + 100 * n for n in range(5)]
    escrows = [held(buyer, seller, price) for price in amounts]
    ledger_audit.run()
    total = open_total.newest()
    assert total is not None
    assert (total.count, total.held_cents) == (5, sum(amounts))
    for one in escrows:
        proof = open_total.proof(one.reference)
        assert check(json.loads(json.dumps(proof)))
        assert not check(proof | {"held_cents": 1})  # type: ignore[operator]
        assert not check(proof | {"total_held_cents": 1})  # type: ignore[operator]
        assert not check(proof | {"root": "0" * 64})  # type: ignore[operator]
    assert open_total.proof(str(uuid4())) is None
    ledger_audit.run()
    assert PublishedTotal.objects.filter(leaves__isnull=False).count() == 1


def test_the_page_and_its_proofs(client: Client, buyer: Person, buyer2: Person) -> None:
    with transaction.atomic():
        placed = checkout.reserve(buyer=buyer, listing=a_listing(), face_value_cents=50_00)
    payment = Payment("pi_1", "ch_1", placed.price_cents, "USD", 100)
    one = escrow.record_payment(placed.escrow_id, payment)
    cache.clear()
    seals.seal_new()
    open_total.publish(LedgerAudit.objects.create(is_clean=True))
    page = client.get("/transparency/")
    total = open_total.newest()
    assert total is not None
    seal = Seal.objects.get()
    assert total.root in page.content.decode()
    assert seal.digest in page.content.decode()
    told = client.get("/transparency.json").json()
    assert told["open_orders"]["root"] == total.root
    assert told["open_orders"]["held_cents"] == one.price_cents == told["held_cents"]
    assert told["audited_at"]
    assert told["chain"]["head"] == seal.digest
    address = f"/transparency/proofs/{one.reference}/"
    assert client.get(address).status_code == 302
    client.force_login(buyer2)
    assert client.get(address).status_code == 404
    client.force_login(buyer)
    answer = client.get(address)
    assert answer.json()["held_cents"] == one.price_cents
    assert "attachment" in answer["Content-Disposition"]
