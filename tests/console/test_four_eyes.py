"""What two must agree to: proposed with its exact terms, done once, and nothing else is done."""

import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts import one_person, proposals
from accounts.models import AuditEntry, Likeness, MoneyDecision, Person, Proposal
from marketplace import ledger_audit
from marketplace.console.invariants import INVARIANTS
from orders import disputes
from orders.models import Dispute
from payments import incidents, ledger
from payments.models import Difference, Escrow, Freeze, Instruction, LedgerAudit
from providers.models import PolicyChange, Provider
from tests.console import scenery
from tests.console.conftest import signed_in
from tests.console.test_access import everything
from tests.console.test_people import POLICY
from tests.factories import a_person, a_provider
from tests.orders.quarrels import a_disputed_order, a_sent_order
from tests.trade import at_once

S = Proposal.State
TERMS, TRADE, APPEAL, *_ = INVARIANTS


@pytest.fixture
def lead(db: None) -> Person:
    return a_person("lead@example.com", name="Lea", role="lead", is_staff=True)


@pytest.fixture
def proposal(office: Client) -> Proposal:
    """A change of policy that the administrator wants."""
    provider = a_provider()
    office.post(f"/console/providers/provider/{provider.pk}/policy/", POLICY)
    return Proposal.objects.get()


def answer(client: Client, proposal: Proposal, what: str = "agreement", **changes: str) -> str:
    given = {"reason": "I read the terms.", "digest": proposal.digest} | changes
    address = f"/console/accounts/proposal/{proposal.pk}/{what}/"
    return client.post(address, given, follow=True).content.decode()


def nothing_was_done(proposal: Proposal) -> None:
    proposal.refresh_from_db()
    assert proposal.executed_digest == ""
    assert Provider.objects.get().resale_policy == "allowed"
    assert not PolicyChange.objects.exists()


def test_a_proposal_changes_nothing_until_another_agrees(
    proposal: Proposal, admin: Person, lead: Person
) -> None:
    nothing_was_done(proposal)
    desk = signed_in(lead)
    page = desk.get(f"/console/accounts/proposal/{proposal.pk}/change/").content.decode()
    for words in (
        "Credit must stay where it is.",
        "Resale forbidden",
        proposal.digest,
        "Agree and do it",
    ):
        assert words in page
    waits = desk.get("/console/providers/provider/acme/change/").content.decode()
    assert "waits for a second person" in waits
    assert "done exactly as proposed" in answer(desk, proposal)
    assert Provider.objects.get().resale_policy == "forbidden"
    assert PolicyChange.objects.get().actor == admin
    proposal.refresh_from_db()
    assert (proposal.state, proposal.decided_by) == (S.AGREED, lead)
    assert proposal.executed_digest == proposal.agreed_digest == proposal.digest
    acts = list(AuditEntry.objects.order_by("id").values_list("act", "actor__email"))
    assert acts == [
        ("proposed", admin.email),
        ("proposal_agreed", lead.email),
        ("provider.policy_changed", admin.email),
    ]


def test_nobody_agrees_with_themselves(proposal: Proposal, office: Client, lead: Person) -> None:
    page = office.get(f"/console/accounts/proposal/{proposal.pk}/change/").content.decode()
    assert "Agree and do it" not in page
    assert "Withdraw" in page
    assert "Nobody decides on their own case." in answer(office, proposal)
    nothing_was_done(proposal)
    # Nor do they under another name of theirs.
    one_person.raise_case(lead.pk, proposal.proposed_by_id, evidence="card")
    Likeness.objects.update(decision=Likeness.SAME)
    assert "Nobody decides on their own case." in answer(signed_in(lead), proposal)
    nothing_was_done(proposal)


def test_a_role_without_that_right_agrees_to_nothing(proposal: Proposal, desk: Client) -> None:
    assert "Your role in the console does not allow this." in answer(desk, proposal)
    nothing_was_done(proposal)


def test_only_the_terms_that_were_seen_are_agreed_to(proposal: Proposal, lead: Person) -> None:
    before = everything()
    for digest in ("", "0" * 64):
        answer(signed_in(lead), proposal, digest=digest)
    after = everything()
    for name in ("accounts.Proposal", "accounts.AuditEntry", "providers.Provider"):
        assert after[name] == before[name]


def test_time_ends_a_proposal(proposal: Proposal, lead: Person, office: Client) -> None:
    Proposal.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "is not open any more" in answer(signed_in(lead), proposal)
    nothing_was_done(proposal)
    # The same can be proposed again, and the sweep says that the first has ended.
    office.post("/console/providers/provider/acme/policy/", POLICY)
    assert list(Proposal.objects.values_list("state", flat=True)) == [S.OPEN, S.EXPIRED]
    Proposal.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert proposals.expire_due() == 1


def test_the_same_waits_once(proposal: Proposal, office: Client) -> None:
    again = office.post("/console/providers/provider/acme/policy/", POLICY, follow=True)
    assert "has been proposed already" in again.content.decode()
    assert Proposal.objects.count() == AuditEntry.objects.count() == 1


@pytest.mark.parametrize(("what", "state"), [("refusal", S.REFUSED), ("withdrawal", S.WITHDRAWN)])
def test_what_was_refused_or_withdrawn_is_not_done_later(
    proposal: Proposal, lead: Person, office: Client, what: str, state: str
) -> None:
    desk = signed_in(lead)
    answer(office if what == "withdrawal" else desk, proposal, what)
    proposal.refresh_from_db()
    assert proposal.state == state
    answer(desk, proposal)
    nothing_was_done(proposal)
    assert proposal.state == state


def test_only_its_proposer_withdraws(proposal: Proposal, lead: Person) -> None:
    assert "Only whoever proposed it can withdraw it." in answer(
        signed_in(lead), proposal, "withdrawal"
    )
    proposal.refresh_from_db()
    assert proposal.state == S.OPEN


def test_a_proposer_who_has_lost_the_right_proposes_nothing(
    proposal: Proposal, admin: Person, lead: Person
) -> None:
    Person.objects.filter(pk=admin.pk).update(role="support")
    assert "Your role in the console does not allow this." in answer(signed_in(lead), proposal)
    nothing_was_done(proposal)


def test_a_row_that_has_changed_is_proposed_anew(lead: Person) -> None:
    """Terms hold the state that the row was seen in."""
    finance = a_person("finance@example.com", role="finance", is_staff=True)
    row = scenery.a_difference()
    address = f"/console/payments/difference/{row.pk}/decision/"
    signed_in(finance).post(address, {"reason": "Their fee of May."})
    Difference.objects.update(decided_at=timezone.now())
    assert "has changed since it was proposed" in answer(signed_in(lead), Proposal.objects.get())
    assert not AuditEntry.objects.filter(act="difference_decided").exists()
    assert Proposal.objects.get().state == S.OPEN


def test_two_who_agree_at_once_do_it_once(
    transactional_db: None, proposal: Proposal, lead: Person
) -> None:
    second = a_person("lead2@example.com", role="lead", is_staff=True)
    clients = [signed_in(lead), signed_in(second)]
    pages = at_once([lambda c=client: answer(c, proposal) for client in clients])
    assert sum("done exactly as proposed" in page for page in pages) == 1
    assert PolicyChange.objects.count() == 1
    assert AuditEntry.objects.filter(act="proposal_agreed").count() == 1


def test_freezing_takes_one_and_unfreezing_two(lead: Person) -> None:
    finance = a_person("finance@example.com", role="finance", is_staff=True)
    audit = LedgerAudit.objects.create(is_clean=True)
    one, other = signed_in(finance), signed_in(lead)
    address = f"/console/payments/ledgeraudit/{audit.pk}/freeze/"
    one.post(address, {"reason": "The bank called."})
    assert incidents.payouts_frozen()
    assert (
        "frozen by hand already"
        in one.post(address, {"reason": "Once more."}, follow=True).content.decode()
    )
    begun = Freeze.objects.get()
    one.post(f"/console/payments/freeze/{begun.pk}/end/", {"reason": "It was a mistake."})
    assert incidents.payouts_frozen()
    answer(other, Proposal.objects.get())
    assert not incidents.payouts_frozen()
    begun.refresh_from_db()
    assert (begun.begun_by, begun.ended_by) == (finance, finance)


def test_case_63_an_hour_has_so_many_decisions_about_money(
    desk: Client, moderator: Person, settings: Any
) -> None:
    settings.MONEY_DECISIONS_PER_HOUR = 2
    rows = [scenery.refused_instruction() for _ in range(4)]

    def send(row: Instruction) -> str:
        address = f"/console/payments/instruction/{row.pk}/attempt/"
        page = desk.post(address, {"reason": "Funded now."}, follow=True).content.decode()
        row.refresh_from_db()
        return page

    for row in rows[:2]:
        send(row)
        assert row.status == "ready"
    assert "as often as one person may within an hour" in send(rows[2])
    assert rows[2].status == "refused"
    assert AuditEntry.objects.filter(act="instruction_sent_again").count() == 2
    other = signed_in(a_person(is_staff=True))
    other.post(f"/console/payments/instruction/{rows[2].pk}/attempt/", {"reason": "Funded."})
    rows[2].refresh_from_db()
    assert rows[2].status == "ready"
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE accounts_moneydecision SET at = at - interval '61 minutes'")
        cursor.execute("SET session_replication_role = DEFAULT")
    send(rows[3])
    assert rows[3].status == "ready"
    assert MoneyDecision.objects.filter(person=moderator).count() == 3


def test_case_63_two_tabs_at_once_do_not_pass_the_limit(
    transactional_db: None, settings: Any
) -> None:
    settings.MONEY_DECISIONS_PER_HOUR = 1
    person = a_person(is_staff=True)
    rows = [scenery.refused_instruction() for _ in range(4)]
    tabs = [signed_in(person) for _ in rows]

    def send(tab: Client, row: Instruction) -> int:
        address = f"/console/payments/instruction/{row.pk}/attempt/"
        return tab.post(address, {"reason": "Funded now."}).status_code

    found = at_once([partial(send, *one) for one in zip(tabs, rows, strict=True)])
    assert sorted(found) == [302, 429, 429, 429]
    assert Instruction.objects.filter(status="ready").count() == 1
    assert MoneyDecision.objects.count() == 1


def test_what_more_arrived_meanwhile_is_not_sent_back_unseen(
    desk: Client, buyer: Person, moderator: Person
) -> None:
    """Two agree to sums: the same button over another sum is another decision."""
    order = a_sent_order(buyer)
    held = order.escrow
    Escrow.objects.filter(pk=held.pk).update(quarantined_at=timezone.now())

    def arrives(name: str, cents: int) -> None:
        with transaction.atomic():
            ledger.post(
                key=f"charge:{name}",
                source=ledger.CARDS,
                destination=ledger.quarantine(held.pk),
                amount_cents=cents,
                currency="USD",
                escrow=held,
            )

    arrives("ch_first", 10_00)
    page = f"/console/payments/escrow/{held.pk}/"
    shown = re.search(r'name="seen" value="([^"]+)"', desk.get(f"{page}change/").content.decode())
    assert shown
    arrives("ch_second", 5_000_00)
    late = desk.post(f"{page}return/", {"reason": "A mistake.", "seen": shown[1]})
    assert (late.status_code, Instruction.objects.filter(kind="refund").count()) == (409, 0)
    assert not Proposal.objects.exists()
    # All of it is much, so it takes two; and what arrives while they wait stops them as well.
    assert desk.post(f"{page}return/", {"reason": "A mistake."}).status_code == 302
    proposal = Proposal.objects.get()
    arrives("ch_third", 7_00)
    told = answer(signed_in(a_person(is_staff=True)), proposal)
    assert "has changed since it was proposed" in told
    assert not Instruction.objects.filter(kind="refund").exists()


@pytest.mark.parametrize(
    "tampering",
    [
        "parties = parties || decided_by_id",
        "parties = parties || proposed_by_id",
        "terms = replace(terms, 'forbidden', 'allowed')",
        "expires_at = decided_at - interval '1 second'",
    ],
)
def test_the_audit_finds_what_was_not_agreed_to_by_two(
    proposal: Proposal, lead: Person, tampering: str
) -> None:
    answer(signed_in(lead), proposal)
    assert ledger_audit.violations() == []
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(f"UPDATE accounts_proposal SET {tampering}")
        cursor.execute("SET session_replication_role = DEFAULT")
    assert [found["invariant"] for found in ledger_audit.violations()] == [TERMS]


def test_the_database_refuses_one_who_agrees_with_themselves(
    proposal: Proposal, admin: Person
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Proposal.objects.update(
            state=S.AGREED,
            decided_by=admin,
            agreed_digest=proposal.digest,
            executed_digest=proposal.digest,
        )


@pytest.mark.parametrize(
    ("tampering", "invariant"),
    [
        ("UPDATE orders_decision SET by_id = (SELECT buyer_id FROM orders_order)", TRADE),
        (
            "INSERT INTO orders_decision (dispute_id, round, by_id, outcome, refund_cents, reason)"
            " SELECT dispute_id, 2, by_id, outcome, refund_cents, reason FROM orders_decision",
            APPEAL,
        ),
    ],
)
def test_the_audit_finds_who_decided_on_their_own(
    buyer: Person, moderator: Person, tampering: str, invariant: str
) -> None:
    order = a_disputed_order(buyer)
    case = Dispute.objects.get(order=order)
    disputes.decide(case, actor=moderator, outcome="refund", reason="Nothing came.")
    with connection.cursor() as cursor:
        cursor.execute(INVARIANTS[invariant])
        assert cursor.fetchall() == []
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(tampering)
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute(INVARIANTS[invariant])
        assert len(cursor.fetchall()) == 1
