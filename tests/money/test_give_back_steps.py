"""What was released and is given back: taken from the seller first, then paid to the buyer."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F

from accounts.models import AuditEntry, Notification, Person
from accounts.refusals import Invalid, NotAllowed, WrongState
from marketplace import ledger_audit
from payments import (
    chargebacks,
    effects,
    escrow,
    give_backs,
    incidents,
    instructions,
    ledger,
    payouts,
    recovery,
    repairs,
    reserve,
    statements,
)
from payments.models import Chargeback, Escrow, GiveBack, Incident, Instruction, Posting
from payments.processor.interface import Answer, CardDispute, ProcessorRefused
from payments.refusals import Contested
from tests.console.conftest import signed_in
from tests.money.rows import COMMISSION, PRICE, Told, held, now

pytestmark = pytest.mark.django_db
PROCEEDS = PRICE - COMMISSION
NEXT = "give-back:"


@pytest.fixture(autouse=True)
def _no_reserve(settings: Any) -> Iterator[None]:
    """Only what is in question is kept back; and the books hold at the end."""
    settings.RESERVE_BP = 0
    yield
    assert ledger_audit.violations() == []


def carried_out(kind: str, **of: Any) -> None:
    """As the processor's answers would have it."""
    for row in Instruction.objects.filter(kind=kind, status="ready", **of):
        done = {"status": "done", "first_sent_at": F("created_at"), "done_at": F("created_at")}
        remote = f"{kind[:2]}_{row.pk}"
        with transaction.atomic():
            Instruction.objects.filter(pk=row.pk).update(remote_id=remote, due_at=None, **done)
            effects.record(now(row), Answer(remote))


def refused(kind: str, code: str = "resource_missing") -> None:
    """The processor does not do it."""
    Instruction.objects.filter(kind=kind, status="ready").update(status="sent")
    for row in Instruction.objects.filter(kind=kind, status="sent"):
        instructions._record_refusal(row, ProcessorRefused(code, "No."))


@pytest.fixture
def unsent(buyer: Person, seller: Person) -> Escrow:
    """Released; its transfer is written, and not sent."""
    paid = held(buyer, seller)
    escrow.release(paid, actor=None, reason="")
    return now(paid)


@pytest.fixture
def sold(unsent: Escrow) -> Escrow:
    """Released, and what it brought is in the seller's account."""
    carried_out("transfer")
    return unsent


def case_of(released: Escrow, about_cents: int | None = PRICE) -> Incident:
    key = f"reversed:{released.reference}"
    incidents.report(
        key=key,
        kind=reserve.CREDIT_REVERSED,
        text="Gone.",
        escrow=released,
        about_cents=about_cents,
    )
    return Incident.objects.get(key=key)


def begun(case: Incident, actor: Person, cents: int = PRICE) -> GiveBack:
    return give_backs.begin(case, actor=actor, reason="The credit is gone.", refund_cents=cents)


def finished() -> None:
    for key in give_backs.due():
        give_backs.finish(key)


def words(told: Told) -> list[str]:
    """Its postings; `give-back:N` for any number."""
    number = str(GiveBack.objects.latest("pk").pk)
    return [line.replace(f"{NEXT}{number}:", f"{NEXT}N:") for line in told.postings()]


def test_all_of_it_goes_back_once_it_is_here(sold: Escrow, moderator: Person) -> None:
    case, told = case_of(sold), Told(sold)
    assert payouts.balances(sold.seller).available_cents == 0
    row = begun(case, moderator)
    asked = '{"amount": 2760, "metadata": {"instruction": "I"}, "transfer": "tr_I"}'
    assert told.calls()[1].endswith(f":reversal:0 ready due {asked}")
    # Nothing is paid in advance, and nothing paid out meanwhile.
    finished()
    assert told.postings() == []
    assert payouts.payable_cents(sold.seller) == 0
    carried_out("reversal")
    assert payouts.payable_cents(sold.seller) == 0
    for _ in range(2):
        finished()
    assert [line.split(" | ")[1] for line in words(told)] == [
        f"account:S > platform:losses {PROCEEDS} USD E",
        f"platform:losses > buyer:B {PROCEEDS} USD E",
        f"platform:commission > buyer:B {COMMISSION} USD E",
    ]
    assert (now(row).status, now(sold).given_back_cents, now(sold).status) == (
        "done",
        PRICE,
        "released",
    )
    assert told.incidents() == [f"reversed:R {reserve.CREDIT_REVERSED} E closed"]
    assert told.events()[-2:] == [
        "giving_back released>released - The credit is gone.",
        "given_back released>released -",
    ]
    refund = Instruction.objects.get(kind="refund")
    assert (refund.params["charge"], refund.params["amount"]) == (sold.charge_id, PRICE)
    carried_out("refund")
    for account in (
        ledger.owed_to_buyer(sold.buyer_id),
        ledger.at_processor(sold.seller_id),
        ledger.COMMISSION,
        ledger.LOSSES,
    ):
        assert ledger.balance(account, "USD") == 0
    assert ledger.balance(ledger.CARDS, "USD") == 0
    for person in (sold.buyer, sold.seller):
        assert Notification.objects.filter(person=person, kind="order_given_back").count() == 1
    entry = AuditEntry.objects.get(act="give_back")
    assert (entry.actor, entry.reason) == (moderator, "The credit is gone.")


@pytest.mark.parametrize(("cents", "proceeds", "commission"), [(15_00, 13_80, 1_20), (1, 1, 0)])
def test_a_part_goes_back_and_the_rest_is_free(
    sold: Escrow, moderator: Person, cents: int, proceeds: int, commission: int
) -> None:
    case = case_of(sold, cents)
    shown = give_backs.choices(case)
    assert [(move["heading"], move["to_buyer_cents"]) for move in shown] == [
        ("What is gone", cents),
        ("All", PRICE),
    ]
    assert shown[0] == {
        "heading": "What is gone",
        "to_buyer_cents": cents,
        "from_seller_cents": proceeds,
        "commission_cents": commission,
        "seller_keeps_cents": PROCEEDS - proceeds,
    }
    row = begun(case, moderator, cents)
    assert (row.seller_cents, row.commission_cents) == (proceeds, commission)
    carried_out("reversal")
    finished()
    assert payouts.payable_cents(sold.seller) == PROCEEDS - proceeds
    assert (now(sold).given_back_cents, now(case).closed_at is not None) == (cents, True)
    month = f"{Posting.objects.latest('id').at:%Y-%m}"
    sums = statements.income(sold.seller, int(month[:4])).totals
    assert [total.cents for _, total in sums] == [
        PRICE - cents,
        commission - COMMISSION,
        PROCEEDS - proceeds,
        0,
    ]
    rows = statements.commission_invoice(sold.seller, month).rows
    lines = [(line[2].cents, line[3].cents) for line in rows]
    assert lines == [(PRICE, COMMISSION), *([(-cents, -commission)] if commission else [])]


@pytest.mark.parametrize("status", ["ready", "refused"])
def test_what_was_never_sent_is_kept(unsent: Escrow, moderator: Person, status: str) -> None:
    Instruction.objects.filter(kind="transfer").update(status=status)
    told = Told(unsent)
    begun(case_of(unsent), moderator, 10_00)
    finished()
    assert words(told) == [
        f"{NEXT}N:kept:0 | seller:S > platform:losses 920 USD E",
        f"{NEXT}N:seller | platform:losses > buyer:B 920 USD E",
        f"{NEXT}N:commission | platform:commission > buyer:B 80 USD E",
    ]
    sent = Instruction.objects.filter(kind="transfer").order_by("created_at")
    assert [(row.status, row.params["amount"]) for row in sent] == [
        ("called_off", PROCEEDS),
        ("ready", PROCEEDS - 920),
    ]
    assert not Instruction.objects.filter(kind="reversal").exists()


def test_of_parts_each_gives_back_the_last_first(
    buyer: Person, seller: Person, moderator: Person
) -> None:
    sale = held(buyer, seller)
    with transaction.atomic():
        escrow.release_part(sale, number=1, released_cents=10_00, actor=None, reason="")
    carried_out("transfer")
    escrow.release(now(sale), actor=None, reason="")
    carried_out("transfer")
    begun(case_of(now(sale)), moderator, 25_00)
    asked = Instruction.objects.filter(kind="reversal").order_by("purpose")
    assert [row.params["amount"] for row in asked] == [18_40, 4_60]
    carried_out("reversal")
    finished()
    assert (now(sale).given_back_cents, now(asked[0]).status) == (25_00, "done")


def test_what_the_processor_does_not_take_back_is_not_given(
    sold: Escrow, moderator: Person
) -> None:
    case, told = case_of(sold), Told(sold)
    row = begun(case, moderator)
    refused("reversal")
    finished()
    assert told.postings() == []
    assert (now(row).status, now(sold).given_back_cents) == ("failed", 0)
    assert recovery.owed_cents(sold.seller_id, "USD") == 0
    assert not Instruction.objects.filter(kind="refund").exists()
    # As before: open, held, and to be decided again.
    assert now(case).closed_at is None
    assert payouts.payable_cents(sold.seller) == 0
    begun(case, moderator)
    carried_out("reversal")
    finished()
    assert now(sold).given_back_cents == PRICE


def test_what_comes_in_part_is_given_in_part(
    buyer: Person, seller: Person, moderator: Person
) -> None:
    sale = held(buyer, seller)
    with transaction.atomic():
        escrow.release_part(sale, number=1, released_cents=10_00, actor=None, reason="")
    escrow.release(now(sale), actor=None, reason="")
    carried_out("transfer")
    case = case_of(now(sale))
    row = begun(case, moderator)
    second = Instruction.objects.filter(kind="reversal").order_by("purpose").last()
    assert second is not None
    Instruction.objects.filter(pk=second.pk).update(status="refused", due_at=None)
    carried_out("reversal")
    finished()
    assert (now(row).refund_cents, now(row).seller_cents, now(row).commission_cents) == (
        20_00,
        18_40,
        1_60,
    )
    assert (now(sale).given_back_cents, now(case).closed_at) == (20_00, None)
    begun(case, moderator, 10_00)


def test_a_balance_that_is_not_available_yet_is_waited_for(sold: Escrow, moderator: Person) -> None:
    begun(case_of(sold), moderator)
    refused("reversal", "balance_insufficient")
    row = Instruction.objects.get(kind="reversal")
    assert (row.status, row.attempt, row.due_at is None) == ("ready", 2, False)
    finished()
    assert GiveBack.objects.get().status == "open"


def test_no_more_than_is_there(sold: Escrow, moderator: Person) -> None:
    case = case_of(sold)
    with transaction.atomic():
        instructions.write(
            kind="payout",
            purpose="payout:1",
            person=sold.seller,
            params={"amount": 20_00, "currency": "usd"},
        )
    carried_out("payout")
    most = give_backs.most_cents(sold)
    assert give_backs.takes(sold, most)[0] <= PROCEEDS - 20_00 < give_backs.takes(sold, most + 1)[0]
    for cents in (0, most + 1, PRICE):
        with pytest.raises(Invalid, match=f"at most {most / 100:.2f}") as wrong:
            begun(case, moderator, cents)
        assert wrong.value.field == "refund_cents"
    assert not GiveBack.objects.exists()
    assert begun(case, moderator, most).refund_cents == most


def close(case: Incident) -> None:
    incidents.close(case.key)


def contest(case: Incident) -> None:
    Escrow.objects.update(contested_at=F("created_at"))


def lose(case: Incident) -> None:
    chargebacks.record(CardDispute("dp_1", "ch_1", PRICE, "lost"))


def send(case: Incident) -> None:
    Instruction.objects.filter(kind="transfer").update(status="sent")


def is_other(case: Incident) -> None:
    Incident.objects.update(kind="chargeback")


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (close, WrongState),
        (contest, Contested),
        (lose, WrongState),
        (send, WrongState),
        (is_other, WrongState),
    ],
)
def test_what_does_not_fit_changes_nothing(
    unsent: Escrow, moderator: Person, change: Any, refusal: type[Exception]
) -> None:
    case = case_of(unsent)
    change(case)
    told, calls = Told(unsent), Instruction.objects.count()
    with pytest.raises(refusal):
        begun(case, moderator)
    assert (told.postings(), Instruction.objects.count()) == ([], calls)
    assert not GiveBack.objects.exists()
    assert not AuditEntry.objects.filter(act="give_back").exists()
    if change is send:
        Instruction.objects.filter(kind="transfer").update(status="ready")


def test_what_is_held_is_for_a_dispute(buyer: Person, seller: Person, moderator: Person) -> None:
    case = case_of(held(buyer, seller))
    with pytest.raises(WrongState, match="still held"):
        begun(case, moderator)


def test_neither_a_party_nor_a_stranger_decides(sold: Escrow, buyer2: Person) -> None:
    case = case_of(sold)
    Person.objects.filter(pk__in=[sold.seller_id, sold.buyer_id]).update(is_staff=True)
    for person in (now(sold.seller), now(sold.buyer), buyer2):
        with pytest.raises(NotAllowed):
            begun(case, person)
    assert not GiveBack.objects.exists()


def test_once_at_a_time_and_not_closed_meanwhile(sold: Escrow, moderator: Person) -> None:
    case = case_of(sold)
    begun(case, moderator, 10_00)
    with pytest.raises(WrongState, match="being carried out"):
        begun(case, moderator, 10_00)
    with pytest.raises(WrongState, match="being carried out"):
        repairs.close_incident(case, actor=moderator, reason="Enough.")
    assert (GiveBack.objects.count(), now(case).closed_at) == (1, None)


def test_the_bank_takes_only_what_is_left_of_it(sold: Escrow, moderator: Person) -> None:
    begun(case_of(sold), moderator, 10_00)
    carried_out("reversal")
    finished()
    chargebacks.record(CardDispute("dp_1", "ch_1", PRICE, "lost"))
    recovery.begin(Chargeback.objects.get().pk)
    asked = Instruction.objects.filter(kind="reversal").order_by("created_at")
    assert [row.params["amount"] for row in asked] == [9_20, PROCEEDS - 9_20]


def test_on_the_page_with_a_preview_in_cents(sold: Escrow, moderator: Person) -> None:
    case = case_of(sold, 12_34)
    desk, path = signed_in(moderator), f"/console/payments/incident/{case.pk}/"
    page = desk.get(f"{path}change/").content.decode()
    for figure in ("$12.34", "$11.35", "$0.99", "$16.25", "$30.00", "$27.60", "$2.40"):
        assert figure in page, figure
    assert 'value="12.34"' in page
    wrong = desk.post(f"{path}give-back/", {"reason": "Gone.", "refund_cents": "30.01"})
    assert (wrong.status_code, "at most 30.00" in wrong.content.decode()) == (400, True)
    done = desk.post(f"{path}give-back/", {"reason": "Gone.", "refund_cents": "12.34"})
    assert done.status_code == 302
    assert GiveBack.objects.get().refund_cents == 12_34
    page = desk.get(f"{path}change/").content.decode()
    assert ("being taken back" in page, "give-back/" in page) == (True, False)
    carried_out("reversal")
    finished()
    assert "given back" in desk.get(f"{path}change/").content.decode()
