"""Single codes that did not work: only those go back, and the file of all runs nothing."""

import csv
import io

import pytest
from django.db.models.functions import Now
from django.test import Client

from accounts.models import Person
from accounts.refusals import Invalid, NotAllowed, WrongState
from listings import vault
from orders import code_reports, disputes, proposals, transfer
from orders.models import CodeReport, Order
from tests.api.calling import Caller, problem
from tests.factories import a_listing
from tests.orders.quarrels import (
    HELD,
    REFUNDED,
    WORDS,
    a_sent_order,
    decide,
    ended,
    make_due,
    now,
    split,
)
from tests.sessions import shown
from tests.verification.measured import paid

# Five codes of $10 each, for $30.
CODES = ("=1+1-AAAA", "+GIFT-BBBB", "GIFT-CCCC", "@GIFT-DDDD", "-GIFT-EEEE")
BAD = {2: "used", 4: "invalid"}


@pytest.fixture
def order(buyer: Person) -> Order:
    return a_sent_order(buyer, codes=CODES, face_value_cents=50_00)


def report(order: Order, problems: dict[int, str] | None = None, **by: Person) -> Order:
    actor = by.get("actor", order.buyer)
    problems = BAD if problems is None else problems
    return code_reports.report(now(order), actor=actor, problems=problems, text=WORDS)


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.mark.parametrize("seller", ["agrees", "says nothing", "answers and nobody decides"])
def test_only_the_reported_codes_go_back(books: None, order: Order, seller: str) -> None:
    """Abuse case 20: codes that were redeemed before, or turn out stolen, are refunded."""
    report(order)
    assert ended(order) == HELD
    assert now(order).dispute.claim_cents == 12_00
    if seller == "agrees":
        offered = now(order).dispute.proposals.get()
        proposals.accept(order, actor=order.seller, proposal_id=offered.pk)
    else:
        if seller == "answers and nobody decides":
            disputes.answer(order, actor=order.seller, text=WORDS)
            make_due(order)
        make_due(order)
        assert ended(order) == HELD
        make_due(order)
    assert ended(order) == split(12_00)


def test_a_moderator_may_see_it_otherwise(books: None, order: Order, moderator: Person) -> None:
    report(order)
    decide(order, moderator, "release")
    assert disputes.may_appeal(now(order), now(order).dispute) == {"buyer"}
    make_due(order)
    assert ended(order)[2:] == (0, 30_00)


def test_all_of_them_reported_is_all_of_it_back(books: None, order: Order) -> None:
    report(order, dict.fromkeys(range(1, 6), "used"))
    assert not now(order).dispute.proposals.exists()
    make_due(order)
    make_due(order)
    assert ended(order) == REFUNDED


def test_shares_of_the_price_sum_to_the_price(buyer: Person) -> None:
    order = a_sent_order(buyer, codes=CODES, face_value_cents=50_00, discount_bp=3333)
    rows, all_of_them = vault.of(order.pk), range(1, 6)
    parts = [code_reports.claim_of(order, rows, {number: "used"}) for number in all_of_them]
    assert all(abs(part - order.price_cents / 5) < 1 for part in parts)
    assert code_reports.claim_of(order, rows, dict.fromkeys(all_of_them, "used")) == (
        order.price_cents
    )


@pytest.mark.parametrize(
    "problems", [{}, {0: "used"}, {6: "used"}, {1: "stolen"}, {1: "used", 9: "used"}]
)
def test_what_is_no_code_of_the_order_is_refused(order: Order, problems: dict[int, str]) -> None:
    with pytest.raises(Invalid) as refused:
        report(order, problems)
    assert refused.value.field == "codes"
    assert (now(order).status, CodeReport.objects.count()) == ("transferred", 0)


def test_nobody_else_reports(order: Order, buyer2: Person, moderator: Person) -> None:
    for person in (order.seller, buyer2, moderator):
        with pytest.raises(NotAllowed):
            report(order, actor=person)
    for person in (buyer2, moderator):
        assert signed_in(person).get(f"/orders/{order.pk}/codes/reports/").status_code == 404
        assert signed_in(person).post(f"/orders/{order.pk}/codes.csv").status_code == 404
        given = {"codes": [{"number": 1, "problem": "used"}], "text": WORDS}
        problem(Caller(person).post(f"orders/{order.pk}/codes/reports/", given), 404, "not_found")
    assert now(order).status == "transferred"


def test_only_what_was_shown_and_only_in_time(buyer: Person, order: Order) -> None:
    unseen = paid(buyer, a_listing(codes=["AAAA-1", "BBBB-2"], face_value_cents=50_00), 50_00)
    sent = a_sent_order(buyer)
    for other in (unseen, sent):
        with pytest.raises(WrongState):
            report(other, {1: "used"})
    Order.objects.filter(pk=order.pk).update(deadline=Now())
    with pytest.raises(WrongState):
        report(order)
    with pytest.raises(WrongState):
        report(report(a_sent_order(buyer, codes=["CCCC-1", "DDDD-2"]), {1: "used"}), {2: "used"})


def test_on_pages(order: Order, buyer: Person) -> None:
    client, path = signed_in(buyer), f"/orders/{order.pk}/codes/reports/"
    page = client.get(path).content.decode()
    assert "Code 2, ends in BBBB" in page
    assert not any(code in page for code in CODES)
    answer = client.post(path, {"text": WORDS})
    assert (answer.status_code, "at least one code" in answer.content.decode()) == (400, True)
    answer = client.post(path, {"text": WORDS, "code_2": "used", "code_4": "invalid"}, follow=True)
    assert "Code 2: used already" in answer.content.decode()
    assert (
        "Code 4: not valid"
        in signed_in(order.seller).get(f"/orders/{order.pk}/dispute/").content.decode()
    )


def test_by_call(order: Order, buyer: Person) -> None:
    caller, path = Caller(buyer), f"orders/{order.pk}/codes/reports/"
    problem(caller.post(path, {"codes": [], "text": WORDS}), 400, "invalid")
    problem(
        caller.post(path, {"codes": [{"number": 9, "problem": "used"}], "text": WORDS}),
        400,
        "invalid",
    )
    given = {"codes": [{"number": n, "problem": what} for n, what in BAD.items()], "text": WORDS}
    made = caller.post(path, given)
    assert made.status_code == 201, made.content
    found = made.json()
    assert (found["record"], found["default"]["to_buyer_cents"]) == ("codes_reported", 12_00)
    assert found["proposals"][0]["refund_cents"] == 12_00


def test_the_file_is_for_whoever_just_showed_who_they_are_and_runs_nothing(
    order: Order, buyer: Person
) -> None:
    client, path = signed_in(buyer), f"/orders/{order.pk}/codes.csv"
    shown(client, buyer, "password", seconds_ago=601)
    assert client.post(path).status_code == 302
    shown(client, buyer, "password", seconds_ago=1)
    answer = client.post(path)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "no-store" in answer.headers["Cache-Control"]
    rows = list(csv.reader(io.StringIO(answer.content.decode())))
    assert [row[1] for row in rows[1:]] == [
        "'=1+1-AAAA",
        "'+GIFT-BBBB",
        "GIFT-CCCC",
        "'@GIFT-DDDD",
        "'-GIFT-EEEE",
    ]
    assert now(order).events.filter(kind="revealed_again").count() == 1
    assert client.get(path).status_code == 405


def test_who_paid_in_the_end_sees_the_codes_in_the_end(
    books: None, buyer: Person, moderator: Person
) -> None:
    order = paid(buyer, a_listing(codes=["AAAA-1", "BBBB-2"], face_value_cents=50_00), 50_00)
    disputes.open_dispute(order, actor=buyer, reason="other", text=WORDS)
    with pytest.raises(WrongState):
        transfer.reveal(order, actor=buyer)
    decide(order, moderator, "release")
    make_due(order)
    assert transfer.reveal(now(order), actor=buyer) == ["AAAA-1", "BBBB-2"]
    assert now(order).revealed_at is not None
    assert now(order).status == "completed"
