"""Parts of a held payment, released one after the other: they sum to the whole."""

import pytest
from django.db import transaction
from django.db.models.functions import Now

from accounts.models import Person
from accounts.refusals import WrongState
from payments import escrow, ledger
from payments.models import Escrow, Posting
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
