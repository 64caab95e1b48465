"""What moderators did: not rewritten unnoticed, and as a file that is safe to open."""

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client

from accounts import audit
from accounts.audit_chain import CHAIN
from accounts.models import AuditEntry, AuditSeal, Person
from marketplace import ledger_audit
from tests.console.conftest import signed_in
from tests.factories import a_person


def acted(person: Person, number: int, reason: str = "Looked into it.") -> None:
    for one in range(number):
        with transaction.atomic():
            audit.record(actor=person, act="tried", subject=f"thing:{one}", reason=reason)


def by_sql(statement: str, *params: Any) -> None:
    """As the owner of the database, whom no trigger stops."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(statement, params)
        cursor.execute("SET session_replication_role = DEFAULT")


@pytest.fixture
def sealed(transactional_db: None, moderator: Person) -> dict[int, str]:
    """Three seals of two entries, and their heads as somebody kept them."""
    acted(moderator, 6)
    assert CHAIN.seal_new(batch=2) == 6
    return {seal.number: seal.digest for seal in AuditSeal.objects.all()}


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE accounts_auditentry SET reason = 'Nothing.' WHERE id = %s",
        "UPDATE accounts_auditentry SET actor_id = NULL WHERE id = %s",
        "UPDATE accounts_auditentry SET details = '{\"x\": 1}' WHERE id = %s",
        "UPDATE accounts_auditentry SET at = at - interval '1 second' WHERE id = %s",
        "DELETE FROM accounts_auditentry WHERE id = %s",
    ],
)
def test_case_62_tampering_is_found_and_located(
    sealed: dict[int, str], capsys: pytest.CaptureFixture[str], tmp_path: Path, tampering: str
) -> None:
    assert list(CHAIN.broken(sealed)) == []
    call_command("verify_chain", audit_head=[f"3:{sealed[3]}"])
    assert f"3:{sealed[3]}" in capsys.readouterr().out
    second = AuditSeal.objects.get(number=2)
    by_sql(tampering, second.last_id)
    (found,) = CHAIN.broken(sealed)
    assert found.startswith(f"seal 2 (entries {second.first_id} to {second.last_id})")
    assert "the entries of the audit are what was sealed" in str(ledger_audit.violations())
    with pytest.raises(SystemExit):
        call_command("verify_chain")
    assert "BROKEN audit: seal 2" in capsys.readouterr().out
    # A chain that is made anew holds in itself; a head that was kept shows where it begins.
    by_sql("DELETE FROM accounts_auditseal WHERE number >= 2")
    CHAIN.seal_new(batch=2)
    assert list(CHAIN.broken()) == []
    assert next(CHAIN.broken(sealed)).startswith("seal 2")
    # The heads as the operator kept them: what the site published, a line each day.
    kept = tmp_path / "heads.jsonl"
    lines = [{"chain": None, "audit_chain": {"seal": n, "head": sealed[n]}} for n in sealed]
    kept.write_text("\n".join(json.dumps(line) for line in lines))
    with pytest.raises(SystemExit):
        call_command("verify_chain", heads=kept)
    told = capsys.readouterr().out
    assert "BROKEN audit: seal 2" in told
    assert "seal 1" not in told
    kept.write_text("nothing of ours")
    with pytest.raises(CommandError, match="line 1"):
        call_command("verify_chain", heads=kept)


def test_case_62_the_database_refuses_to_change_what_was_done(moderator: Person) -> None:
    acted(moderator, 1)
    for change in (
        lambda: AuditEntry.objects.update(reason="Nothing."),
        lambda: AuditEntry.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
            change()
    assert AuditEntry.objects.get().reason == "Looked into it."


def test_the_head_is_published(sealed: dict[int, str], client: Client) -> None:
    cache.clear()
    assert sealed[3] in client.get("/transparency/").content.decode()
    told = client.get("/transparency.json").json()["audit_chain"]
    assert (told["seal"], told["head"]) == (3, sealed[3])


def test_a_search_is_saved_as_a_file_that_is_safe_to_open(
    moderator: Person, buyer: Person, desk: Client
) -> None:
    acted(moderator, 2, reason='=HYPERLINK("https://evil.example")')
    acted(moderator, 1, reason="\u200b\uff1dHYPERLINK(1)")
    acted(buyer, 1)
    lead = signed_in(a_person(role="lead", is_staff=True))
    address = "/console/accounts/auditentry/export/?q=moderator@example.com"
    support = signed_in(a_person(role="support", is_staff=True))
    assert (desk.post(address).status_code, support.post(address).status_code) == (403, 403)
    assert lead.get(address).status_code == 405
    answer = lead.post(address)
    assert "attachment" in answer["Content-Disposition"]
    content = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    head, *rows = csv.reader(StringIO(content))
    assert head[:3] == ["number", "at", "act"]
    assert [row[4] for row in rows] == ["moderator@example.com"] * 3
    reasons = {'\'=HYPERLINK("https://evil.example")', "'\u200b\uff1dHYPERLINK(1)"}
    assert {row[5] for row in rows} == reasons
    taken = AuditEntry.objects.get(act="audit_exported")
    assert taken.details == {"query": {"q": "moderator@example.com"}}
