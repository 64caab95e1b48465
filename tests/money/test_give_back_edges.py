"""Each condition of giving back by itself, to the cent; and what stands beside it stays."""

from typing import Any

import pytest
from django.db import DataError, transaction
from django.utils import timezone

from accounts.models import AuditEntry, Notification, Person
from accounts.refusals import WrongState
from payments import chargebacks, escrow, give_backs, incidents, ledger
from payments.models import Escrow, GiveBack, Incident, Instruction, Posting
from payments.processor.interface import CardDispute
from payments.reserve import CREDIT_REVERSED
from tests.factories import a_person
from tests.money.rows import COMMISSION, PRICE, Told, held, now
from tests.money.test_give_back_steps import begun, carried_out, case_of, finished, words

pytestmark = pytest.mark.django_db
PROCEEDS = PRICE - COMMISSION


def released(buyer: Person, seller: Person, mark: str = "1") -> Escrow:
    """Its transfer is written, and not sent."""
    paid = held(buyer, seller, mark)
    escrow.release(paid, actor=None, reason="")
    return now(paid)


def paid_out(seller: Person, cents: int) -> None:
    """Out of their account, by a posting alone."""
    Posting.objects.create(
        key=f"out:{cents}",
        source=ledger.at_processor(seller.pk),
        destination=ledger.bank(seller.pk),
        amount_cents=cents,
        currency="USD",
    )


@pytest.fixture
def sold(buyer: Person, seller: Person) -> Escrow:
    """What it brought is in the seller's account."""
    sale = released(buyer, seller)
    carried_out("transfer")
    return sale


@pytest.fixture
def other(sold: Escrow) -> Escrow:
    """Another sale of the two, in the same account."""
    sale = released(sold.buyer, sold.seller, "2")
    carried_out("transfer")
    return sale


def test_of_two_at_a_time_each_is_by_itself(sold: Escrow, other: Escrow, moderator: Person) -> None:
    cases = case_of(sold), case_of(other)
    first = begun(cases[0], moderator, 10_00)
    assert (give_backs.may_begin(cases[0]), give_backs.may_begin(cases[1])) == (False, True)
    second = begun(cases[1], moderator, 20_00)
    assert give_backs.due() == [first.pk, second.pk]
    carried_out("reversal", escrow=other)
    before, told = GiveBack.objects.filter(pk=first.pk).values(), Told(other)
    kept = list(before)
    finished()
    assert list(before.all()) == kept
    assert [line.split(" | ")[1] for line in words(told)] == [
        "platform:losses > buyer:B 1840 USD E",
        "platform:commission > buyer:B 160 USD E",
    ]
    assert (now(sold).given_back_cents, now(other).given_back_cents) == (0, 20_00)
    done = GiveBack.objects.filter(pk=second.pk).values()
    kept = list(done)
    assert (kept[0]["status"], kept[0]["ended_at"] is None) == ("done", False)
    # The first fails: the second is what it was.
    Instruction.objects.filter(kind="reversal", escrow=sold).update(status="refused", due_at=None)
    finished()
    assert (now(first).status, now(first).ended_at is None) == ("failed", False)
    assert list(done.all()) == kept
    assert Told(sold).events()[-1] == (
        "giving_back_failed released>released - "
        "The processor took nothing back from the seller's account."
    )
    assert give_backs.due() == []


def test_both_are_told_each_time(sold: Escrow, moderator: Person) -> None:
    case = case_of(sold, 1)
    for cents, proceeds in ((10_00, 9_20), (5_00, 4_60)):
        Incident.objects.update(closed_at=None)
        since = Notification.objects.count()
        row = begun(case, moderator, cents)
        carried_out("reversal")
        finished()
        shared = {
            "url": f"/orders/{sold.reference}/",
            "currency": "USD",
            "refund_cents": cents,
            "seller_cents": proceeds,
        }
        told = Notification.objects.order_by("pk")[since:]
        assert [(one.person, one.kind, one.context) for one in told] == [
            (sold.buyer, "order_given_back", {**shared, "to_buyer": True}),
            (sold.seller, "order_given_back", {**shared, "to_buyer": False}),
        ]
        people = (sold.buyer_id, sold.seller_id)
        assert [one.key for one in told] == [f"give_back:{row.pk}:{person}" for person in people]
    assert now(sold).given_back_cents == 15_00


def test_who_decided_and_what_it_moves_is_kept(sold: Escrow, moderator: Person) -> None:
    case = case_of(sold)
    moves = give_backs.preview(sold, 10_00)
    row = begun(case, moderator, 10_00)
    assert (row.escrow, row.incident) == (sold, case)
    entry = AuditEntry.objects.get(act="give_back")
    assert (entry.subject, entry.details) == (f"escrow:{sold.pk}", moves)
    event = sold.events.last()
    assert (event.kind, event.actor) == ("giving_back", moderator)  # type: ignore[union-attr]


def test_after_a_split_a_cent_may_be_commission_alone(
    buyer: Person, seller: Person, moderator: Person
) -> None:
    """Of 5 cents that went back before, and a sixth."""
    sale = held(buyer, seller)
    escrow.settle(sale, seller_share_cents=PRICE - 5, actor=None, reason="")
    carried_out("transfer")
    case = case_of(now(sale))
    for seller_cents, commission, keeps in ((1, 0, 27_54), (0, 1, 27_54)):
        Incident.objects.update(closed_at=None)
        told = Told(sale)
        assert give_backs.preview(now(sale), 1) == {
            "to_buyer_cents": 1,
            "from_seller_cents": seller_cents,
            "commission_cents": commission,
            "seller_keeps_cents": keeps,
        }
        row = begun(case, moderator, 1)
        assert (row.seller_cents, row.commission_cents) == (seller_cents, commission)
        carried_out("reversal")
        finished()
        assert now(row).status == "done"
    assert [line.split(" | ")[1] for line in words(told)] == [
        "platform:commission > buyer:B 1 USD E"
    ]
    assert Instruction.objects.filter(kind="reversal").count() == 1
    refund = Instruction.objects.get(purpose=f"give-back:{row.pk}:refund")
    assert (refund.kind, refund.params["amount"]) == ("refund", 1)
    assert give_backs.most_cents(now(sale)) == PRICE - 7


def test_the_most_is_what_is_there(sold: Escrow, moderator: Person) -> None:
    case = case_of(sold, None)
    assert (give_backs.there_cents(sold), give_backs.suggested(case)) == (PROCEEDS, PRICE)
    assert [move["heading"] for move in give_backs.choices(case)] == ["What is gone"]
    other = released(sold.buyer, sold.seller, "2")
    carried_out("transfer")
    # What another sale brought does not make it more.
    assert give_backs.there_cents(sold) == PROCEEDS
    paid_out(sold.seller, PROCEEDS)
    assert give_backs.most_cents(sold) == PRICE
    paid_out(sold.seller, PROCEEDS - 1)
    Incident.objects.update(about_cents=5_00)
    assert [give_backs.there_cents(one) for one in (sold, other)] == [1, 1]
    assert (give_backs.most_cents(sold), give_backs.suggested(now(case))) == (1, 1)
    paid_out(sold.seller, 1)
    assert (give_backs.there_cents(sold), give_backs.most_cents(sold)) == (0, 0)
    paid_out(sold.seller, 2)
    assert (give_backs.there_cents(sold), give_backs.most_cents(sold)) == (0, 0)


def test_rounding_never_takes_more_than_is_there(
    sold: Escrow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of every price of 12 cents, whatever its commission and what of it went back before."""
    for commission, before in ((com, back) for com in range(13) for back in range(12)):
        one = Escrow(price_cents=12, commission_cents=commission, refunded_cents=before)
        one.released_cents = 12 - before
        for there in range(give_backs.takes(one, 12 - before)[0] + 1):
            monkeypatch.setattr(give_backs, "there_cents", lambda _, there=there: there)
            most = give_backs.most_cents(one)
            assert give_backs.takes(one, most)[0] <= there, (commission, before, there)


def test_of_what_was_given_back_nothing_is_left(sold: Escrow, moderator: Person) -> None:
    for cents, left in ((12_00, 18_00), (18_00, 0)):
        case = case_of(sold)
        Incident.objects.update(closed_at=None)
        begun(case, moderator, cents)
        carried_out("reversal")
        finished()
        assert give_backs.most_cents(now(sold)) == left
    assert [piece.left_cents for piece in give_backs.pieces(sold)] == [0]


@pytest.fixture
def in_parts(buyer: Person, seller: Person) -> Escrow:
    """$9.20 and $18.40 for the seller, neither sent."""
    sale = held(buyer, seller)
    with transaction.atomic():
        escrow.release_part(sale, number=1, released_cents=10_00, actor=None, reason="")
    escrow.release(now(sale), actor=None, reason="")
    return now(sale)


def test_of_parts_that_were_not_sent_only_as_many_are_kept(
    in_parts: Escrow, moderator: Person
) -> None:
    first, second = Instruction.objects.filter(kind="transfer").order_by("created_at")
    Instruction.objects.update(status="refused")
    for sent in (first, second):
        incidents.report(key=f"refused:{sent.purpose}", kind="refused", text="No.")
    before = Instruction.objects.filter(pk=second.pk).values()
    kept = list(before)
    row = begun(case_of(in_parts), moderator, 5_00)
    assert list(before.all()) == kept
    assert (now(first).status, now(first).due_at) == ("called_off", None)
    assert [line.split(" {")[0] for line in Told(in_parts).calls()] == [
        "transfer escrow:E:transfer:1 called_off never",
        "transfer escrow:E:transfer refused due",
        f"transfer give-back:{row.pk}:transfer:0 ready due",
    ]
    assert [(piece.sent.purpose, piece.left_cents) for piece in give_backs.pieces(in_parts)] == [
        (second.purpose, 18_40),
        (f"give-back:{row.pk}:transfer:0", 4_60),
    ]
    closed = Incident.objects.filter(kind="refused").order_by("pk")
    assert [one.closed_at is None for one in closed] == [False, True]


def test_what_is_kept_whole_is_not_sent_again(in_parts: Escrow, moderator: Person) -> None:
    row = begun(case_of(in_parts), moderator, 10_00)
    assert Told(in_parts).calls()[2:] == []
    # One that is not sent does not wait for what lies in the account.
    Instruction.objects.filter(kind="transfer", status="ready").update(status="done")
    paid_out(in_parts.seller, 1)
    assert give_backs.there_cents(in_parts) == 0
    finished()
    assert (now(row).status, now(row).seller_cents) == ("done", 9_20)


def test_unsent_counts_whatever_the_account_lacks(in_parts: Escrow) -> None:
    first = Instruction.objects.filter(kind="transfer").order_by("created_at")[0]
    carried_out("transfer", pk=first.pk)
    paid_out(in_parts.seller, 10_00)
    assert give_backs.there_cents(in_parts) == 18_40


def test_a_bank_that_found_for_the_seller_is_no_hindrance(sold: Escrow, moderator: Person) -> None:
    chargebacks.record(CardDispute("dp_1", "ch_1", PRICE, "won"))
    assert begun(case_of(sold), moderator).refund_cents == PRICE


def test_another_open_case_does_not_open_this_one(
    sold: Escrow, other: Escrow, moderator: Person
) -> None:
    case = case_of(sold)
    case_of(other)
    incidents.close(case.key)
    with pytest.raises(WrongState, match="closed"):
        begun(case, moderator)
    incidents.report(key="nobody's", kind=CREDIT_REVERSED, text="Gone.")
    with pytest.raises(WrongState, match="something else"):
        begun(Incident.objects.get(key="nobody's"), moderator)
    assert not GiveBack.objects.exists()


@pytest.mark.parametrize(
    ("change", "may"),
    [({}, True), ({"kind": "x"}, False), ({"closed_at": timezone.now()}, False)],
)
def test_where_there_is_something_to_decide(
    sold: Escrow, change: dict[str, Any], may: bool
) -> None:
    case = case_of(sold)
    for name, value in change.items():
        setattr(case, name, value)
    assert give_backs.may_begin(case) == may
    case.escrow = None
    assert not give_backs.may_begin(case)


def test_whose_money_is_under_way(sold: Escrow, moderator: Person) -> None:
    begun(case_of(sold), moderator)
    stranger = a_person()
    people = ([sold.buyer], [sold.seller], [stranger], [stranger, sold.seller])
    assert [give_backs.under_way_of(some) for some in people] == [True, True, False, True]
    carried_out("reversal")
    finished()
    assert [give_backs.under_way_of(some) for some in people] == [False] * 4


def test_all_of_a_step_or_nothing(sold: Escrow, moderator: Person) -> None:
    case, calls = case_of(sold), Instruction.objects.count()
    with pytest.raises((ValueError, DataError), match="NUL"):
        give_backs.begin(case, actor=moderator, reason="\x00", refund_cents=10_00)
    assert (GiveBack.objects.count(), Instruction.objects.count()) == (0, calls)
    row = begun(case, moderator, 10_00)
    carried_out("reversal")
    told = Told(sold)
    taken = {"source": "a", "destination": "b", "amount_cents": 1, "currency": "USD"}
    Posting.objects.create(key=f"give-back:{row.pk}:commission", **taken)
    with pytest.raises(AssertionError):
        finished()
    assert [line for line in told.postings() if "buyer" in line] == []
    assert now(row).status == "open"
