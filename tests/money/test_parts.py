"""Parts of a held payment, released one after the other: they sum to the whole."""

import pytest
from django.db import transaction
from django.db.models.functions import Now

from accounts.models import Person
from accounts.refusals import WrongState
from payments import chargebacks, escrow, ledger, recovery
from payments.models import Chargeback, Escrow, Instruction, Posting
from payments.processor.interface import CardDispute
from payments.refusals import Contested, Suspected
from tests.money.rows import Told, held, now

pytestmark = pytest.mark.django_db
PAID = ["opened >awaiting B", "paid awaiting>held B"]


def test_parts_sum_to_the_whole(buyer: Person, seller: Person) -> None:
    """Case 28: released in parts, then the rest; the last cent is in the last part."""
    paid = held(buyer, seller)
    told = Told(paid)
    for number, cents in ((1, 1001), (2, 2002)):
        escrow.release_part(paid, number=number, released_cents=cents, actor=buyer, reason="in")
        assert (now(paid).status, now(paid).released_cents) == ("held", cents)
    for cents in (2002, 2001):
        with pytest.raises(WrongState), transaction.atomic():
            escrow.release_part(paid, number=3, released_cents=cents, actor=None, reason="")
    with pytest.raises(AssertionError, match="the last part is an ending"):
        escrow.release_part(paid, number=3, released_cents=3000, actor=None, reason="")
    with pytest.raises(AssertionError):
        escrow.settle(paid, seller_share_cents=2001, actor=None, reason="")
    escrow.release(paid, actor=None, reason="")
    cents = [("commission", 80, 80, 80), ("release", 921, 921, 918)]
    lines = [line.split(" ")[0] + " " + line.split(" ")[5] for line in told.postings()]
    assert lines == [
        f"escrow:E:{what}{mark} {parts[number]}"
        for number, mark in enumerate((":1", ":2", ""))
        for what, *parts in cents
    ]
    assert [line.split(" {")[0] for line in told.calls()] == [
        f"transfer escrow:E:transfer{mark} ready due" for mark in (":1", ":2", "")
    ]
    assert told.events()[2:] == [
        "released_in_part held>held B in",
        "released_in_part held>held B in",
        "released held>released -",
    ]


def test_a_part_is_released_where_the_whole_could_be(buyer: Person, seller: Person) -> None:
    paid = held(buyer, seller)
    told = Told(paid)
    for change, refusal in (
        ({"contested_at": Now()}, Contested),
        ({"suspected_at": Now()}, Suspected),
        ({"released_cents": 5}, None),
        ({"status": "refunded"}, None),
    ):
        stale = now(paid)
        Escrow.objects.filter(pk=paid.pk).update(**change)
        for row, expected in ((stale, WrongState), (now(paid), refusal)):
            if expected is not None:
                with pytest.raises(expected), transaction.atomic():
                    escrow.release_part(row, number=1, released_cents=9, actor=None, reason="")
        Escrow.objects.filter(pk=paid.pk).update(
            contested_at=None, suspected_at=None, released_cents=0, status="held"
        )
    assert (told.postings(), told.events()) == ([], PAID)


def test_a_refund_after_a_part_is_of_the_rest(buyer: Person, seller: Person) -> None:
    paid = held(buyer, seller)
    escrow.release_part(paid, number=1, released_cents=1000, actor=None, reason="")
    told = Told(paid)
    # No more goes to the seller, so that a suspicion does not stop it.
    Escrow.objects.update(suspected_at=Now())
    escrow.refund(now(paid), actor=None, reason="")
    assert told.postings() == ["escrow:E:refund | escrow:E > buyer:B 2000 USD E"]
    assert (now(paid).status, now(paid).refunded_cents) == ("split", 2000)


def test_the_bank_takes_back_what_is_held(buyer: Person, seller: Person) -> None:
    paid = held(buyer, seller)
    escrow.release_part(paid, number=1, released_cents=1000, actor=None, reason="")
    escrow.take_back(paid, note="")
    assert (now(paid).status, now(paid).refunded_cents) == ("split", 2000)


def test_whoever_knows_of_an_older_part_ends_nothing(buyer: Person, seller: Person) -> None:
    paid = held(buyer, seller)
    stale = now(paid)
    escrow.release_part(paid, number=1, released_cents=1000, actor=None, reason="")
    told = Told(paid)
    for share in (0, 500, 3000):
        with pytest.raises(WrongState), transaction.atomic():
            escrow.settle(stale, seller_share_cents=share, actor=None, reason="")
    # Nothing more would go to the seller: it is no suspicion that stands against it.
    Escrow.objects.update(suspected_at=Now())
    with pytest.raises(WrongState), transaction.atomic():
        escrow.release_part(now(paid), number=2, released_cents=1000, actor=None, reason="")
    assert (now(paid).status, told.postings()) == ("held", [])


def test_a_debt_is_kept_back_from_each_part(buyer: Person, seller: Person) -> None:
    paid = held(buyer, seller)
    debt = {"source": ledger.debt(seller.pk), "destination": ledger.LOSSES}
    Posting.objects.create(key="debt", amount_cents=1000, currency="USD", **debt)
    told = Told(paid)
    for number, cents in ((1, 1000), (2, 2000)):
        escrow.release_part(paid, number=number, released_cents=cents, actor=None, reason="")
    kept = [line for line in told.postings() if "netted" in line]
    assert kept == [
        "escrow:E:netted:1 | seller:S > debt:S 920 USD E",
        "escrow:E:netted:2 | seller:S > debt:S 80 USD E",
    ]
    assert [line.split(" {")[0] for line in told.calls()] == [
        "transfer escrow:E:transfer:2 ready due"
    ]


def test_what_parts_brought_is_taken_back_one_after_the_other(
    buyer: Person, seller: Person
) -> None:
    """Case 38: the bank takes all of it; each transfer is kept back or asked back by itself."""
    beside = held(buyer, seller, "9")
    escrow.release(beside, actor=None, reason="")
    paid = held(buyer, seller)
    for number, cents in ((1, 1000), (2, 2000)):
        escrow.release_part(paid, number=number, released_cents=cents, actor=None, reason="")
    escrow.release(paid, actor=None, reason="")
    sent = Instruction.objects.filter(escrow=paid, kind="transfer").order_by("created_at")
    sent.filter(purpose__endswith=":1").update(status="done", due_at=None, remote_id="tr_1")
    sent.filter(purpose__endswith=":2").update(status="done", due_at=None, remote_id="tr_2")
    Instruction.objects.create(kind="refund", purpose="none", params={"amount": 5}, escrow=paid)
    chargebacks.record(CardDispute("dp_1", "ch_1", 3000, "lost"))
    other = Chargeback.objects.create(
        escrow=beside, remote_id="dp_2", amount_cents=1, outcome="lost", recovery_due=True
    )
    told = Told(paid)
    recovery.begin(Chargeback.objects.get(remote_id="dp_1").pk)
    assert recovery.due() == [other.pk]
    calls = [line.split(" ready")[0] for line in told.calls() if "reversal" in line]
    assert calls == ["reversal chargeback:dp_1:reversal", "reversal chargeback:dp_1:reversal:1"]
    amounts = {
        call.params["transfer"]: call.params["amount"]
        for call in Instruction.objects.filter(kind="reversal")
    }
    assert amounts == {"tr_1": 920, "tr_2": 920}
    assert told.postings() == [
        "chargeback:dp_1:kept:2 | seller:S > platform:losses 920 USD E",
    ]
    assert Instruction.objects.get(purpose="none").status == "ready"
    assert Instruction.objects.get(escrow=beside, kind="transfer").status == "ready"


def test_of_a_small_loss_the_last_parts_are_sent(buyer: Person, seller: Person) -> None:
    paid = held(buyer, seller)
    for number, cents in ((1, 1000), (2, 2000)):
        escrow.release_part(paid, number=number, released_cents=cents, actor=None, reason="")
    escrow.release(paid, actor=None, reason="")
    chargebacks.record(CardDispute("dp_1", "ch_1", 1000, "lost"))
    told = Told(paid)
    recovery.begin(Chargeback.objects.get().pk)
    assert told.postings() == [
        "chargeback:dp_1:kept | seller:S > platform:losses 920 USD E",
        "chargeback:dp_1:kept:1 | seller:S > platform:losses 80 USD E",
    ]
    states = [line.split(" {")[0] for line in told.calls()]
    assert states == [
        "transfer escrow:E:transfer:1 called_off never",
        "transfer escrow:E:transfer:2 called_off never",
        "transfer escrow:E:transfer ready due",
        "transfer chargeback:dp_1:transfer:1 ready due",
    ]
    more = Instruction.objects.get(purpose__startswith="chargeback")
    assert more.params["amount"] == 840


def test_a_merged_accounts_debt_has_a_key_of_its_own(
    buyer: Person, seller: Person, seller2: Person, buyer2: Person
) -> None:
    Person.objects.filter(pk=seller2.pk).update(merged_into=seller, is_active=False)
    Person.objects.filter(pk=buyer2.pk).update(merged_into=buyer, is_active=False)
    for one, cents in ((seller, 100), (seller2, 200), (buyer2, 400)):
        debt = {"source": ledger.debt(one.pk), "destination": ledger.LOSSES}
        Posting.objects.create(key=f"debt{one.pk}", amount_cents=cents, currency="USD", **debt)
    paid = held(buyer, seller)
    told = Told(paid)
    told.people[str(seller2.pk)] = "T"
    escrow.release_part(paid, number=1, released_cents=1000, actor=None, reason="")
    assert [line for line in told.postings() if "netted" in line] == [
        "escrow:E:netted:1 | seller:S > debt:S 100 USD E",
        f"escrow:E:netted:1:{seller2.pk} | seller:S > debt:T 200 USD E",
    ]
    escrow.release(paid, actor=None, reason="")
    chargebacks.record(CardDispute("dp_1", "ch_1", 3000, "lost"))
    Instruction.objects.filter(kind="transfer").update(status="done", due_at=None)
    # Of another sale, and of another kind: neither was kept back from this one.
    for key, source in (("escrow:x:netted", ledger.owed_to_seller(seller.pk)), ("y", "z")):
        Posting.objects.create(
            key=key, source=source, destination="d", amount_cents=7, currency="USD"
        )
    told = Told(paid)
    recovery.begin(Chargeback.objects.get().pk)
    assert told.postings() == ["chargeback:dp_1:owed | debt:S > platform:losses 300 USD E"]
