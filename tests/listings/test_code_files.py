"""Codes from a file: a report for each row, all or nothing; and an offer copied as a draft."""

import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Person
from listings.code_files import MOST_BYTES
from listings.models import Code, CodeStatus, Listing, ListingStatus
from listings.vault import MOST_CODES
from marketplace import ledger_audit
from tests.factories import a_listing, a_person, a_provider, a_seller

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(seller: Person) -> Listing:
    return a_listing(seller=seller, status=ListingStatus.DRAFT, codes=["OLD-CODE-0001"])


@pytest.fixture
def signed_in(client: Client, seller: Person) -> Client:
    client.force_login(seller)
    return client


def send(client: Client, listing: Listing, content: bytes | str, worth: str = "") -> object:
    raw = content.encode() if isinstance(content, str) else content
    data = {"codes_file": SimpleUploadedFile("codes.csv", raw), "worth": worth}
    return client.post(f"/sell/{listing.pk}/codes/", data, follow=True)


def live_codes(listing: Listing) -> int:
    return listing.codes.filter(status=CodeStatus.AVAILABLE).count()


def test_every_row_becomes_a_code_and_the_terms_follow(signed_in: Client, draft: Listing) -> None:
    rows = "".join(f"GIFT-{n:04}-ABCD,25.00\r\n" for n in range(40))
    answer = send(signed_in, draft, "\ufeffCode,Value\r\n" + rows)
    assert "40 codes are deposited" in answer.content.decode()  # type: ignore[attr-defined]
    draft.refresh_from_db()
    assert live_codes(draft) == 40
    assert (draft.face_value_cents, draft.step_cents, draft.min_order_cents) == (
        1000_00,
        25_00,
        25_00,
    )
    assert draft.codes.filter(status=CodeStatus.VOID).count() == 1
    assert signed_in.post(f"/sell/{draft.pk}/submission/").status_code == 302
    draft.refresh_from_db()
    assert draft.status == ListingStatus.IN_REVIEW
    assert ledger_audit.violations() == []


def test_a_value_for_all_where_the_file_has_none(signed_in: Client, draft: Listing) -> None:
    send(signed_in, draft, "AAAA-1111-BBBB\nCCCC-2222-DDDD\n", worth="10")
    draft.refresh_from_db()
    assert (live_codes(draft), draft.face_value_cents) == (2, 20_00)


def test_each_row_is_reported_and_nothing_is_stored(
    signed_in: Client, draft: Listing, seller: Person
) -> None:
    a_listing(seller=seller, status=ListingStatus.DRAFT, codes=["MINE-9999-ZZZZ"])
    key = f"r8_{'a1B2c3D4e' * 4}f"
    rows = [
        "GOOD-0001-AAAA,10",
        "good 0001 aaaa,10",
        "MINE-9999-ZZZZ,10",
        "GOOD-0002-BBBB,20",
        "GOOD-0003-CCCC,lots",
        f"{key},10",
        "-- --,10",
        "GOOD-0004-DDDD,10,extra",
        f"{'X' * 201},10",
    ]
    answer = send(signed_in, draft, "\n".join(rows))
    text = answer.content.decode()  # type: ignore[attr-defined]
    assert answer.status_code == 400  # type: ignore[attr-defined]
    for words in (
        "8 of 9 rows stop this file",
        "The same code as in row 1.",
        "It is in another offer of yours.",
        "Another value than the first",
        "Its value is missing",
        "looks like a key",
        "no letter and no digit",
        "more than a code and a value",
        "at most 200 characters",
    ):
        assert words in text, words
    assert "GOOD-0001" not in text
    assert key not in text
    assert "AAAA" in text
    assert live_codes(draft) == 1


def test_a_code_that_somebody_else_offers_is_refused_without_saying_which(
    signed_in: Client, draft: Listing
) -> None:
    a_listing(seller=a_seller(), status=ListingStatus.DRAFT, codes=["THEIRS-7777-QQQQ"])
    answer = send(signed_in, draft, "FREE-1111-AAAA,10\nTHEIRS-7777-QQQQ,10\n")
    text = answer.content.decode()  # type: ignore[attr-defined]
    assert "One of these codes is in an offer already." in text
    assert "QQQQ" not in text
    assert live_codes(draft) == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not empty"),
        (b"Code,Value\n", "Give 1 to 500 codes"),
        (b"\xff\xfe\x00A\x00", "not a CSV file in UTF-8"),
        (b'"open', "not a CSV file in UTF-8"),
        (b"A\x00B,10\n", None),
        (b"AB12,10\n" * (MOST_CODES + 1), "this file has 501"),
        (b"ABCDEFGH-12345678,10\n" * 1_000_000, "this one is larger"),
        (b"A" * 100_000, None),
        (b"," * 100_000, None),
        (b"CODE-1111-AAAA,0.01\n", "less than cards can charge"),
        (b"CODE-1111-AAAA,9999999\nCODE-1111-BBBB,9999999\n", "more than an offer may be"),
    ],
)
def test_what_is_no_list_of_codes_is_answered_fast_and_changes_nothing(
    signed_in: Client, draft: Listing, content: bytes, words: str | None
) -> None:
    begun = time.monotonic()
    answer = send(signed_in, draft, content)
    assert time.monotonic() - begun < 5
    assert answer.status_code in (200, 400)  # type: ignore[attr-defined]
    assert words is None or words in answer.content.decode()  # type: ignore[attr-defined]
    draft.refresh_from_db()
    assert (live_codes(draft), draft.face_value_cents) == (1, 50_00)
    assert len(content) < MOST_BYTES or words


def test_only_ones_own_draft_takes_codes(client: Client, draft: Listing, seller: Person) -> None:
    client.force_login(a_person())
    assert send(client, draft, "AAAA-1111-BBBB,10").status_code == 404  # type: ignore[attr-defined]
    client.force_login(seller)
    live = a_listing(seller=seller, codes=["LIVE-0001-AAAA"])
    send(client, live, "AAAA-1111-BBBB,10")
    other = a_listing(
        seller=seller,
        status=ListingStatus.DRAFT,
        provider=a_provider("moves", transfer_methods=["balance_transfer"]),
    )
    answer = send(client, other, "AAAA-1111-BBBB,10")
    assert "does not move by codes" in answer.content.decode()  # type: ignore[attr-defined]
    assert (live_codes(live), live_codes(other)) == (1, 0)
    assert send(client, draft, "AAAA-1111-BBBB,10", worth="x").status_code == 400  # type: ignore[attr-defined]
    assert Code.objects.filter(listing=draft, status=CodeStatus.AVAILABLE).count() == 1


def test_a_copy_is_a_draft_with_the_same_terms_and_nothing_else(
    signed_in: Client, seller: Person
) -> None:
    live = a_listing(seller=seller, codes=["GONE-0001-AAAA"])
    answer = signed_in.post(f"/sell/{live.pk}/copy/")
    made = Listing.objects.exclude(pk=live.pk).get()
    assert answer["Location"] == f"/sell/{made.pk}/"
    assert (made.status, made.sold_cents, made.codes.count()) == (ListingStatus.DRAFT, 0, 0)
    for name in ("title", "discount_bp", "face_value_cents", "expires_on", "transfer_method"):
        assert getattr(made, name) == getattr(live, name)
    assert made.available_cents == made.face_value_cents
    assert made.consents.count() == 0
    assert signed_in.post(f"/sell/{made.pk}/submission/").status_code == 409
    made.refresh_from_db()
    assert made.status == ListingStatus.DRAFT
    assert ledger_audit.violations() == []


def test_nobody_copies_what_is_not_theirs(client: Client, draft: Listing) -> None:
    client.force_login(a_person())
    assert client.post(f"/sell/{draft.pk}/copy/").status_code == 404
    assert Listing.objects.count() == 1
