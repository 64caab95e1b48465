"""Getting money back, and money that comes back: every row of each step."""

from typing import Any

import pytest
from django.db.models.functions import Now

from accounts.models import AuditEntry, Person
from accounts.refusals import WrongState
from payments import chargebacks, escrow, failpoints, ledger, recovery, returns
from payments.models import Chargeback, Escrow, Instruction, Posting
from payments.processor.interface import CardDispute
from tests.money.rows import PRICE, Told, awaiting, held, now, payment

pytestmark = pytest.mark.django_db
LOST = "chargeback:dp_1:lost | %s > outside:cards 3000 USD E"


def dispute(mark: str = "1", outcome: str = "", **changes: Any) -> CardDispute:
    terms: dict[str, Any] = {"amount_cents": PRICE} | changes
    return CardDispute(id=f"dp_{mark}", charge_id="ch_1", outcome=outcome, **terms)


@pytest.fixture
def paid(buyer: Person, seller: Person) -> Escrow:
    return held(buyer, seller)


@pytest.fixture
def released(paid: Escrow) -> Escrow:
    """Released; its transfer is written, and not sent."""
    escrow.release(paid, actor=None, reason="")
    return paid


def owes(seller_id: int, cents: int) -> None:
    Posting.objects.create(
        key=f"debt{cents}",
        source=ledger.debt(seller_id),
        destination=ledger.LOSSES,
        amount_cents=cents,
        currency="USD",
    )


def transfer_of(released: Escrow, **fields: Any) -> Instruction:
    Instruction.objects.filter(kind="transfer").update(**fields)
    return Instruction.objects.get(kind="transfer")


def test_a_dispute_blocks_until_it_is_won(paid: Escrow) -> None:
    told = Told(paid)
    for _ in range(2):
        chargebacks.record(dispute())
    assert now(paid).contested_at is not None
    assert told.events()[2:] == ["contested held>held - dp_1"]
    assert told.incidents() == ["chargeback:dp_1 chargeback E open"]
    row = Chargeback.objects.get()
    assert (row.remote_id, row.escrow, row.amount_cents, row.outcome) == ("dp_1", paid, 3000, "")
    chargebacks.record(dispute("2"))
    for _ in range(2):
        chargebacks.record(dispute(outcome="won"))
    assert now(paid).contested_at is not None
    chargebacks.record(dispute("2", "won"))
    assert now(paid).contested_at is None
    assert told.events()[-2:] == ["dispute_won held>held - dp_1", "dispute_won held>held - dp_2"]
    assert told.postings() == []
    assert now(row).decided_at is not None
    # Decided once.
    chargebacks.record(dispute(outcome="lost"))
    assert (now(row).outcome, told.postings()) == ("won", [])


def test_what_the_bank_asks_for_deciding(paid: Escrow) -> None:
    told = Told(paid)
    for _ in range(2):
        chargebacks.record(dispute(fee_cents=1500))
    assert told.postings() == ["chargeback:dp_1:fee | platform:fees > outside:processor 1500 USD E"]
    assert Chargeback.objects.get().fee_cents == 1500


def test_nobodys_dispute_changes_nothing(paid: Escrow) -> None:
    told = Told(paid)
    chargebacks.record(CardDispute("dp_9", "ch_9", 5, "lost"))
    assert (told.postings(), Chargeback.objects.count()) == ([], 0)


def test_lost_while_it_is_held(paid: Escrow) -> None:
    told = Told(paid)
    for _ in range(2):
        chargebacks.record(dispute(outcome="lost"))
    assert told.postings() == [LOST % "escrow:E"]
    assert (now(paid).status, Chargeback.objects.get().recovery_due) == ("refunded", False)


def test_lost_while_the_refund_waits(paid: Escrow) -> None:
    """The bank has made it instead."""
    escrow.refund(paid, actor=None, reason="")
    told = Told(paid)
    chargebacks.record(dispute(outcome="lost"))
    assert told.postings() == [LOST % "buyer:B"]
    assert told.calls()[0].startswith("refund escrow:E:refund called_off never")
    assert told.events()[-1] == "dispute_lost refunded>refunded - dp_1"
    assert not Chargeback.objects.get().recovery_due


@pytest.mark.parametrize("part", [1000, 3001])
def test_lost_in_part(paid: Escrow, part: int) -> None:
    """What does not match the price is our loss until a person looks."""
    told = Told(paid)
    chargebacks.record(dispute(outcome="lost", amount_cents=part))
    line = f"chargeback:dp_1:lost | platform:losses > outside:cards {part} USD E"
    assert told.postings() == [line]
    assert (now(paid).status, Chargeback.objects.get().recovery_due) == ("held", True)
    assert recovery.due() == [Chargeback.objects.get().pk]
    # Nothing was paid to the seller yet.
    recovery.begin(Chargeback.objects.get().pk)
    assert (told.postings(), Chargeback.objects.get().recovery_due) == ([line], True)


@pytest.mark.parametrize("status", ["ready", "refused"])
def test_what_was_not_sent_is_kept(released: Escrow, status: str) -> None:
    told = Told(released)
    chargebacks.record(dispute(outcome="lost"))
    transfer_of(released, status=status)
    for _ in range(2):
        recovery.begin(Chargeback.objects.get().pk)
    assert told.postings() == [
        LOST % "platform:losses",
        "chargeback:dp_1:kept | seller:S > platform:losses 2760 USD E",
    ]
    assert [line.split(" {")[0] for line in told.calls()] == [
        "transfer escrow:E:transfer called_off never"
    ]
    assert recovery.due() == []


def test_of_a_part_that_was_lost_the_rest_is_sent(released: Escrow) -> None:
    told = Told(released)
    chargebacks.record(dispute(outcome="lost", amount_cents=1000))
    recovery.begin(Chargeback.objects.get().pk)
    assert told.postings()[1:] == ["chargeback:dp_1:kept | seller:S > platform:losses 1000 USD E"]
    assert told.calls()[1].startswith(
        'transfer chargeback:dp_1:transfer ready due {"amount": 1760, "currency": "usd"'
    )


def test_what_is_under_way_is_waited_for(released: Escrow) -> None:
    chargebacks.record(dispute(outcome="lost"))
    told = Told(released)
    transfer_of(released, status="sent")
    recovery.begin(Chargeback.objects.get().pk)
    assert (told.postings(), len(told.calls()), len(recovery.due())) == ([], 1, 1)


@pytest.mark.parametrize(("lost", "asked"), [(3000, 2760), (500, 500)])
def test_what_was_sent_is_asked_back(released: Escrow, lost: int, asked: int) -> None:
    """Case 38: separate charges and transfers; a refund alone would leave the transfer standing."""
    chargebacks.record(dispute(outcome="lost", amount_cents=lost))
    told = Told(released)
    transfer_of(released, status="done", remote_id="tr_1", due_at=None)
    for _ in range(2):
        recovery.begin(Chargeback.objects.get().pk)
    assert told.calls()[1:] == [
        f'reversal chargeback:dp_1:reversal ready due {{"amount": {asked},'
        ' "metadata": {"instruction": "I"}, "transfer": "tr_1"}'
    ]
    assert (told.postings(), recovery.due()) == ([], [])


@pytest.mark.parametrize(
    ("owed", "kept", "sent"), [(0, 0, 2760), (760, 760, 2000), (2760, 2760, 0), (5000, 2760, 0)]
)
def test_debts_are_kept_back(paid: Escrow, owed: int, kept: int, sent: int) -> None:
    """Case 39: what a seller owes is taken out of what is released to them later."""
    if owed:
        owes(paid.seller_id, owed)
    told = Told(paid)
    escrow.release(paid, actor=None, reason="")
    line = f"escrow:E:netted | seller:S > debt:S {kept} USD E"
    assert told.postings()[2:] == ([line] if kept else [])
    amounts = Instruction.objects.values_list("params__amount", flat=True)
    assert list(amounts) == ([sent] if sent else [])
    assert recovery.owed_cents(paid.seller_id, "USD") == owed - kept
    assert recovery.owed_cents(paid.seller_id, "EUR") == 0
    assert recovery.ever_owed({paid.seller_id, paid.buyer_id}) == (
        {paid.seller_id} if owed else set()
    )


@pytest.mark.parametrize(("lost", "again"), [(3000, 760), (2100, 100), (2000, 0), (1500, 0)])
def test_a_debt_that_was_paid_by_a_lost_trade_is_open_again(
    paid: Escrow, lost: int, again: int
) -> None:
    owes(paid.seller_id, 760)
    escrow.release(paid, actor=None, reason="")
    transfer_of(paid, status="done", remote_id="tr_1", due_at=None)
    chargebacks.record(dispute(outcome="lost", amount_cents=lost))
    told = Told(paid)
    recovery.begin(Chargeback.objects.get().pk)
    line = f"chargeback:dp_1:owed | debt:S > platform:losses {again} USD E"
    assert told.postings() == ([line] if again else [])


def test_a_wholly_netted_trade_that_was_lost(paid: Escrow) -> None:
    owes(paid.seller_id, 5000)
    escrow.release(paid, actor=None, reason="")
    chargebacks.record(dispute(outcome="lost"))
    told = Told(paid)
    recovery.begin(Chargeback.objects.get().pk)
    assert told.postings() == ["chargeback:dp_1:owed | debt:S > platform:losses 2760 USD E"]
    assert recovery.due() == []


@pytest.fixture
def refund(paid: Escrow) -> Instruction:
    """Done, as far as anybody knew."""
    escrow.refund(paid, actor=None, reason="")
    Instruction.objects.filter(kind="refund").update(status="done", due_at=None, remote_id="re_1")
    return Instruction.objects.get(kind="refund")


def test_a_refund_comes_back(paid: Escrow, refund: Instruction) -> None:
    told = Told(paid)
    for _ in range(2):
        returns.come_back(refund)
    assert told.postings() == ["instruction:I:failed | outside:cards > buyer:B 3000 USD E"]
    params = '{"amount": 3000, "charge": "ch_1", "metadata": {"instruction": "I"}}'
    assert told.calls() == [
        f"refund escrow:E:refund returned never {params}",
        f"refund escrow:E:refund:again:1 refused never {params}",
    ]
    again = Instruction.objects.get(purpose__endswith=":again:1")
    assert again.params["metadata"] == {"instruction": str(again.pk)}
    assert again.error == "came_back: The refund did not reach the buyer's card."
    assert told.incidents() == ["refused:escrow:E:refund:again:1 refund_failed E open"]
    Instruction.objects.filter(pk=again.pk).update(status="done")
    returns.come_back(now(again))
    assert told.calls()[2].startswith("refund escrow:E:refund:again:2 refused never")


def test_only_what_was_done_comes_back(paid: Escrow, refund: Instruction) -> None:
    told = Told(paid)
    Instruction.objects.update(status="sent")
    returns.come_back(now(refund))
    assert (told.postings(), len(told.calls())) == ([], 1)


def test_it_is_paid_another_way_once(paid: Escrow, refund: Instruction, moderator: Person) -> None:
    returns.come_back(refund)
    again = Instruction.objects.get(purpose__endswith=":again:1")
    told = Told(paid)
    returns.pay_elsewhere(again, actor=moderator, reason="By bank.")
    for other in (again, refund):
        with pytest.raises(WrongState):
            returns.pay_elsewhere(other, actor=moderator, reason="")
    assert told.postings() == ["instruction:I:elsewhere | buyer:B > outside:elsewhere 3000 USD E"]
    assert (now(again).status, now(again).due_at) == ("called_off", None)
    assert told.incidents() == ["refused:escrow:E:refund:again:1 refund_failed E closed"]
    entry = AuditEntry.objects.get(act="refund_paid_elsewhere")
    assert (entry.actor, entry.subject) == (moderator, f"instruction:{again.pk}")


def test_a_refund_alone_can_be_paid_another_way(paid: Escrow, moderator: Person) -> None:
    call = Instruction.objects.create(
        kind="transfer", purpose="t", params={"amount": 1}, escrow=paid, status="refused"
    )
    with pytest.raises(WrongState):
        returns.pay_elsewhere(call, actor=moderator, reason="")
    Instruction.objects.update(kind="refund", status="ready", due_at=Now())
    with pytest.raises(WrongState):
        returns.pay_elsewhere(now(call), actor=moderator, reason="")
    assert now(call).status == "ready"


class Says:
    """In the place of the processor, which is asked in tests/payments/test_what_may_happen.py."""

    def __init__(self, *disputes: CardDispute) -> None:
        self.disputes = {one.id: one for one in disputes}

    def __call__(self) -> "Says":
        return self

    def card_dispute(self, dispute_id: str) -> CardDispute:
        return self.disputes[dispute_id]

    def recent_card_disputes(self) -> list[CardDispute]:
        return list(self.disputes.values())


def test_a_dispute_is_followed(paid: Escrow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chargebacks, "processor", Says(dispute("1"), dispute("2")))
    places: list[str] = []
    with failpoints.watched(places.append):
        chargebacks.follow("dp_1")
    assert places == ["dispute asked about"]
    assert [row.remote_id for row in Chargeback.objects.all()] == ["dp_1"]
    # Case 34: whatever no webhook announced.
    assert chargebacks.follow_recent() == 2
    assert Chargeback.objects.count() == 2


def test_a_dispute_of_a_payment_that_nobody_has_noticed(
    paid: Escrow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 32: it comes before the payment; that is asked about first."""
    other = awaiting(paid.buyer, paid.seller)
    asked: list[Any] = []

    def collect(escrow_id: Any) -> None:
        asked.append(escrow_id)
        escrow.record_payment(escrow_id, payment("7"))

    monkeypatch.setattr(chargebacks.collection, "collect", collect)
    chargebacks.record(CardDispute("dp_8", "ch_8", PRICE, "", reference="nobody's"))
    chargebacks.record(CardDispute("dp_7", "ch_7", PRICE, "", reference=other.reference))
    assert asked == [other.pk]
    assert now(other).contested_at is not None
    assert now(paid).contested_at is None
    chargebacks.record(dispute())
    assert asked == [other.pk]


def test_a_payment_that_is_not_found_is_not_disputed(
    paid: Escrow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chargebacks.collection, "collect", lambda escrow_id: None)
    chargebacks.record(CardDispute("dp_7", "ch_7", PRICE, "", reference=paid.reference))
    assert (Chargeback.objects.count(), now(paid).contested_at) == (0, None)


def test_lost_while_a_part_was_paid_on(paid: Escrow) -> None:
    """What is held is the refund; the part is our loss until the seller has given it back."""
    escrow.release_part(paid, number=1, released_cents=1000, actor=None, reason="")
    told = Told(paid)
    chargebacks.record(dispute(outcome="lost"))
    assert told.postings() == [
        "chargeback:dp_1:lost | escrow:E > outside:cards 2000 USD E",
        "chargeback:dp_1:lost:released | platform:losses > outside:cards 1000 USD E",
    ]
    assert (now(paid).status, Chargeback.objects.get().recovery_due) == ("split", True)


def test_where_all_is_kept_for_one_debt_nothing_is_for_the_next(
    paid: Escrow, seller2: Person
) -> None:
    Person.objects.filter(pk=seller2.pk).update(merged_into=paid.seller, is_active=False)
    owes(paid.seller_id, 5000)
    owes(seller2.pk, 200)
    told = Told(paid)
    escrow.release(paid, actor=None, reason="")
    assert told.postings()[2:] == ["escrow:E:netted | seller:S > debt:S 2760 USD E"]
    assert recovery.owed_cents(seller2.pk, "USD") == 200


def test_what_is_sent_to_the_bank(paid: Escrow) -> None:
    told = Told(paid)
    chargebacks.record(dispute())
    chargebacks.answer(Chargeback.objects.get(), evidence={"a": "b"})
    assert told.calls() == [
        "evidence chargeback:dp_1:evidence ready due"
        ' {"dispute": "dp_1", "evidence": {"a": "b"}, "submit": true}'
    ]
    assert Chargeback.objects.get().answered is True
    assert told.events()[2:] == ["contested held>held - dp_1"]


def test_what_is_not_answered_is_said(paid: Escrow) -> None:
    told = Told(paid)
    chargebacks.record(dispute())
    chargebacks.answer(Chargeback.objects.get(), evidence=None)
    assert told.events()[3:] == ["dispute_not_answered held>held - dp_1"]
    assert (Chargeback.objects.get().answered, told.calls()) == (True, [])


@pytest.mark.parametrize(
    "change", [{"status": "sent"}, {"status": "done"}, {"params": {"amount": 2999}}]
)
def test_a_refund_that_may_have_been_made_is_not_called_off(
    paid: Escrow, change: dict[str, Any]
) -> None:
    escrow.refund(paid, actor=None, reason="")
    Instruction.objects.update(**change)
    Instruction.objects.create(kind="expire", purpose="e", params={"amount": PRICE}, escrow=paid)
    told = Told(paid)
    chargebacks.record(dispute(outcome="lost"))
    assert told.postings() == [LOST % "platform:losses"]
    assert not Instruction.objects.filter(status="called_off").exists()


def test_another_trades_dispute_blocks_nothing_here(paid: Escrow, seller2: Person) -> None:
    other = held(paid.buyer, seller2, "5")
    chargebacks.record(CardDispute("dp_5", "ch_5", PRICE, ""))
    chargebacks.record(dispute())
    chargebacks.record(dispute(outcome="won"))
    assert now(paid).contested_at is None
    assert now(other).contested_at is not None
