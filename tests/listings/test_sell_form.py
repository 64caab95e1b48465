"""Writing an offer and changing it: what is refused names its field and changes nothing."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from listings.models import Code, Listing, ListingEvent
from providers.models import Program
from tests.factories import a_listing, a_provider

pytestmark = pytest.mark.django_db
IN_A_YEAR = (timezone.now() + timedelta(days=365)).date().isoformat()
SECRET = "r8_" + "a1B2c3D4e5" * 3 + "F6g7H8i"


def offer(**changes: Any) -> dict[str, Any]:
    return {
        "provider": "acme",
        "program": "",
        "title": "Credit of a finished project",
        "description": "Left over.",
        "currency": "USD",
        "face_value_cents": "500",
        "min_order_cents": "10",
        "step_cents": "",
        "discount_bp": "40",
        "expires_on": IN_A_YEAR,
        "region": "",
        "transfer_method": "balance_transfer",
        "codes": "",
    } | changes


@pytest.fixture
def signed_in(client: Client, seller: Person) -> Client:
    a_provider()
    client.force_login(seller)
    return client


def test_a_draft_is_kept_in_cents_and_basis_points(signed_in: Client, seller: Person) -> None:
    Program.objects.create(provider=a_provider(), slug="grant", name="Grant", amount="$1,000")
    answer = signed_in.post(
        "/sell/new/", offer(face_value_cents="512.50", min_order_cents="12.50", program="grant")
    )
    listing = Listing.objects.get()
    assert answer.url == f"/sell/{listing.pk}/"
    assert (listing.seller, listing.status, listing.currency) == (seller, "draft", "USD")
    assert (listing.face_value_cents, listing.min_order_cents) == (51250, 1250)
    assert (listing.step_cents, listing.discount_bp, listing.price_cents) == (1250, 4000, 30750)
    assert listing.program and listing.program.slug == "grant"


def test_what_is_left_empty_means_in_one_piece(signed_in: Client) -> None:
    signed_in.post("/sell/new/", offer(min_order_cents=""))
    listing = Listing.objects.get()
    assert (listing.min_order_cents, listing.step_cents) == (50000, 100)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("discount_bp", v) for v in ("29.99", "70.01", "0", "-40", "NaN", "1e309", "40.001", "")),
        *(
            (field, value)
            for field in ("face_value_cents", "min_order_cents", "step_cents")
            for value in ("0", "-1", "NaN", "Infinity", "1" + "0" * 18, "1e309", "0.001", "five")
        ),
        ("face_value_cents", ""),
        ("min_order_cents", "500.01"),
        ("min_order_cents", "600"),
        ("expires_on", "2020-01-01"),
        ("expires_on", timezone.now().date().isoformat()),
        ("expires_on", "soon"),
        ("title", ""),
        ("title", "x" * 121),
        ("title", f"Use {SECRET} at once"),
        ("title", "Invisible\u200btext here"),
        ("title", "Turned \u202e round text"),
        ("title", "With a NUL \x00 inside"),
        ("description", f"Key: {SECRET}"),
        ("description", "x" * 4001),
        ("region", "Eu\u2066rope"),
        ("transfer_method", "pigeon"),
        ("transfer_method", ""),
        ("program", "of-another"),
        ("currency", "EUR"),
        ("codes", "ABC-1"),
    ],
)
def test_what_is_refused_names_its_field(signed_in: Client, field: str, value: str) -> None:
    """Abuse cases 14 to 19, as the page has them: nothing is kept of what is wrong."""
    answer = signed_in.post("/sell/new/", offer(**{field: value}))
    assert answer.status_code == 400
    assert field in answer.context["form"].errors
    assert not Listing.objects.exists()
    assert not ListingEvent.objects.exists()


def test_the_page_shows_errors_at_their_fields_and_keeps_the_rest(signed_in: Client) -> None:
    answer = signed_in.post(
        "/sell/new/", offer(title="<script>alert(1)</script>", discount_bp="29.99")
    )
    page = answer.content.decode()
    assert "Offer a discount between 30 and 70 percent." in page
    assert 'value="29.99"' in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert "Left over." in page


def test_codes_come_one_a_line_and_share_the_face_value(signed_in: Client) -> None:
    signed_in.post(
        "/sell/new/",
        offer(
            transfer_method="redeem_code", codes=" AAA-1 \n\nAAA-2\r\nAAA-3\nAAA-4", step_cents="1"
        ),
    )
    listing = Listing.objects.get()
    assert (listing.step_cents, listing.min_order_cents) == (12500, 12500)
    assert [code.face_value_cents for code in listing.codes.all()] == [12500] * 4
    assert b"AAA-" not in b"".join(bytes(code.ciphertext) for code in listing.codes.all())


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        ("AAA-1\nAAA-2\nAAA-3", "does not divide evenly"),
        ("AAA-1\naaa 1", "The same code is there twice."),
        ("KNOWN-1\nAAA-2", "One of these codes is in an offer already."),
        ("known_1\nAAA-2", "One of these codes is in an offer already."),
        ("ｋｎｏｗｎ．１\nAAA-2", "One of these codes is in an offer already."),
        ("\n".join(f"C-{n}" for n in range(501)), "at most 500 codes"),
        ("x" * 201, "Code 1:"),
        (f"AAA-1\n{SECRET}", "Code 2: This contains something that looks like a key"),
        ("AAA\u200b-1\nAAA-2", "Code 1: Remove the invisible characters."),
    ],
)
def test_codes_that_cannot_be_sold_are_refused(signed_in: Client, codes: str, words: str) -> None:
    a_listing(codes=["KNOWN-1"])
    before = Listing.objects.count(), Code.objects.count()
    answer = signed_in.post("/sell/new/", offer(transfer_method="redeem_code", codes=codes))
    assert answer.status_code == 400
    assert words in " ".join(answer.context["form"].errors["codes"])
    assert (Listing.objects.count(), Code.objects.count()) == before


def test_a_method_that_the_provider_does_not_know(signed_in: Client) -> None:
    a_provider("narrow", transfer_methods=["assisted"])
    answer = signed_in.post("/sell/new/", offer(provider="narrow"))
    assert "does not move that way" in str(answer.context["form"].errors["transfer_method"])


@pytest.mark.parametrize("provider", ["", "nobody", "acme\x00", "x" * 500, "gone"])
def test_without_a_known_provider_the_page_asks_for_one(signed_in: Client, provider: str) -> None:
    a_provider("gone", retired=True)
    answer = signed_in.post("/sell/new/", offer(provider=provider))
    assert answer.status_code == 400
    assert "We know no provider of that name" in answer.content.decode()
    assert not Listing.objects.exists()


def test_changing_a_draft(signed_in: Client, seller: Person) -> None:
    listing = a_listing(seller=seller, status="rejected")
    answer = signed_in.post(f"/sell/{listing.pk}/", offer(title="A better title", discount_bp="55"))
    assert answer.status_code == 302
    listing.refresh_from_db()
    assert (listing.title, listing.discount_bp, listing.status) == ("A better title", 5500, "draft")


@pytest.mark.parametrize(
    "change", [{"discount_bp": "70.01"}, {"title": SECRET}, {"step_cents": "3"}]
)
def test_a_refused_change_changes_nothing(
    signed_in: Client, seller: Person, change: dict[str, str]
) -> None:
    listing = a_listing(seller=seller, status="draft")
    before = Listing.objects.values().get(pk=listing.pk)
    assert signed_in.post(f"/sell/{listing.pk}/", offer(**change)).status_code == 400
    assert Listing.objects.values().get(pk=listing.pk) == before


def test_deposited_codes_stay_unless_they_are_replaced(signed_in: Client, seller: Person) -> None:
    listing = a_listing(seller=seller, status="draft", codes=["A-1", "A-2"])
    by_code = {"transfer_method": "redeem_code", "face_value_cents": "100"}
    signed_in.post(f"/sell/{listing.pk}/", offer(**by_code, min_order_cents="50", step_cents="10"))
    listing.refresh_from_db()
    assert (listing.step_cents, listing.min_order_cents) == (5000, 5000)
    signed_in.post(f"/sell/{listing.pk}/", offer(**by_code, codes="B-1\nB-2\nB-3\nB-4"))
    listing.refresh_from_db()
    assert (listing.step_cents, listing.min_order_cents) == (2500, 2500)
    assert (
        list(listing.codes.filter(status="available").values_list("face_value_cents"))
        == [(2500,)] * 4
    )
    # What was taken out is free to be offered again.
    signed_in.post("/sell/new/", offer(**by_code, codes="A-1\nA-2"))
    assert Listing.objects.filter(seller=seller).count() == 2


def test_what_is_on_the_market_cannot_be_changed(signed_in: Client, seller: Person) -> None:
    listing = a_listing(seller=seller)
    before = Listing.objects.values().get(pk=listing.pk)
    signed_in.post(f"/sell/{listing.pk}/", offer(discount_bp="70"))
    assert Listing.objects.values().get(pk=listing.pk) == before
