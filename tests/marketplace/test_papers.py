"""Statements, invoices, income and receipts: their sums, their formats, and who may see them."""

import csv
import io
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from pypdf import PdfReader

from accounts.models import Person
from orders import checkout, follow
from payments import escrow, ledger, statements
from payments.documents import Cents, Paper, as_csv
from payments.models import Escrow, Posting
from payments.printing import as_pdf
from payments.processor.interface import Payment
from tests.factories import a_listing

pytestmark = pytest.mark.django_db
LAST = datetime(2026, 9, 30, 23, 59, 59, tzinfo=UTC)


def sale(seller: Person, buyer: Person, cents: int, at: datetime) -> None:
    """A released payment of some dollars, at 10 % commission, as the postings tell it."""
    commission = cents // 10
    one = Escrow.objects.create(
        reference=str(uuid4()),
        buyer=buyer,
        seller=seller,
        currency="USD",
        price_cents=cents,
        commission_cents=commission,
        proceeds_cents=cents - commission,
        released_cents=cents,
        status="released",
    )
    held, owed = ledger.held(one.pk), ledger.owed_to_seller(seller.pk)
    moves = (
        ("commission", held, ledger.COMMISSION, commission),
        ("release", held, owed, cents - commission),
        ("transfer", owed, ledger.at_processor(seller.pk), cents - commission),
    )
    for what, source, destination, amount in moves:
        post(f"escrow:{one.pk}:{what}", source, destination, amount, at, one)


def post(
    key: str, source: str, destination: str, cents: int, at: datetime, one: Escrow | None = None
) -> None:
    Posting.objects.create(
        key=key,
        source=source,
        destination=destination,
        amount_cents=cents,
        currency="USD",
        escrow=one,
        at=at,
    )


@pytest.fixture
def sales(seller: Person, buyer: Person, seller2: Person) -> None:
    """$100 in September's last second, $50 in October's first, and a payout of $30 then."""
    sale(seller, buyer, 100_00, LAST)
    sale(seller, buyer, 50_00, LAST + timedelta(seconds=1))
    sale(seller2, buyer, 77_00, LAST)
    account, bank = ledger.at_processor(seller.pk), ledger.bank(seller.pk)
    post("payout", account, bank, 30_00, LAST + timedelta(days=2))


def test_a_month_goes_from_balance_to_balance(sales: None, seller: Person) -> None:
    september = statements.statement(seller, "2026-09")
    assert [str(total) for _, total in september.totals] == ["90.00"]
    october = statements.statement(seller, "2026-10")
    assert dict(october.facts)["Balance at the beginning"] == "90.00 USD"
    amounts = [[str(value) for value in row[3:]] for row in october.rows]
    assert amounts == [["50.00", "-5.00", "45.00", "135.00"], ["", "", "-30.00", "105.00"]]
    assert [row[1] for row in october.rows] == ["Sale released", "Payout"]
    assert statements.months(seller) == ["2026-10", "2026-09"]
    (row,) = statements.commission_invoice(seller, "2026-09").rows
    assert [str(value) for value in row[2:]] == ["100.00", "10.00"]
    year = statements.income(seller, 2026)
    assert {name: str(cents) for name, cents in year.totals} == {
        "Gross income": "150.00",
        "Commission": "-15.00",
        "Net income": "135.00",
        "Paid out": "30.00",
    }


@pytest.mark.parametrize("paper", ["statements/2026-10", "invoices/2026-10", "income/2026"])
def test_each_paper_is_a_page_a_pdf_and_a_csv(
    sales: None, client: Client, seller: Person, seller2: Person, paper: str
) -> None:
    address = f"/account/payouts/{paper}"
    assert client.get(f"{address}/").status_code == 302
    client.force_login(seller)
    assert "5.00" in client.get(f"{address}/").content.decode()
    pdf = client.get(f"{address}.pdf")
    assert "5.00" in PdfReader(io.BytesIO(pdf.content)).pages[0].extract_text()
    rows = list(csv.reader(io.StringIO(client.get(f"{address}.csv").content.decode())))
    assert len(rows) >= 2
    assert client.get(f"{address}.exe").status_code == 404
    client.force_login(seller2)
    assert "50.00" not in client.get(f"{address}/").content.decode()


@pytest.mark.parametrize("month", ["2026-13", "x", "2026", "99999-01", "0-1", "2026-1-1"])
def test_what_is_no_month_is_not_found(client: Client, seller: Person, month: str) -> None:
    client.force_login(seller)
    assert client.get(f"/account/payouts/statements/{month}/").status_code == 404
    assert client.get("/account/payouts/income/0/").status_code == 404


def test_nothing_in_a_csv_is_a_formula() -> None:
    evil = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "|calc", "%0A", '"=1', "plain", "a=b"]
    paper = Paper("T", "n", [], ["What", "Amount"], [[text, Cents(-5)] for text in evil])
    rows = list(csv.reader(io.StringIO(as_csv(paper))))[1:]
    assert [row[0].startswith("'") for row in rows] == [True] * 9 + [False] * 2
    assert {row[1] for row in rows} == {"-0.05"}, "amounts stay numbers"


def test_a_pdf_has_as_many_pages_as_it_needs_and_any_letters() -> None:
    rows = [[f"Ünï → 漢 {n}", Cents(n)] for n in range(120)]
    pages = PdfReader(io.BytesIO(as_pdf(Paper("Title", "n", [], ["What", "Amount"], rows)))).pages
    assert len(pages) > 1
    assert "1.19" in pages[-1].extract_text()


def test_a_receipt_is_the_buyers_alone(client: Client, buyer: Person, buyer2: Person) -> None:
    with transaction.atomic():
        order = checkout.reserve(buyer=buyer, listing=a_listing(), face_value_cents=50_00)
    payment = Payment("pi_1", "ch_1", order.price_cents, "USD", 100)
    escrow.record_payment(order.escrow_id, payment)
    order = follow.follow(order)
    address = f"/orders/{order.pk}/receipt"
    for person, status in ((buyer2, 404), (order.seller, 404), (buyer, 200)):
        client.force_login(person)
        assert client.get(f"{address}/").status_code == status
    assert "Paid by card" in client.get(f"{address}/").content.decode()
    pdf = PdfReader(io.BytesIO(client.get(f"{address}.pdf").content))
    assert str(order.pk) in pdf.pages[0].extract_text()
