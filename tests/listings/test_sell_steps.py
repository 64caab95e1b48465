"""A seller's own pages and each step with an offer: theirs alone, by POST, in its time."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Person
from listings.models import Consent, Listing, ListingEvent
from marketplace import ledger_audit
from payments.models import PayoutAccount
from tests.factories import a_document, a_listing, a_provider, copies_of
from tests.sessions import shown

pytestmark = pytest.mark.django_db
STEPS = ("submission", "pause", "resumption", "withdrawal")


@pytest.fixture
def signed_in(client: Client, seller: Person) -> Client:
    client.force_login(seller)
    return client


def status(listing: Listing) -> str:
    return Listing.objects.get(pk=listing.pk).status


@pytest.mark.parametrize(
    ("step", "before", "after"),
    [
        ("submission", "draft", "in_review"),
        ("pause", "live", "paused"),
        ("resumption", "paused", "live"),
        *(("withdrawal", s, "withdrawn") for s in ("draft", "in_review", "live", "paused")),
    ],
)
def test_a_step_in_its_time(
    signed_in: Client, seller: Person, step: str, before: str, after: str
) -> None:
    listing = a_listing(seller=seller, status=before)
    assert signed_in.post(f"/sell/{listing.pk}/{step}/").url == f"/sell/{listing.pk}/"
    assert status(listing) == after
    assert ledger_audit.violations() == []


@pytest.mark.parametrize(
    ("step", "before"),
    [
        ("submission", "live"),
        ("submission", "in_review"),
        ("pause", "draft"),
        ("pause", "paused"),
        ("resumption", "live"),
        ("resumption", "in_review"),
        ("withdrawal", "withdrawn"),
        ("withdrawal", "expired"),
    ],
)
def test_a_step_out_of_its_time_changes_nothing(
    signed_in: Client, seller: Person, step: str, before: str
) -> None:
    listing = a_listing(seller=seller, status=before)
    events = ListingEvent.objects.count()
    answer = signed_in.post(f"/sell/{listing.pk}/{step}/")
    assert answer.status_code == 409
    assert (status(listing), ListingEvent.objects.count()) == (before, events)


@pytest.mark.parametrize("step", [*STEPS, "consent", ""])
def test_what_is_anothers_is_not_there(
    client: Client, buyer2: Person, moderator: Person, step: str
) -> None:
    listing = a_listing()
    address = f"/sell/{listing.pk}/{step}/".replace("//", "/")
    assert client.post(address).url.startswith("/accounts/login/")
    for person in (buyer2, moderator):
        client.force_login(person)
        assert client.post(address).status_code == 404
    assert status(listing) == "live"


@pytest.mark.parametrize("step", [*STEPS, "consent"])
def test_reading_an_address_takes_no_step(signed_in: Client, seller: Person, step: str) -> None:
    listing = a_listing(seller=seller)
    assert signed_in.get(f"/sell/{listing.pk}/{step}/").status_code == 405


def test_handing_in_needs_a_place_for_the_money(signed_in: Client, seller: Person) -> None:
    PayoutAccount.objects.filter(person=seller).update(ready=False)
    listing = a_listing(seller=seller, status="draft")
    answer = signed_in.post(f"/sell/{listing.pk}/submission/")
    assert "Set up payouts first" in answer.content.decode()
    assert status(listing) == "draft"
    assert "Payouts are not set up" in signed_in.get("/sell/").content.decode()


def test_handing_in_needs_the_consent_and_the_codes(signed_in: Client, seller: Person) -> None:
    strict = a_provider("strict", resale_policy="unknown")
    without = a_listing(seller=seller, status="draft", provider=strict)
    assert signed_in.post(f"/sell/{without.pk}/submission/").status_code == 409
    uneven = a_listing(seller=seller, status="draft", codes=["A-1", "A-2"])
    Listing.objects.filter(pk=uneven.pk).update(step_cents=100_00, min_order_cents=100_00)
    assert signed_in.post(f"/sell/{uneven.pk}/submission/").status_code == 409
    assert {status(without), status(uneven)} == {"draft"}


def test_a_consent_is_kept_private_and_given_back_as_a_file(
    signed_in: Client, seller: Person, buyer2: Person, moderator: Person
) -> None:
    strict = a_provider("strict", resale_policy="forbidden")
    listing = a_listing(seller=seller, status="draft", provider=strict)
    address = f"/sell/{listing.pk}/consent/document/"
    assert signed_in.get(address).status_code == 404
    signed_in.post(f"/sell/{listing.pk}/consent/", {"document": a_document("letter.pdf")})
    assert Consent.objects.get().original_name == "letter.pdf"
    for person, expected in ((seller, 200), (moderator, 200), (buyer2, 404)):
        signed_in.force_login(person)
        if person.is_staff:
            assert signed_in.get(address).status_code == 404  # a password is not enough
            shown(signed_in, person, "mfa")
        answer = signed_in.get(address)
        assert answer.status_code == expected
        if expected == 200:
            assert answer["Content-Disposition"] == 'attachment; filename="letter.pdf"'
            assert answer["X-Content-Type-Options"] == "nosniff"
    signed_in.logout()
    assert signed_in.get(address).status_code == 302


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("consent.pdf", b""),
        ("consent.pdf", b"MZ not a document"),
        ("consent.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"),
        ("consent.pdf", b"%PDF-1.4\nbroken"),
        ("consent.png", b"\x89PNG\r\n\x1a\n broken"),
        ("huge.pdf", b"%PDF-" + b"x" * (5 * 1024 * 1024)),
    ],
)
def test_what_is_no_document_is_refused(
    signed_in: Client, seller: Person, name: str, content: bytes
) -> None:
    listing = a_listing(seller=seller, status="draft")
    upload = SimpleUploadedFile(name, content, content_type="application/pdf")
    answer = signed_in.post(f"/sell/{listing.pk}/consent/", {"document": upload})
    assert answer.status_code == 400
    assert not Consent.objects.exists()


def test_no_file_at_all_is_said(signed_in: Client, seller: Person) -> None:
    listing = a_listing(seller=seller, status="draft")
    answer = signed_in.post(f"/sell/{listing.pk}/consent/")
    assert "Choose a file first" in answer.content.decode()


def test_everybody_learns_what_selling_means(client: Client) -> None:
    page = client.get("/sell/?provider=acme").content.decode()
    assert "How selling works" in page
    assert "/sell/new/?provider=acme" in page


def test_own_listings_cost_the_same_few_queries(signed_in: Client, seller: Person) -> None:
    listing, counts = a_listing(seller=seller), []
    for number in (0, 20):
        copies_of(listing, number)
        signed_in.get("/sell/")
        with CaptureQueriesContext(connection) as queries:
            assert signed_in.get("/sell/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 5


@pytest.mark.parametrize(
    "state", ["draft", "in_review", "rejected", "live", "paused", "sold_out", "expired"]
)
def test_the_page_of_an_own_listing_in_every_state(
    signed_in: Client, seller: Person, state: str
) -> None:
    listing = a_listing(seller=seller, status=state)
    page = signed_in.get(f"/sell/{listing.pk}/").content.decode()
    assert ("Save changes" in page) == (state in ("draft", "rejected"))
    assert ("The title says too little." in page) == (state == "rejected")


def test_somebody_who_comes_from_a_providers_page_gets_its_form(signed_in: Client) -> None:
    a_provider("vast", name="Vast.ai")
    page = signed_in.get("/sell/?provider=vast", follow=True).content.decode()
    assert "List Vast.ai credit" in page
    assert "Whose credit do you have?" in signed_in.get("/sell/new/").content.decode()
